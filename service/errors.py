"""Problems that stop a whole request; each names the element at fault and the remedy. No HTTP words here.

Problem
 +- BodyUnreadable        not JSON, too deep, or not the shape
 +- BodyTooLarge          past a size, entry or decompression limit
 +- UnsupportedContent    a media type, content coding or FHIR version that is not read
 +- UnacceptableContent   an answer format that is not written
 +- InvalidParameter      a parameter that is unknown, repeated or has a wrong value
 +- MixedPatients         a second patient: no flags at all
 +- MissingSubject        entries, but nobody they belong to
 +- RequiredDataMissing   what has to be there before anything can be said
 +- NotFound              no such resource or operation
 +- Overloaded            try again later
     +- KeysNotFetched    the keys that a token is checked with cannot be had
 +- DeadlineExceeded      the work took too long
 +- Throttled             too much of one caller at a time
 +- NotAuthenticated      the caller has to say who it is
     +- NotBelieved       it said so, and is told nothing of why it is not believed
     +- TokenRefused      the token that it sent is not taken
 +- NotAllowed            the operator has not allowed this
     +- ScopeMissing      the caller's token does not allow it
 +- UpstreamFailed        a FHIR server did not give the patient
     +- UpstreamTooSlow   it did not in time
"""

from __future__ import annotations


class Problem(Exception):
    """A request that cannot be answered: `code` is a FHIR IssueType, `expression` a FHIRPath (or empty)."""

    code = "exception"

    def __init__(self, text: str, expression: str = "", *, limit: str = "") -> None:
        """`text` says what is wrong and how to mend it; it never repeats patient data.

        `limit` is the name of the setting that the request is past, empty where it is none.
        """
        super().__init__(text)
        self.text = text
        self.expression = expression
        self.limit = limit


class BodyUnreadable(Problem):
    """The body is not JSON, nests too deep, or is not the shape the operation takes."""

    code = "structure"


def too_deep() -> BodyUnreadable:
    """What is said of a body that nests deeper than can be read at all."""
    text = "The body nests too deep to be read. Send it with fewer levels: MOODMARKER_MAX_DEPTH says how many are read."
    return BodyUnreadable(text, limit="max_depth")


class BodyTooLarge(Problem):
    """The body is past a limit, before or after decompression."""

    code = "too-long"


class UnsupportedContent(Problem):
    """The media type, content coding or FHIR version of the body is not read here."""

    code = "not-supported"


class UnacceptableContent(Problem):
    """The answer cannot be written in any format that the caller accepts."""

    code = "not-supported"


class InvalidParameter(Problem):
    """A parameter is unknown, given twice, or has a value that is not allowed."""

    code = "value"


class MixedPatients(Problem):
    """The data belong to more than one patient, so nothing is evaluated."""

    code = "processing"


class MissingSubject(Problem):
    """There are entries, but no patient they belong to."""

    code = "required"


class RequiredDataMissing(Problem):
    """The data that have to be there before anything can be said could not be had."""

    code = "required"


class NotFound(Problem):
    """There is no such resource or operation here."""

    code = "not-found"


class Overloaded(Problem):
    """The service has as much work as it takes; trying again later helps."""

    code = "throttled"


class KeysNotFetched(Overloaded):
    """Nobody can say whether a token is good, as the keys of who signed it cannot be had at the moment."""

    code = "transient"


class Throttled(Problem):
    """One caller asks too often, or has failed too often; `seconds` is when to come again."""

    code = "throttled"

    def __init__(self, text: str, expression: str = "", *, seconds: float = 60.0, limit: str = "") -> None:
        """As every problem, and with how long to wait."""
        super().__init__(text, expression, limit=limit)
        self.seconds = seconds


class DeadlineExceeded(Problem):
    """The work was given up because it took longer than allowed."""

    code = "timeout"


class NotAuthenticated(Problem):
    """The caller has to say who it is, or may not do this."""

    code = "login"


class NotBelieved(NotAuthenticated):
    """The caller is not known by what it sent; the reason is for the log, and no answer tells it."""

    def __init__(self) -> None:
        """Without a text, as there is nobody to read it."""
        super().__init__("")


class TokenRefused(NotAuthenticated):
    """The caller's token is not taken; why is for the log, and no answer tells it."""

    def __init__(self) -> None:
        """With one text, whatever is wrong."""
        super().__init__("The token that was sent is not taken. Get a new one; the service's log has the reason.")


class NotAllowed(Problem):
    """The operator has not allowed this; it can be turned on."""

    code = "forbidden"


class ScopeMissing(NotAllowed):
    """The caller is known, and its token does not allow this; `scope` is what would."""

    def __init__(self, text: str, *, scope: str) -> None:
        """`scope` is one way to write what is needed."""
        super().__init__(text)
        self.scope = scope


class UpstreamFailed(Problem):
    """A FHIR server that the service fetches from did not give even the patient."""

    code = "transient"


class UpstreamTooSlow(UpstreamFailed):
    """A FHIR server did not give the patient in time."""

    code = "timeout"
