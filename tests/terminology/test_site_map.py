"""Does a site's map give its codes the meaning it says, and refuse what cannot be meant?"""

import json

import pytest

from service.domain import analytes as a
from service.domain import instruments as i
from service.domain.concepts import Concept as C
from service.domain.concepts import DrugGroup, Item
from service.terminology import (
    ATC,
    ICD10CM,
    LOINC,
    MEASURAND,
    RXNORM,
    SNOMED,
    Drug,
    Kind,
    Meaning,
    Terminology,
    UnusableMapping,
)

SITE = "urn:example:codes"
Key = tuple[str, str]


def _site(*pairs: tuple[str, Key]) -> Terminology:
    mapping: dict[Key, list[Key]] = {}
    for code, target in pairs:
        mapping.setdefault((SITE, code), []).append(target)
    return Terminology.default().with_site_map(mapping)


@pytest.mark.parametrize(
    ("target", "instrument"),
    [
        ("phq-8", i.PHQ8),
        ("hads-d", i.HADS_D),
        ("hads-a", i.HADS_A),
        ("madrs", i.MADRS),
        ("ham-d-17", i.HAMD17),
        ("ces-d", i.CESD),
        ("bdi-fs", i.BDI_FS),
        ("fss", i.FSS),
        ("mfis", i.MFIS),
        ("sdmt", i.SDMT),
        ("edss", i.EDSS),
    ],
)
def test_scores(target: str, instrument: i.Instrument) -> None:
    site = _site(("X", (MEASURAND, target)))
    assert site.lookup[SITE, "X"] == Meaning(Kind.SCORE, instrument)
    assert site.codes_of(instrument)[-1].code == "X"


@pytest.mark.parametrize(
    ("target", "concept"),
    [
        ("relapse", C.RELAPSE),
        ("catatonia", C.CATATONIA),
        ("headache", C.HEADACHE),
        ("obesity", C.OBESITY),
        ("new-neurological-symptom", C.NEUROLOGICAL_SYMPTOM),
        ("new-focal-sign", C.FOCAL_SIGN),
        ("mri-suggestive-of-encephalitis", C.MRI_ENCEPHALITIS),
    ],
)
def test_findings_are_read_as_observations_and_as_conditions(target: str, concept: C) -> None:
    site = _site(("X", (MEASURAND, target)))
    assert site.lookup[SITE, "X"] == Meaning(Kind.RECORD, frozenset({concept}))
    assert site.concepts(SITE, "X") == {concept}


@pytest.mark.parametrize(
    ("target", "concept"),
    [("surgery", C.SURGERY), ("trauma", C.TRAUMA), ("neurology-encounter", C.NEUROLOGY_ENCOUNTER)],
)
def test_procedures_and_encounters(target: str, concept: C) -> None:
    site = _site(("X", (MEASURAND, target)))
    assert site.concepts(SITE, "X") == {concept}
    assert (SITE, "X") not in site.lookup


def test_results() -> None:
    site = _site(("MRI", (MEASURAND, "mri-activity")), ("CRP", (LOINC, "30522-7")), ("BMI", (MEASURAND, "bmi")))
    assert site.lookup[SITE, "MRI"] == Meaning(Kind.RESULT, a.MRI_ACTIVITY)
    assert site.lookup[SITE, "CRP"] == Meaning(Kind.RESULT, a.CRP, "hs")
    assert site.lookup[SITE, "BMI"].target is a.BMI


def test_no_relapse() -> None:
    site = _site(("X", (MEASURAND, "relapse-absent")))
    assert site.lookup[SITE, "X"].kind is Kind.DENIAL
    assert site.concepts(SITE, "X") == frozenset()


def test_answers() -> None:
    site = _site(
        ("none", (MEASURAND, "no-risk")),
        ("pos", (MEASURAND, "positive")),
        ("daily", (LOINC, "LA6571-9")),
        ("no", (MEASURAND, "absent")),
    )
    assert site.answer(SITE, "none", Item.CSSRS_RISK) == 0
    assert site.answer(SITE, "none", Item.CSSRS_1) is None
    assert site.answer(SITE, "pos", a.NMDAR_SERUM) == 1
    assert site.answer(SITE, "daily", Item.PHQ9_9) == 3
    assert site.answer(SITE, "no") == 0


@pytest.mark.parametrize(
    ("target", "drug"),
    [
        ((MEASURAND, "natalizumab"), Drug("natalizumab", DrugGroup.MS_DMT_OTHER, 42)),
        ((RXNORM, "354770"), Drug("natalizumab", DrugGroup.MS_DMT_OTHER, 42)),
        ((ATC, "L04AA23"), Drug("natalizumab", DrugGroup.MS_DMT_OTHER, 42)),
        ((ATC, "J01CA04"), Drug("antibiotic", DrugGroup.ANTIBIOTIC, 30)),
        ((MEASURAND, "antibiotic"), Drug("antibiotic", DrugGroup.ANTIBIOTIC, 30)),
        ((ATC, "H02AB09"), Drug("hydrocortisone", DrugGroup.STEROID_SYSTEMIC, 30, systemic=True)),
    ],
)
def test_packaged_medicines(target: Key, drug: Drug) -> None:
    site = _site(("box", target))
    assert site.drug(SITE, "box") == drug
    assert site.codes_of(drug.group)[-1].code == "box"


def test_the_same_medicine_twice_is_one_medicine() -> None:
    site = _site(("box", (MEASURAND, "hydrocortisone")), ("box", (ATC, "H02AB09")))
    drug = site.drug(SITE, "box")
    assert drug is not None
    assert drug.systemic


def test_routes() -> None:
    site = _site(
        ("TOP", (SNOMED, "6064005")),
        ("NAS", (MEASURAND, "local-route")),
        ("PO", (MEASURAND, "systemic-route")),
    )
    assert site.is_local_route(SITE, "TOP")
    assert site.is_local_route(SITE, "NAS")
    assert not site.is_local_route(SITE, "PO")


def test_panels_bring_their_safety_questions() -> None:
    site = _site(("form", (LOINC, "44249-1")), ("screen", (LOINC, "93373-9")))
    assert site.lookup[SITE, "form"] == Meaning(Kind.PANEL, i.PHQ9)
    assert site.safety_questions(SITE, "form") == (Item.PHQ9_9,)
    assert site.safety_questions(SITE, "screen") == (Item.CSSRS_1, Item.CSSRS_2)


def test_several_findings_add_up() -> None:
    site = _site(("X", (MEASURAND, "relapse")), ("X", (MEASURAND, "new-neurological-symptom")))
    assert site.lookup[SITE, "X"].target == frozenset({C.RELAPSE, C.NEUROLOGICAL_SYMPTOM})
    assert site.concepts(SITE, "X") == {C.RELAPSE, C.NEUROLOGICAL_SYMPTOM}


def test_a_standard_diagnosis_may_join_a_value_set() -> None:
    plain = Terminology.default()
    site = plain.with_site_map(
        {
            (SNOMED, "45170000"): [(MEASURAND, "immune-mediated-disease")],
            (ICD10CM, "F32.1"): [(MEASURAND, "infection")],
        }
    )
    assert site.concepts(SNOMED, "45170000") == {C.IMD}
    assert site.concepts("urn:oid:2.16.840.1.113883.6.96", "45170000") == {C.IMD}
    assert site.concepts(ICD10CM, "f321") == {C.MOOD_HISTORY, C.INFECTION}
    assert site.concepts(ICD10CM, "F32.2") == {C.MOOD_HISTORY}
    assert plain.concepts(SNOMED, "45170000") == frozenset()


def test_a_diagnosis_below_a_stem_can_be_a_target() -> None:
    assert _site(("X", (ICD10CM, "f32.1"))).concepts(SITE, "X") == {C.MOOD_HISTORY}


def test_a_trap_that_a_site_has_given_a_meaning_is_none_there() -> None:
    site = Terminology.default().with_site_map({(LOINC, "73831-0"): [(MEASURAND, "phq-8")]})
    assert site.lookup[LOINC, "73831-0"] == Meaning(Kind.SCORE, i.PHQ8)
    assert site.trap(LOINC, "73831-0") is None
    assert Terminology.default().trap(LOINC, "73831-0") is not None


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ((MEASURAND, "phq8"), "nothing is read under the target"),
        ((LOINC, "0-0"), "nothing is read under the target"),
        ((LOINC, "44261-8"), "check digit"),
    ],
)
def test_unknown_target(target: Key, word: str) -> None:
    with pytest.raises(UnusableMapping, match=word) as refused:
        _site(("X", target))
    assert refused.value.source == (SITE, "X")
    assert refused.value.target == target
    assert str(refused.value).startswith(f"{SITE}|X -> {target[0]}|{target[1]}: ")


@pytest.mark.parametrize(
    "targets",
    [
        [(MEASURAND, "phq-8"), (MEASURAND, "phq-9")],
        [(MEASURAND, "phq-8"), (MEASURAND, "relapse")],
        [(MEASURAND, "relapse"), (MEASURAND, "relapse-absent")],
        [(MEASURAND, "natalizumab"), (MEASURAND, "fingolimod")],
        [(MEASURAND, "local-route"), (MEASURAND, "systemic-route")],
        [(MEASURAND, "present"), (MEASURAND, "absent")],
    ],
)
def test_two_meanings(targets: list[Key]) -> None:
    with pytest.raises(UnusableMapping, match="two meanings"):
        Terminology.default().with_site_map({(SITE, "X"): targets})


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((LOINC, "44260-8"), (MEASURAND, "phq-9-item-1")),
        ((LOINC, "44261-6"), (MEASURAND, "phq-8")),
        ((LOINC, "LA6571-9"), (LOINC, "LA6568-5")),
        ((RXNORM, "354770"), (MEASURAND, "fingolimod")),
        ((ATC, "J01CA04"), (MEASURAND, "fingolimod")),
        ((SNOMED, "6064005"), (MEASURAND, "systemic-route")),
    ],
)
def test_what_has_a_meaning_keeps_it(source: Key, target: Key) -> None:
    with pytest.raises(UnusableMapping, match="two meanings"):
        Terminology.default().with_site_map({source: [target]})


def test_what_has_the_meaning_already_may_be_mapped_to_it() -> None:
    site = Terminology.default().with_site_map({(LOINC, "44261-6"): [(MEASURAND, "phq-9")]})
    assert site.lookup[LOINC, "44261-6"] == Meaning(Kind.SCORE, i.PHQ9)
    assert site.display(LOINC, "44261-6").startswith("Patient Health Questionnaire")


def test_a_site_s_code_is_no_target() -> None:
    with pytest.raises(UnusableMapping, match="nothing is read"):
        _site(("A", (MEASURAND, "phq-8")), ("B", (SITE, "A")))


def test_the_map_can_be_read_back() -> None:
    site = _site(("X", (MEASURAND, "relapse")), ("X", (MEASURAND, "headache")))
    assert json.loads(site.digest_parts()) == [[SITE, "X", [MEASURAND, "headache"], [MEASURAND, "relapse"]]]
    assert site.display(SITE, "X") == "Headache"


def test_maps_add_up() -> None:
    site = _site(("X", (MEASURAND, "relapse"))).with_site_map(
        {(SITE, "X"): [(MEASURAND, "headache")], (SITE, "Y"): [(MEASURAND, "phq-8")]}
    )
    assert site.concepts(SITE, "X") == {C.RELAPSE, C.HEADACHE}
    assert [SITE, "X", [MEASURAND, "headache"], [MEASURAND, "relapse"]] in json.loads(site.digest_parts())


def test_the_digest_does_not_depend_on_order() -> None:
    one = _site(("A", (MEASURAND, "relapse")), ("A", (MEASURAND, "headache")), ("B", (MEASURAND, "phq-8")))
    other = _site(("B", (MEASURAND, "phq-8")), ("A", (MEASURAND, "headache")), ("A", (MEASURAND, "relapse")))
    assert one.digest_parts() == other.digest_parts()
    assert one.digest_parts() != Terminology.default().digest_parts() == b"[]"
    assert one.digest_parts() != _site(("A", (MEASURAND, "relapse"))).digest_parts()


def test_the_default_is_built_once_and_never_changed() -> None:
    before = dict(Terminology.default().lookup)
    _site(("X", (MEASURAND, "relapse")))
    assert Terminology.default() is Terminology.default()
    assert Terminology.default().lookup == before
