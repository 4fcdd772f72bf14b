"""What the questions of a form mean: by linkId, definition, the codes of the Questionnaire, or a site's map."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from service.fhir.reading.account import Reason
from service.fhir.reading.codes import bare, loinc_of
from service.fhir.reading.elements import Reference
from service.fhir.reading.meanings import is_safety
from service.fhir.reading.references import server_of
from service.fhir.reading.resources import Questionnaire
from service.terminology.systems import LOINC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import AnsweredItem, Coding, QuestionnaireItem
    from service.fhir.reading.resources import QuestionnaireResponse
    from service.terminology.meanings import Meaning

# `http://loinc.org/44260-8` and `http://loinc.org#44260-8` name a code in its system.
_DEFINITION: Final = re.compile(r"(?P<system>.+)[/#](?P<code>[^/#]+)")


_SEVERAL: Final = "Several forms may be meant, and they differ; name the one that was answered by its url."


class Form:
    """The questions of one form, and the codes of the form itself."""

    __slots__ = ("_by_link", "_lookup", "_meant_by", "_url", "codes", "may_ask")

    def __init__(self, draft: Draft, index: int, response: QuestionnaireResponse) -> None:
        """Looks for the Questionnaire among the contained resources and in the Bundle."""
        self._lookup = draft.lookup
        self._meant_by = draft.terminology.meant_by
        canonical = (response.questionnaire or "").strip()
        self._url = canonical.partition("|")[0]
        self._by_link: dict[str, Meaning] = {}
        name = self._url.rstrip("/").rpartition("/")[2]
        # The form's own codes: `http://loinc.org/q/44249-1` and its like name a panel.
        self.codes: list[tuple[str | None, str | None]] = [(LOINC, name), (self._url, name)]
        found, rivals = _questionnaire(draft, index, response, canonical)
        # It may be one that asks about suicide, and may not.
        self.may_ask = any(
            is_safety(meaning)
            for one in rivals
            for key in codes_asked(draft, one)
            if (meaning := self._lookup.get(key)) is not None
        )
        if found is not None:
            draft.follow(len(found.code or ()))
            self.codes += [(one.system, bare(one.code or "")) for one in found.code or ()]
            for item in _all(found.item or []):
                # Every response to a form has all of it looked at.
                draft.follow(1 + len(item.code or ()))
                meaning = self._coded(item.code or ()) or self._defined(item.definition)
                link = bare(item.linkId or "")
                if meaning is not None and link:
                    self._by_link[link] = meaning

    def meaning(self, item: AnsweredItem) -> Meaning | None:
        """What a question is about; None when nothing tells."""
        link = bare(item.linkId or "")
        return (
            self._lookup.get((LOINC, loinc_of(link)))
            or self._defined(item.definition)
            or self._by_link.get(link)
            or self._lookup.get((self._url, link))
        )

    def _defined(self, definition: str | None) -> Meaning | None:
        found = code_of(definition or "")
        return None if found is None else self._named(*found)

    def _coded(self, codings: list[Coding] | tuple[()]) -> Meaning | None:
        meanings = (self._named(one.system or "", one.code or "") for one in codings)
        return next((meaning for meaning in meanings if meaning is not None), None)

    def _named(self, system: str, code: str) -> Meaning | None:
        """By code, in a form also misspelt, or under a misspelt system: there a link without any is read as well."""
        code = bare(code)
        found = self._lookup.get((system, code))
        return self._lookup.get((self._meant_by(system, code), code)) if found is None else found


def codes_asked(draft: Draft, form: Questionnaire) -> Iterator[tuple[str, str]]:
    """The codes of a form, and the codes and definitions of its questions; each counts as followed."""
    draft.follow(1 + len(form.code or ()))
    yield from ((one.system or "", bare(one.code or "")) for one in form.code or ())
    for item in _all(form.item or []):
        draft.follow(1 + len(item.code or ()))
        yield from ((one.system or "", bare(one.code or "")) for one in item.code or ())
        if (defined := code_of(item.definition or "")) is not None:
            yield defined


def code_of(definition: str) -> tuple[str, str] | None:
    """The system and the code that a definition names, such as `http://loinc.org/44260-8`."""
    found = _DEFINITION.fullmatch(definition)
    return (found["system"], found["code"]) if found else None


class _Found(NamedTuple):
    """The Questionnaire that a response answers; where it may be one of several, those."""

    form: Questionnaire | None
    rivals: list[Questionnaire] = []  # noqa: RUF012 - a NamedTuple default that nobody mutates


def _questionnaire(draft: Draft, index: int, response: QuestionnaireResponse, canonical: str) -> _Found:
    if canonical.startswith("#"):
        found = draft.resolve(Reference(reference=canonical), index, response)
        return _Found(found if isinstance(found, Questionnaire) else None)
    url, _, version = canonical.partition("|")
    held = draft.index.forms(url.strip())
    draft.follow(len(held))
    fits = [(at, one) for at, one in held if version in ("", one.version or version)]
    # A version that is named is meant, however old it is.
    fits = [(at, one) for at, one in fits if at not in draft.older] or fits
    if any(one.url != url for _, one in fits):
        # Named by an address: of several servers' forms of one id that of the response's own.
        entries = draft.received.entries
        own = [(at, one) for at, one in fits if server_of(entries[at]) == server_of(entries[index])]
        rivals, fits = [one for _, one in fits], own or fits
        if any((one.item, one.code) != (fits[0][1].item, fits[0][1].code) for _, one in fits):
            draft.reject(index, f"{draft.expressions[index]}.questionnaire", Reason.BAD_VALUE, _SEVERAL)
            return _Found(None, rivals)
    if not fits:
        return _Found(None)
    at, one = fits[0]
    draft.use(at)
    return _Found(one)


def _all(items: list[QuestionnaireItem]) -> Iterator[QuestionnaireItem]:
    waiting = list(reversed(items))
    while waiting:
        item = waiting.pop()
        yield item
        waiting += reversed(item.item or [])
