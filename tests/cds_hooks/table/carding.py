"""Requirements on cards, their source, their Codings and their links."""

from tests.cds_hooks.blackbox import cards, links
from tests.cds_hooks.requirement import Reason, Shown, specified

_OPTIONAL = "a permission to leave it out; where it is there, {} shows that it is right"

ROWS = (
    specified(80, "SHALL", "A card's uuid is a string that no other card has.", cards.has_unique_uuids),
    specified(
        81,
        "MAY",
        "A card's uuid may be left out.",
        Reason("a permission that is not used: without a uuid no feedback could name the card, so @80 demands it"),
    ),
    specified(
        82,
        "MAY",
        "The uuid may serve to log and audit cards.",
        Shown("tests/cds_hooks/test_feedback.py::test_what_is_kept_is_rule_version_outcome_and_reason"),
    ),
    specified(83, "SHALL", "A summary has fewer than 140 characters.", cards.has_a_short_summary),
    specified(84, "MAY", "A card may have a detail.", Reason(_OPTIONAL.format("@85"))),
    specified(85, "SHALL", "The detail is GitHub Flavored Markdown.", cards.has_detail_in_markdown),
    specified(87, "SHALL", "A card has an indicator of urgency, as a string.", cards.has_an_indicator),
    specified(88, "SHALL", "It is info, warning or critical.", cards.has_a_known_indicator),
    specified(
        89,
        "SHALL",
        "Clients may sort and colour by the indicator.",
        Reason("a permission of the client's; that the indicator can be relied on is shown by @88"),
    ),
    specified(90, "SHALL", "A card has a source, as an object.", cards.has_a_source),
    specified(98, "SHALL", "Override reasons are an array of Codings.", cards.has_reasons_as_codings),
    specified(99, "MAY", "A card may offer override reasons.", Reason(_OPTIONAL.format("@98"))),
    specified(100, "SHALL", "Each override reason has a display.", cards.has_reasons_in_words),
    specified(103, "SHALL", "Links are an array of objects.", links.are_an_array),
    specified(104, "MAY", "A card may have links.", Reason(_OPTIONAL.format("@103"))),
    specified(105, "SHALL", "A source has a label, as a string.", cards.has_a_source_label),
    specified(
        106,
        "MAY",
        "A client may make the label the text of a link to the source.",
        Reason("a permission of the client's; @105 shows that the label is there for it"),
    ),
    specified(107, "SHALL", "A source's address is absolute.", cards.has_an_absolute_source_url),
    specified(108, "MAY", "A source may have an address.", Reason(_OPTIONAL.format("@107"))),
    specified(
        109, "SHOULD NOT", "A source's address leads to no view of this patient.", cards.has_a_source_url_for_anybody
    ),
    specified(
        110,
        "SHOULD",
        "What leads to a view of this patient is a link of the card.",
        Shown("tests/cds_hooks/test_links.py::test_the_app_is_launched_by_a_link"),
    ),
    specified(111, "SHALL", "A source's icon is at an absolute address.", cards.has_an_absolute_icon),
    specified(112, "SHOULD", "An icon is a PNG of 100 by 100 pixels, opaque.", cards.has_an_icon_of_100_pixels),
    specified(113, "MAY", "A source may have an icon.", Reason(_OPTIONAL.format("@111"))),
    specified(115, "SHALL", "A source's topic is a Coding.", cards.has_a_topic_as_coding),
    specified(116, "MAY", "A source may have a topic.", Reason(_OPTIONAL.format("@115"))),
    specified(
        136, "SHALL", "Why a card may be overridden is offered in words that people read.", cards.has_reasons_in_words
    ),
    specified(138, "SHALL", "A link has a label, as a string.", links.have_a_label),
    specified(139, "SHALL", "A link has an address.", links.have_an_address),
    specified(
        140,
        "MAY",
        "A link's address may lead deep into an application.",
        Reason("a permission; the one link of ours launches an app, whose address the site sets"),
    ),
    specified(141, "SHALL", "A link has a type, as a string.", links.have_a_type),
    specified(142, "SHALL", "A link's type is absolute or smart.", links.have_a_known_type),
    specified(144, "SHALL", "A link's appContext is a string.", links.have_context_as_text),
    specified(145, "MAY", "A link may have an appContext.", Reason(_OPTIONAL.format("@144"))),
    specified(
        146, "SHOULD", "An appContext is on links of the type smart alone.", links.have_context_for_smart_apps_alone
    ),
    specified(147, "SHALL NOT", "An absolute link has no appContext.", links.have_no_context_when_absolute),
    specified(214, "SHALL", "An extension is a JSON object.", links.extend_with_objects),
    specified(215, "SHOULD", "Members of extensions have names that nobody else uses.", links.extend_by_unique_names),
    specified(216, "SHALL", "A Coding has a code.", cards.has_codes_in_codings),
    specified(217, "SHALL", "A Coding has a system.", cards.has_systems_in_codings),
    specified(218, "SHALL", "The code of a Coding is a string.", cards.has_codes_in_codings),
    specified(219, "SHALL", "The Coding of an override reason has a display, as a string.", cards.has_reasons_in_words),
    specified(220, "SHALL", "The Coding of a topic may have a display.", cards.has_topics_in_words_or_none),
)
