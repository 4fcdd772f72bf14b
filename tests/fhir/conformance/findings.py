"""Any combination of findings that an evaluation could give, for property tests."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from service.domain.facts import PriorPlan, Source
from service.domain.findings import Assessment, FlagFinding, FlagState, PlanProposal
from service.domain.rule import Category, Priority, Rule
from service.fhir.reading.account import Reading, Reason, Rejection
from tests.fhir.writing.assessments import (
    RULES,
    TODAY,
    activity,
    answer,
    assessment,
    finding,
    prior_flag,
    proposal,
    reading,
    rule,
)
from tests.fhir.writing.documents import of_type

TYPES = ("Observation", "Condition", "MedicationRequest", "QuestionnaireResponse", "Procedure")
said = st.text(min_size=1, max_size=30).filter(lambda text: text.strip() != "")
titles = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)
ids = st.from_regex(r"[A-Za-z0-9.-]{1,12}", fullmatch=True)
codes = st.from_regex(r"[A-Za-z0-9]{1,6}", fullmatch=True)
days = st.integers(TODAY - 900, TODAY + 1)
labels = st.lists(st.tuples(st.sampled_from(["", "http://labels"]), codes, st.just("")), max_size=2).map(tuple)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    kind = draw(st.sampled_from(TYPES))
    literal = st.one_of(ids.map(lambda value: f"{kind}/{value}"), ids.map(lambda value: f"urn:oid:1.2.{len(value)}"))
    identifiers = st.one_of(st.none(), st.tuples(st.sampled_from(["", "urn:site"]), said))
    return Source(
        draw(st.one_of(st.just(""), literal)),
        "Bundle.entry[1].resource",
        kind,
        draw(identifiers),
        draw(st.one_of(st.just(""), said)),
        labels=draw(labels),
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    categories = draw(st.lists(st.sampled_from(Category), min_size=1, max_size=3, unique=True))
    return rule(draw(st.sampled_from(RULES)).name, draw(titles), categories=tuple(categories))


@st.composite
def new_flags(draw: st.DrawFn) -> FlagFinding:
    # A resource that was sent twice is one piece of evidence.
    evidence = draw(st.lists(sources(), min_size=1, max_size=4, unique_by=lambda one: one.reference or one))
    start = draw(st.one_of(st.none(), days))
    return finding(
        draw(rules()),
        start=start,
        priority=draw(st.sampled_from(Priority)),
        sentence=draw(said),
        evidence=tuple(evidence),
        cleared_by=draw(st.one_of(st.just(""), said)),
        identifier=f"{draw(st.uuids())}",
    )


@st.composite
def kept_flags(draw: st.DrawFn) -> tuple[FlagFinding, bytes]:
    """A flag that came with the data, and what becomes of it."""
    before = draw(new_flags())
    stored = of_type(answer(assessment(before)), "Flag")[0] | draw(st.sampled_from([{}, {"id": "7"}]))
    flag = draw(new_flags())
    flag.rule, flag.identifier, flag.start = before.rule, before.identifier, before.start
    flag.state = draw(st.sampled_from(FlagState))
    if flag.state is FlagState.INACTIVE:
        flag.end, flag.closed_reason = (
            draw(days),
            draw(st.sampled_from(["cleared", "merged", "now part of x"])),
        )
    literal = f"Flag/{stored['id']}" if "id" in stored else ""
    source = Source(
        literal,
        "Bundle.entry[0].resource",
        "Flag",
        ("https://moodmarker.org/fhir/sid/flag", before.identifier),
    )
    flag.prior = prior_flag(before, source=source)
    return flag, json.dumps(stored).encode()


@st.composite
def plans(draw: st.DrawFn, flags: list[FlagFinding]) -> PlanProposal | None:
    active = [flag for flag in flags if flag.state is FlagState.ACTIVE]
    if not active or draw(st.booleans()):
        return None
    activities = draw(
        st.lists(sources(), min_size=1, max_size=3).map(
            lambda found: tuple(activity(evidence=(one,), start=TODAY, end=TODAY + len(found)) for one in found)
        )
    )
    replaces = (PriorPlan("older", "draft", Source("CarePlan/9", "Bundle.entry[6]", "CarePlan"), 6),)
    return proposal(*active, activities=activities, replaces=replaces if draw(st.booleans()) else ())


OLDER = b"""{"resourceType": "CarePlan", "id": "9", "status": "draft", "intent": "proposal",
 "identifier": [{"system": "https://moodmarker.org/fhir/sid/careplan", "value": "older"}],
 "subject": {"reference": "Patient/anna"}}"""


class Evaluated:
    """An assessment, and the reading that it came of."""

    def __init__(self, made: Assessment, read: Reading) -> None:
        self.made = made
        self.read = read

    def __repr__(self) -> str:
        """Short: the whole value holds rules, which are long."""
        flags = [
            (flag.rule.name, flag.state, flag.start, flag.end, flag.sentence, flag.evidence) for flag in self.made.flags
        ]
        return f"Evaluated({flags}, plan={self.made.plan is not None})"

    def answered(self, explain: str = "summary", as_: str = "collection") -> bytes:
        return answer(self.made, self.read, explain=explain, as_=as_)


@st.composite
def assessments(draw: st.DrawFn) -> Evaluated:
    kept = draw(st.lists(kept_flags(), max_size=2))
    flags = [*draw(st.lists(new_flags(), max_size=2)), *(flag for flag, _ in kept)]
    plan = draw(plans(flags))
    refused = draw(
        st.lists(
            st.builds(Rejection, st.just("Bundle.entry[2]"), st.sampled_from(Reason), said, st.booleans()),
            max_size=3,
        )
    )
    made = assessment(
        *flags,
        plan=plan,
        revoked=plan.replaces if plan else (),
        notices=tuple(draw(st.lists(said, max_size=2))),
    )
    raw: dict[int, bytes] = {}
    for entry, (flag, received) in enumerate(kept):
        assert flag.prior is not None
        flag.prior, raw[entry] = flag.prior._replace(entry=entry), received
    return Evaluated(made, reading(rejections=tuple(refused), prior_flags_raw=raw, prior_plans_raw={6: OLDER}))
