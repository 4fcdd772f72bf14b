"""Requirements on the exchange as a whole, the discovery, and prefetch templates."""

from tests.cds_hooks.blackbox import exchange, offers, templates
from tests.cds_hooks.requirement import Reason, specified

ROWS = (
    specified(1, "SHALL", "Bodies are JSON in both directions.", exchange.is_json),
    specified(2, "SHALL", "They go over HTTPS.", exchange.goes_over_tls),
    specified(
        3, "SHALL NOT", "No member is null or empty where that is not provided for.", exchange.has_nothing_null_or_empty
    ),
    specified(4, "SHALL", "The discovery is at cds-services below the base address.", offers.is_where_it_belongs),
    specified(5, "SHALL", "A GET of the discovery is answered at any time.", offers.answers_every_time),
    specified(6, "SHALL", "The discovery is an object whose services are an array.", offers.is_a_list_of_services),
    specified(7, "SHALL", "Each service names its hook, as a string.", offers.has_a_hook),
    specified(8, "SHOULD", "Each service has a title.", offers.has_a_title),
    specified(9, "SHALL", "Each service has a description, as a string.", offers.has_a_description),
    specified(10, "SHALL", "Each service has an id, as a string.", offers.has_an_id),
    specified(11, "MAY", "A service's prefetch, if any, is an object.", offers.has_prefetch_as_object),
    specified(12, "MAY", "A service's usageRequirements, if any, are a string.", offers.has_usage_requirements_as_text),
    specified(13, "SHALL", "A discovery that succeeds has the status 200.", offers.answers_with_200),
    specified(
        14,
        "MAY",
        "A discovery that does not succeed may have a status of 4xx or 5xx.",
        Reason("a permission; the statuses that are used stand in openapi.json, and @177 shows the 401"),
    ),
    specified(16, "SHALL", "A service is called at its id below the discovery.", offers.has_services_at_their_ids),
    specified(
        29,
        "SHALL",
        "What is to be prefetched is registered as templates in the discovery.",
        offers.registers_its_templates,
    ),
    specified(
        35,
        "MAY",
        "Templates may hold tokens that stand for fields of the context.",
        Reason("a permission; that the tokens in use are right is shown by @55, @56, @57 and @59"),
    ),
    specified(36, "SHALL", "Each template has a key, under which its data are sent.", offers.tells_templates_apart),
    specified(55, "SHALL", "Tokens stand in double braces.", templates.has_tokens_in_double_braces),
    specified(
        56, "SHALL", "A token is a path into the context or one of the user ids.", templates.has_tokens_that_are_known
    ),
    specified(
        57,
        "SHALL",
        "A token reaches no deeper than the root of the context.",
        templates.has_tokens_of_the_context_s_root,
    ),
    specified(58, "SHOULD", "Queries use only what every client is expected to understand.", templates.asks_simply),
    specified(
        59, "SHALL", "The token of a context field begins with context and a point.", templates.has_tokens_named_context
    ),
    specified(
        210,
        "MAY",
        "Cards shown before may be replaced by calling the service under another hook.",
        Reason("a permission; that services share an id for it is shown by @211"),
    ),
    specified(
        211,
        "SHALL",
        "That cards are to be replaced is told by services of one id.",
        offers.shares_ids_across_hooks_only,
    ),
    specified(
        212,
        "SHOULD",
        "Clients take the old cards away when new ones replace them.",
        Reason("the client's duty; nothing that a service sends or receives shows it"),
    ),
    specified(
        213,
        "SHALL",
        "Service and client agree on the hooks that a patient's safety depends on.",
        Reason("agreed between people when a client is connected; usageRequirements in the discovery begin that talk"),
    ),
)
