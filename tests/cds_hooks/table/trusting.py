"""Requirements on who is believed, and how what is said is kept from others."""

from tests.cds_hooks.blackbox import believing, exchange
from tests.cds_hooks.requirement import Reason, Shown, specified

_TOKENS = "tests/security/test_cds_tokens.py::"
_MUTUAL = (
    "a permission that is used by whoever runs the proxy in front, where TLS ends; tokens are demanded all the same"
)

ROWS = (
    specified(168, "SHALL", "Everything goes over TLS.", exchange.goes_over_tls),
    specified(175, "MAY", "Both ends may be known by their certificates.", Reason(_MUTUAL)),
    specified(
        176, "SHALL", "A client is known by its signature on a JSON Web Token.", believing.knows_clients_by_signature
    ),
    specified(177, "SHOULD", "Where data could be told, the caller has to say who it is.", believing.needs_a_token),
    specified(179, "MAY", "Certificates of both ends may be used beside tokens.", Reason(_MUTUAL)),
    specified(
        195, "SHOULD", "Issuers and addresses of keys are believed from a list.", believing.believes_the_listed_alone
    ),
    specified(199, "SHALL", "Without a jku the keys are known in another way.", believing.knows_keys_without_address),
    specified(
        200,
        "SHOULD",
        "Algorithms are those of JSON Web Algorithms.",
        Shown(f"{_TOKENS}test_other_algorithms_are_refused_though_the_key_could_verify_them"),
    ),
    specified(201, "SHALL NOT", "Unsigned tokens are refused.", believing.refuses_unsigned_tokens),
    specified(203, "SHALL NOT", "Tokens signed with a shared secret are refused.", believing.refuses_shared_secrets),
    specified(
        205,
        "SHOULD",
        "ES384 and RS384 are understood.",
        Shown(f"{_TOKENS}test_both_algorithms_of_the_specification_are_taken"),
    ),
    specified(
        206,
        "SHOULD",
        "Clients look after their choice of algorithm as times change.",
        Reason("the client's duty; a service can only refuse, as @207 does"),
    ),
    specified(
        207,
        "DEPRECATED",
        "Which algorithms are understood is weighed by the risk that is taken.",
        Shown(f"{_TOKENS}test_a_client_may_be_held_to_one_algorithm"),
    ),
    specified(208, "SHALL", "Pages of known origins can ask from a browser (CORS).", believing.lets_pages_ask),
)
