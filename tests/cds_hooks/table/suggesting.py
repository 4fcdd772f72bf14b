"""Requirements on suggestions and their actions."""

from tests.cds_hooks.blackbox import suggestions
from tests.cds_hooks.requirement import Reason, Shown, specified

_OPTIONAL = "a permission to leave it out; where it is there, {} shows that it is right"

ROWS = (
    specified(92, "SHALL", "Suggestions are an array of objects.", suggestions.are_an_array),
    specified(93, "SHALL", "Suggestions come with a selectionBehavior.", suggestions.come_with_a_behavior),
    specified(94, "MAY", "A card may have suggestions.", Reason(_OPTIONAL.format("@92"))),
    specified(95, "SHALL", "The selectionBehavior is at-most-one or any.", suggestions.have_a_known_behavior),
    specified(96, "SHALL", "The selectionBehavior is a string.", suggestions.have_a_behavior_as_text),
    specified(117, "SHALL", "A suggestion has a label, as a string.", suggestions.have_a_label),
    specified(118, "MAY", "A suggestion may have a uuid.", Reason(_OPTIONAL.format("@119"))),
    specified(
        119, "SHALL", "A suggestion's uuid is a string, and no other suggestion's.", suggestions.have_unique_uuids
    ),
    specified(120, "MAY", "A suggestion may say whether it is recommended.", Reason(_OPTIONAL.format("@121"))),
    specified(121, "SHALL", "Whether it is recommended is a boolean.", suggestions.are_recommended_or_not),
    specified(122, "MAY", "Several are recommended only where any may be chosen.", suggestions.are_recommended_once),
    specified(123, "MAY", "A suggestion may have actions.", Reason(_OPTIONAL.format("@124"))),
    specified(124, "SHALL", "Actions are an array of objects.", suggestions.have_actions),
    specified(
        125,
        "SHALL",
        "All actions of a suggestion are done together, so that their references resolve.",
        suggestions.refer_to_what_is_there,
    ),
    specified(127, "SHALL", "An action's type is create, update or delete.", suggestions.have_actions_of_a_type),
    specified(128, "SHALL", "An action has a description, as a string.", suggestions.have_actions_in_words),
    specified(
        129,
        "MAY",
        "Clients may show the description.",
        Reason("a permission of the client's; @128 shows that there is one to show"),
    ),
    specified(130, "SHALL", "An action's resource is one of FHIR.", suggestions.have_actions_with_resources),
    specified(131, "SHALL", "What is created is a resource that is new.", suggestions.create_what_is_new),
    specified(
        132,
        "SHALL",
        "What is updated is given whole, with all that does not change.",
        Shown("tests/cds_hooks/test_lifecycle.py::test_an_update_holds_the_whole_resource"),
    ),
    specified(
        133, "SHALL", "What is deleted is not named in the place of a resource.", suggestions.delete_without_resource
    ),
    specified(134, "SHALL", "What is deleted is named in resourceId.", suggestions.delete_by_reference),
    specified(135, "SHALL", "resourceId is a string.", suggestions.name_resources_as_text),
)
