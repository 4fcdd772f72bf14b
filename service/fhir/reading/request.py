"""The body of a request: Parameters with a Bundle in `data`, or the Bundle itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import msgspec
from msgspec import DecodeError, Raw, ValidationError

from service.errors import BodyUnreadable, InvalidParameter, too_deep
from service.fhir.reading.elements import ABSENT, Element, given, modifies
from service.fhir.reading.nesting import LIMITS, ReadingLimits
from service.fhir.reading.receiving import Received, receive
from service.fhir.reading.resources import Bundle, Parameter, Parameters, Resource
from service.fhir.reading.shapes import joined, where_and_what, wrong_type

_BOM: Final = b"\xef\xbb\xbf"
_DATA: Final = "data"
_WHAT_TO_SEND: Final = "Send a Bundle, or Parameters with a Bundle in the parameter `data`."
_PRIMITIVES: Final = (
    "valueString",
    "valueCode",
    "valueDateTime",
    "valueDate",
    "valueInstant",
    "valueUri",
    "valueUrl",
    "valueCanonical",
    "valueId",
)


class Given(NamedTuple):
    """A value that was given for a parameter, and where in the body; `at` is empty for one beside the body."""

    value: str
    at: str = ""
    element: str = ""

    @property
    def expression(self) -> str:
        """The FHIRPath of the value itself."""
        return f"{self.at}.{self.element}" if self.at else ""


class RequestBody(NamedTuple):
    """The primitive parameters by name, in order, and the Bundle (None when there was none)."""

    parameters: dict[str, list[Given]]
    bundle: Received | None


class _Kind(Element):
    resourceType: Raw = ABSENT


class _SentParameter(Parameter):
    modifierExtension: Raw = ABSENT


class _SentParameters(Parameters, tag_field="resourceType", tag="Parameters"):
    implicitRules: Raw = ABSENT
    parameter: list[_SentParameter] | None = None  # type: ignore[assignment]


class _PlainParameter(_SentParameter):
    resource: Raw = ABSENT  # type: ignore[assignment]  # left for entry by entry


class _PlainParameters(Element):
    implicitRules: Raw = ABSENT
    parameter: list[_PlainParameter] | None = None


_WHOLE: Final = msgspec.json.Decoder(Bundle | _SentParameters)
_KIND: Final = msgspec.json.Decoder(_Kind)
_PLAIN_PARAMETERS: Final = msgspec.json.Decoder(_PlainParameters)


@contextmanager
def reading() -> Iterator[None]:
    """Turns what the decoder cannot go on from into one error about the body."""
    try:
        yield
    except RecursionError:
        raise too_deep() from None
    except UnicodeDecodeError as error:
        raise BodyUnreadable(f"The body is not UTF-8 (at byte {error.start}); send JSON in UTF-8.") from None
    except DecodeError as error:
        raise BodyUnreadable(f"The body is not JSON: {error}.") from None


def read_request(body: bytes, limits: ReadingLimits = LIMITS) -> RequestBody:
    """The parameters and the Bundle of a body; raises BodyUnreadable or InvalidParameter."""
    with reading():
        body = body.removeprefix(_BOM)
        if not body.isascii():
            body.decode()
        try:
            decoded = _WHOLE.decode(body)
        except ValidationError:
            return _leniently(body, limits)
        if type(decoded) is Bundle:
            return RequestBody({}, receive(body, decoded, limits=limits))
        return _parameters(body, decoded, limits)


def _leniently(body: bytes, limits: ReadingLimits) -> RequestBody:
    """A body with a wrong type somewhere."""
    kind = _kind(body)
    if kind == "Bundle":
        return RequestBody({}, receive(body, limits=limits))
    if kind != "Parameters":
        raise BodyUnreadable(_WHAT_TO_SEND)
    try:
        return _parameters(body, _PLAIN_PARAMETERS.decode(body), limits)
    except ValidationError as error:
        element, fault = where_and_what(error)
        raise BodyUnreadable(wrong_type(fault), joined("Parameters", element)) from None


def _parameters(body: bytes, sent: _SentParameters | _PlainParameters, limits: ReadingLimits) -> RequestBody:
    if given(sent.implicitRules):
        text = "Parameters with implicitRules are not read; send them without."
        raise BodyUnreadable(text, "Parameters.implicitRules")
    values: dict[str, list[Given]] = {}
    bundle: Received | None = None
    parameters: Sequence[_SentParameter] = sent.parameter or ()
    for index, parameter in enumerate(parameters):
        at = f"Parameters.parameter[{index}]"
        if not parameter.name:
            raise InvalidParameter("A parameter has no name; give it the name of a parameter.", f"{at}.name")
        if modifies(parameter.modifierExtension):
            text = "A parameter with a modifierExtension is not read; send it without."
            raise BodyUnreadable(text, f"{at}.modifierExtension")
        resource: Raw | Resource | None = parameter.resource
        if resource is None or (isinstance(resource, Raw) and not given(resource)):
            values.setdefault(parameter.name, []).append(_primitive(parameter, at))
        elif parameter.name != _DATA or bundle is not None:
            raise InvalidParameter(f"Only one parameter holds a resource: the Bundle in `{_DATA}`.", at)
        else:
            bundle = _bundle(body, resource, index, limits)
    return RequestBody(values, bundle)


def _bundle(body: bytes, resource: Raw | Resource, index: int, limits: ReadingLimits) -> Received:
    if isinstance(resource, Bundle):
        return receive(body, resource, index, limits)
    if isinstance(resource, Raw) and _kind(resource) == "Bundle":
        return receive(resource, limits=limits)
    raise InvalidParameter(_WHAT_TO_SEND, f"Parameters.parameter[{index}].resource")


def _kind(raw: bytes | Raw) -> str | None:
    try:
        found = _KIND.decode(raw).resourceType
    except ValidationError:  # not an object
        return None
    kind = msgspec.json.decode(found) if given(found) else None
    return kind if isinstance(kind, str) else None


def _primitive(parameter: Parameter, at: str) -> Given:
    if parameter.name == _DATA:
        raise InvalidParameter("The parameter data needs a resource: the Bundle.", at)
    present = [(name, raw) for name in _PRIMITIVES if (raw := getattr(parameter, name)) is not ABSENT and given(raw)]
    value = msgspec.json.decode(present[0][1]) if len(present) == 1 else None
    if not isinstance(value, str):
        raise InvalidParameter("A parameter has one value, and it is a string, code, uri or date.", at)
    return Given(value, at, present[0][0])
