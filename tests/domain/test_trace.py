"""Does an answer without its trace say the same as one with it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from service.domain import criteria as c
from service.domain.assessing import assess
from service.domain.examples import AS_OF, read_example
from service.domain.plain import plain
from service.rules import RULES
from tests.domain.charts import EVERY_RULE, all_sent_back
from tests.domain.generated import TEXTS

if TYPE_CHECKING:
    from service.domain.facts import Chart
    from service.domain.findings import Assessment
    from service.domain.rule import Rule


def told(found: Assessment) -> object:
    verdicts = [(r.rule.name, r.verdict, r.because, r.reason, r.lacks) for r in found.results]
    return verdicts, found.flags, found.plan, found.revoked, found.urgent, found.notices, found.issues


def both(chart: Chart) -> tuple[object, object]:
    return (
        told(assess(chart, EVERY_RULE, AS_OF, traced=True)),
        told(assess(chart, EVERY_RULE, AS_OF, traced=False)),
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.no_cover  # every example of the rules twice more
def test_no_example_needs_its_trace(rule: Rule) -> None:
    for example in rule.examples:
        whole, short = both(read_example(example.given))
        assert short == whole, example.name


@given(TEXTS)
def test_no_patient_needs_the_trace(text: str) -> None:
    chart = read_example(text)
    whole, short = both(chart)
    assert short == whole
    sent = chart._replace(
        flags=all_sent_back(assess(chart, EVERY_RULE, AS_OF).flags), not_covered={"Condition": "cut short"}
    )
    whole, short = both(sent)
    assert short == whole


def test_a_trace_says_why_something_was_not_met() -> None:
    chart = read_example("PHQ-9 6, 60 days ago; PHQ-9 8, 5 days ago")
    whole, short = (assess(chart, EVERY_RULE, AS_OF, traced=traced) for traced in (True, False))
    assert any(r.outcome and r.outcome.inner for r in whole.results if not r.verdict)
    assert not any(r.outcome and r.outcome.inner for r in short.results if not r.verdict)


def test_names_and_nesting_are_left_out_and_the_order_is_kept() -> None:
    one, two, three = c.NoneMet(("a",)), c.NoneMet(("b",)), c.NoneMet(("c",))
    found = plain(c.AnyOf((c.Defined("both", c.AnyOf((one, two))), three)))
    assert found.criteria == (one, two, three)
    assert plain(c.AllOf((c.AllOf((one, two)), three))).criteria == (one, two, three)


def test_what_decides_the_day_stays_as_it_is() -> None:
    one, two, three = c.NoneMet(("a",)), c.NoneMet(("b",)), c.NoneMet(("c",))
    earliest = c.AnyOf((one, two), earliest=True)
    assert plain(c.AnyOf((earliest, three))).criteria == (earliest, three)
    assert plain(one) is one
