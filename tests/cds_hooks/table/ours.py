"""What is asked of a CDS service beyond the specification."""

from tests.cds_hooks.blackbox import refusals
from tests.cds_hooks.requirement import own

ROWS = (
    own("malformed-body", "A body that is no request of a hook is a 400.", refusals.refuses_malformed_bodies),
    own("hook-instance", "A call without a UUID of its own is a 400.", refusals.needs_a_hook_instance),
    own("hook", "A call of another hook than the service's is a 400.", refusals.needs_its_own_hook),
    own("patient-id", "An id that is none of FHIR is a 400, and stands in no address.", refusals.needs_a_patient_s_id),
    own("token-without-server", "A lent token without its server is a 400.", refusals.refuses_a_token_without_server),
    own(
        "other-patient",
        "Data of another patient than the one in the context are refused.",
        refusals.refuses_another_patient_s_data,
    ),
    own(
        "unknown-members",
        "Members and extensions that are not known change nothing.",
        refusals.ignores_what_it_does_not_know,
    ),
    own("unknown-service", "A service that is not listed is a 404.", refusals.has_no_other_services),
    own(
        "unknown-card",
        "Feedback about a card that is not known is no error of the service's.",
        refusals.takes_feedback_of_unknown_cards,
    ),
)
