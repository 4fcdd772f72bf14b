"""Requirements on calls: where data come from, and which status an answer has."""

from tests.cds_hooks.blackbox import calls, refusals
from tests.cds_hooks.requirement import Reason, Shown, specified

_FETCHING = "tests/cds_hooks/test_fetching.py::"

ROWS = (
    specified(27, "SHOULD", "An answer comes on the order of half a second.", calls.answers_in_time),
    specified(28, "MAY", "The data may come with the call, as prefetch.", calls.answers_from_prefetch),
    specified(
        34,
        "SHOULD",
        "Data are had from the prefetch or from the client's FHIR server, whichever there is.",
        Shown(f"{_FETCHING}test_what_is_not_sent_is_fetched"),
    ),
    specified(52, "SHOULD", "An OperationOutcome among the prefetch is noticed.", calls.tells_what_failed),
    specified(54, "SHALL", "Where needed data can be had in no way, the status is 412.", calls.refuses_without_data),
    specified(
        60,
        "MAY",
        "With a server and a token more may be read than was sent, as far as the token goes.",
        Shown(f"{_FETCHING}test_what_the_token_does_not_allow_is_not_asked_for"),
    ),
    specified(
        61,
        "SHALL",
        "Every request to the FHIR server carries the access token.",
        Shown(f"{_FETCHING}test_every_request_carries_the_lent_token"),
    ),
    specified(74, "SHALL", "A success is a 200 with an array of cards.", calls.answers_with_cards),
    specified(75, "SHALL", "It may hold an array of systemActions as well.", calls.acts_only_as_agreed),
    specified(76, "MAY", "Other statuses are 4xx or 5xx.", calls.answers_other_statuses_as_errors),
    specified(
        77, "SHOULD", "Where there is nothing to say, the array of cards is empty.", calls.says_nothing_with_no_cards
    ),
    specified(
        78,
        "SHOULD",
        "Clients take a service's earlier cards away when a hook is called anew.",
        Reason("the client's duty; nothing that a service sends or receives shows it"),
    ),
    specified(148, "MAY", "A service may take feedback.", refusals.takes_feedback),
)
