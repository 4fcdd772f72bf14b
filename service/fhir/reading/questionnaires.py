"""Filled-in forms: every question that a rule reads, and what a form should have asked and did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, cast

from service.domain.concepts import PHQ9_ITEMS, Item
from service.domain.facts import Answer, Score
from service.domain.facts import Reading as Extent
from service.fhir.reading.account import Reason
from service.fhir.reading.answering import absence, answer
from service.fhir.reading.codes import loinc_of
from service.fhir.reading.dates import UNDATED, dated
from service.fhir.reading.draft import SAFETY_ITEMS, SAFETY_TOTALS
from service.fhir.reading.elements import AnsweredItem, CodeableConcept, Component, given, modifies
from service.fhir.reading.forms import Form
from service.fhir.reading.numerals import SEVERAL_VALUES, Number, Refusal, score, values_given
from service.fhir.reading.shapes import WrongTypeError
from service.fhir.reading.spots import UNKNOWN_MODIFIER, reject_depth, reject_status
from service.terminology.instruments import PANELS, SAFETY_QUESTIONS
from service.terminology.meanings import Kind
from service.terminology.systems import LOINC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.domain.facts import Source
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Answered as Given
    from service.fhir.reading.resources import QuestionnaireResponse

_COMPLETE: Final = frozenset({"completed", "amended"})
T = TypeVar("T")

_WITHDRAWN: Final = "entered-in-error"
# A form with this many of the questions that PHQ-2 does not share is a PHQ-8 or a PHQ-9.
_ENOUGH: Final = 3
_NOT_IN_PHQ2: Final = frozenset(PHQ9_ITEMS[2:8])
_ASKED_BY: Final = {panel.means: SAFETY_QUESTIONS[panel.code] for panel in PANELS if panel.code in SAFETY_QUESTIONS}


class Asked(NamedTuple):
    """One question with its FHIRPath."""

    item: AnsweredItem
    path: str


class Sheet:
    """One response while it is read: what was read of it, and which questions it turned out to have."""

    __slots__ = (
        "blank",
        "cut",
        "draft",
        "index",
        "preliminary",
        "read",
        "response",
        "source",
        "strangers",
        "totals",
        "when",
    )

    def __init__(self, draft: Draft, index: int, source: Source, when: Moment, *, preliminary: bool) -> None:
        """`when` is the time of the response, `preliminary` True while it is not complete."""
        self.draft = draft
        self.index = index
        self.source = source
        self.when = when
        self.preliminary = preliminary
        self.response = draft.responses.key(source.expression) or source.expression
        self.read: dict[Item, Extent] = {}
        self.totals: set[Instrument] = set()
        self.strangers = 0
        # Item 9 is there, and has no answer; of questions that others lead to that would be usual.
        self.blank = False
        # Where questions stand too deep to be read.
        self.cut: list[str] = []

    @property
    def tells_safety_alone(self) -> bool:
        """True for a response of which a part is missing: only the questions about suicide are read."""
        return self.preliminary or bool(self.cut)


def read_questionnaire_response(draft: Draft, index: int, response: QuestionnaireResponse, source: Source) -> None:
    """A filled-in form; of one that is not complete, or too deep, only the questions about suicide are read."""
    if response.status == _WITHDRAWN:
        reject_status(draft, index, source, response.status)
        return
    form = Form(draft, index, response)
    sheet = Sheet(draft, index, source, UNDATED, preliminary=response.status not in _COMPLETE)
    found = [
        (asked, form.meaning(asked.item))
        for asked in _questions(response.item or [], source.expression, draft.received.limits.depth, sheet.cut)
    ]
    known = [(asked, meaning) for asked, meaning in found if meaning is not None]
    if not known and not sheet.cut and not _form_questions(draft, form, sheet):
        return
    sheet.when = _when(sheet, response)
    for asked, meaning in known:
        if meaning.kind is Kind.ITEM:
            _read_item(sheet, asked, cast("Item", meaning.target))
        elif meaning.kind is Kind.SCORE:
            _read_total(sheet, asked, cast("Instrument", meaning.target))
        elif meaning.kind in (Kind.PANEL, Kind.FORM):
            form.codes += _codes_of(asked.item)
    sheet.strangers = sum(meaning is None and _is_stranger(asked.item) for asked, meaning in found)
    if sheet.cut:
        _miss_deep(sheet, form)
    elif not sheet.preliminary:
        _miss(sheet, form)


def _questions(items: list[AnsweredItem], path: str, most: int, cut: list[str]) -> Iterator[Asked]:
    """Every question, nested in groups or under answers, in order; what is past so many levels is listed in `cut`."""
    waiting = [Asked(item, f"{path}.item[{number}]") for number, item in enumerate(items)][::-1]
    while waiting:
        asked = waiting.pop()
        yield asked
        inner = [Asked(item, f"{asked.path}.item[{number}]") for number, item in enumerate(asked.item.item or ())]
        for at, one in enumerate(asked.item.answer or ()):
            inner += [
                Asked(item, f"{asked.path}.answer[{at}].item[{number}]") for number, item in enumerate(one.item or ())
            ]
        # Each list in a path is two levels; with each the paths of all within it grow longer.
        if inner and 2 * asked.path.count("[") >= most:
            cut.append(asked.path)
            continue
        waiting += reversed(inner)


def _codes_of(item: AnsweredItem) -> list[tuple[str | None, str | None]]:
    return [(LOINC, loinc_of(item.linkId or ""))]


def _when(sheet: Sheet, response: QuestionnaireResponse) -> Moment:
    """The time of the response; without one only the questions about suicide are kept."""
    if response.authored is None:
        text = "There is no date; send authored."
        found: Moment | Refusal = Refusal("authored", Reason.NO_DATE, text)
    else:
        found = dated(response.authored, "authored")
    if not isinstance(found, Refusal):
        return found
    path = f"{sheet.source.expression}.{found.element}"
    sheet.draft.reject(sheet.index, path, found.reason, found.text)
    return UNDATED


def _holder(one: Given) -> Component:
    """An answer in the shape of an Observation's value."""
    coding = one.valueCoding
    return Component(
        valueQuantity=one.valueQuantity,
        valueCodeableConcept=CodeableConcept([coding]) if coding is not None else None,
        valueString=one.valueString,
        valueBoolean=one.valueBoolean,
        valueInteger=one.valueInteger if given(one.valueInteger) else one.valueDecimal,
    )


def _guarded(read: Callable[[], T | Refusal]) -> T | Refusal:
    """What was read, or that it has the wrong JSON type."""
    try:
        return read()
    except WrongTypeError as wrong:
        return Refusal(wrong.element, Reason.WRONG_TYPE, wrong.text)


def _read_item(sheet: Sheet, asked: Asked, item: Item) -> None:
    safety = item in SAFETY_ITEMS
    if (sheet.tells_safety_alone or sheet.when is UNDATED) and not safety:
        return
    answers = asked.item.answer or []
    if not answers:
        sheet.blank |= item is Item.PHQ9_9
        return
    best: tuple[int, Extent, str] | None = None
    for number, one in enumerate(answers):
        path = f"{asked.path}.answer[{number}]"
        value, extent, received = _read_answer(sheet, asked, one, item, path)
        # Of several answers the one that counts most, and any that can be read before one that cannot.
        if best is None or (extent is Extent.READ, value) > (best[1] is Extent.READ, best[0]):
            best = value, extent, received
    if best is not None:
        value, extent, received = best
        _keep(sheet, item, value if extent is Extent.READ else None, extent, received, asked.item.text or "")


def _read_answer(sheet: Sheet, asked: Asked, one: Given, item: Item, path: str) -> tuple[int, Extent, str]:
    if modifies(one.modifierExtension) or modifies(asked.item.modifierExtension):
        found: Refusal | object = Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER)
    else:
        holder = _holder(one)
        missing = absence(holder.valueCodeableConcept)
        if missing is not None:
            return 0, missing, ""
        several = values_given(holder) > 1
        read = SEVERAL_VALUES if several else _guarded(lambda: answer(holder, item, sheet.draft.terminology))
        if not isinstance(read, Refusal):
            return read.value, Extent.READ, read.received
        found = read._replace(element="value")
    refusal = cast("Refusal", found)
    sheet.draft.reject(
        sheet.index, f"{path}.{refusal.element}", refusal.reason, refusal.text, safety=item in SAFETY_ITEMS
    )
    return 0, Extent.UNREADABLE, ""


def _keep(sheet: Sheet, item: Item, value: int | None, extent: Extent, received: str, text: str) -> None:
    sheet.read[item] = extent
    first, last, instant = sheet.when
    sheet.draft.answers.append(
        Answer(
            item,
            value,
            first,
            last,
            instant,
            sheet.source,
            extent,
            received,
            text,
            sheet.response,
            sheet.preliminary,
        )
    )
    if extent is not Extent.UNREADABLE:
        sheet.draft.use(sheet.index)


def _read_total(sheet: Sheet, asked: Asked, instrument: Instrument) -> None:
    answers = asked.item.answer or []
    if not answers:
        return
    sheet.totals.add(instrument)
    if sheet.when is UNDATED or (sheet.tells_safety_alone and instrument not in SAFETY_TOTALS):
        return
    if modifies(answers[0].modifierExtension) or modifies(asked.item.modifierExtension):
        found: Refusal | Number = Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER)
    else:
        found = _guarded(lambda: score(_holder(answers[0]), instrument))
    if isinstance(found, Refusal):
        path = f"{asked.path}.answer[0].{'value' if found.reason != Reason.MODIFIER else found.element}"
        sheet.draft.reject(sheet.index, path, found.reason, found.text)
        sheet.draft.unreadable_score(instrument, sheet.when)
        return
    value, received = found
    first, last, instant = sheet.when
    sheet.draft.scores.append(
        Score(
            instrument,
            value,
            first,
            last,
            instant,
            sheet.source,
            received,
            sheet.response,
            preliminary=sheet.tells_safety_alone,
        )
    )
    sheet.draft.use(sheet.index)


def _is_stranger(item: AnsweredItem) -> bool:
    """True for an answered question that nothing identifies, not even as a question of LOINC that no rule reads."""
    return bool(item.answer) and not loinc_of(item.linkId or "")


def _form_questions(draft: Draft, form: Form, sheet: Sheet) -> list[tuple[Item, ...]]:
    """What the form is known to ask about suicide, by its codes, its totals, or the questions that it shares."""
    asked = [draft.terminology.safety_questions(system or "", code or "") for system, code in form.codes]
    asked += [_ASKED_BY[total] for total in sheet.totals if total in _ASKED_BY]
    if form.may_ask:
        asked.append((Item.PHQ9_9,))
    if sheet.strangers and len(_NOT_IN_PHQ2 & sheet.read.keys()) >= _ENOUGH:
        asked.append((Item.PHQ9_9,))
    # A form that goes on only after the first two questions leaves the others without an answer.
    if sheet.blank and _NOT_IN_PHQ2 & sheet.read.keys() and not any(Item.PHQ9_9 in one for one in asked):
        asked.append((Item.PHQ9_9,))
    return list(dict.fromkeys(one for one in asked if one))


def _miss(sheet: Sheet, form: Form) -> None:
    """A form that asks about suicide and holds no readable answer to that is not a reassuring one."""
    for questions in _form_questions(sheet.draft, form, sheet):
        if any(item in sheet.read for item in questions):
            continue
        text = (
            "The form asks about suicide, and that question was not found or not answered; map it, or send the answer."
        )
        sheet.draft.reject(sheet.index, f"{sheet.source.expression}.item", Reason.NO_VALUE, text, safety=True)
        _keep(sheet, questions[0], None, Extent.UNREADABLE, "", "")


def _miss_deep(sheet: Sheet, form: Form) -> None:
    """What stands too deep may be the question about suicide: of the form's kind, or of any."""
    reject_depth(sheet.draft, sheet.index, sheet.cut[0], safety=True)
    for questions in _form_questions(sheet.draft, form, sheet) or [(Item.PHQ9_9,)]:
        _keep(sheet, questions[0], None, Extent.UNREADABLE, "", "")
