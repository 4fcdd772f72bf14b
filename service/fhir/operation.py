"""The parameters of our operations: the one table that requests, the command line and the contracts are read from."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

CODE: Final = "mood-immune-check"
WRITE_CODE: Final = "mood-immune-write"
RESOURCE_TYPES: Final = "http://hl7.org/fhir/ValueSet/resource-types|4.0.1"


# What is called: the check on the whole service with the data, the check on one Patient of a configured server, or
# the write on one.
Level: TypeAlias = Literal["system", "instance", "write"]


class Parameter(NamedTuple):
    """One parameter: what may be sent in it, and the sentence that says so wherever it is offered.

    `type` is a FHIR type. A code is one of `allowed`, or of `value_set` where that would be too long a list.
    """

    name: str
    type: str
    sentence: str
    allowed: tuple[str, ...] = ()
    default: str = ""
    value_set: str = ""
    repeats: bool = False
    levels: tuple[Level, ...] = ("system", "instance")

    @property
    def described(self) -> str:
        """The sentence with the values that may be chosen."""
        choice = f" One of {', '.join(self.allowed)}; {self.default} if absent." if self.allowed else ""
        return self.sentence + choice


PARAMETERS: Final = (
    Parameter(
        "data",
        "Bundle",
        "The patient's data; any type of Bundle but history and message. Required, but not allowed on a Patient.",
        levels=("system",),
    ),
    Parameter(
        "subject",
        "string",
        "Whom every subject in the data has to be; a resource without a subject is still refused. "
        "Patient/id, an absolute URL that ends in Patient/id, urn:uuid:... or urn:oid:..., or system|value "
        "of an identifier.",
    ),
    Parameter(
        "asOf",
        "dateTime",
        "The instant of decision, now if absent; a date means the end of that day in the site's time zone. "
        f"{WRITE_CODE} takes no other day than today, give or take one for other zones.",
        levels=("system", "instance", "write"),
    ),
    Parameter(
        "incomplete",
        "code",
        "A resource type of which the data do not hold everything: nothing is concluded from its absence. Repeats.",
        value_set=RESOURCE_TYPES,
        repeats=True,
    ),
    Parameter(
        "explain",
        "code",
        "How much is explained: nothing, what would change the answer, or one GuidanceResponse for each rule.",
        ("none", "summary", "full"),
        "summary",
    ),
    Parameter(
        "mode",
        "code",
        "Strict rejects every entry that is not valid FHIR R4, and lists it.",
        ("lenient", "strict"),
        "lenient",
    ),
    Parameter(
        "as",
        "code",
        "The form of the answer: a collection, or Parameters that hold a transaction.",
        ("collection", "transaction"),
        "collection",
    ),
    Parameter(
        "server",
        "code",
        "On a Patient: the configured FHIR server to fetch from; needed where there are several.",
        levels=("instance", "write"),
    ),
)

# What a parameter is where it is not sent.
DEFAULTS: Final = {parameter.name: parameter.default for parameter in PARAMETERS}


def named(level: Level) -> dict[str, Parameter]:
    """The parameters that are taken at a level, by name."""
    return {parameter.name: parameter for parameter in PARAMETERS if level in parameter.levels}


def primitives(level: Level) -> tuple[Parameter, ...]:
    """What fits into a query or onto a command line, which a resource does not."""
    return tuple(parameter for parameter in named(level).values() if parameter.type != "Bundle")
