"""Does `moodmarker serve` refuse what is not safe, before anything listens?"""

import pytest

from tests.cli.calling import call


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--host", "0.0.0.0"), "MOODMARKER_ALLOW_UNAUTHENTICATED"),  # noqa: S104
        (("--host", "::"), "MOODMARKER_ALLOW_UNAUTHENTICATED"),
        (("--host", "ehr.example"), "MOODMARKER_ALLOW_UNAUTHENTICATED"),
        (("--port", "70000"), "MOODMARKER_PORT"),
        (("--workers", "0"), "MOODMARKER_WORKERS"),
    ],
)
def test_a_setting_that_is_not_safe_is_refused(arguments: tuple[str, ...], told: str) -> None:
    called = call("serve", *arguments)
    assert called.code == 2
    assert told in called.err
