"""Is what rules refuse looked for as well, so that a site hears why it was not read?"""

from service.assessment import Context
from service.cds_hooks.templates import templates
from service.fhir.client.searches import reaches
from service.settings import load_settings
from service.terminology.results import CRP_TITRE, QUALITATIVE_CRP
from service.terminology.traps import TRAPS

CONTEXT = Context.load(load_settings())
REFUSED = {one.code for one in (*QUALITATIVE_CRP, *CRP_TITRE)} | {trap.code for trap in TRAPS}


def test_a_fetch_asks_for_them() -> None:
    found = reaches(CONTEXT.rule_set.rules, CONTEXT.terminology)
    (codes,) = (reach.codes for reach in found if reach.resource_type == "Observation")
    assert {code.rpartition("|")[2] for code in codes} >= REFUSED


def test_a_prefetch_asks_for_them() -> None:
    made = templates(CONTEXT.rule_set.rules, CONTEXT.terminology)
    asked = [dict(one.parameters)["code"] for one in made if one.resource_type == "Observation"]
    assert set(",".join(asked).split(",")) >= REFUSED
