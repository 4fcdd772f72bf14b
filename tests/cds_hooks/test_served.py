"""Does the service as it is started meet every requirement that can be seen from outside, with and without clients?"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import httpx
import pytest

from tests.api.serving import Served, serving
from tests.architecture.tree import ROOT
from tests.cds_hooks.__main__ import main
from tests.cds_hooks.blackbox.patient import made_up_patient
from tests.cds_hooks.blackbox.session import Session
from tests.cds_hooks.blackbox.tokens import TokensOfCommand
from tests.cds_hooks.examining import FAILED, NOT_APPLICABLE, PASSED, examined
from tests.cds_hooks.model_service import KEY
from tests.cds_hooks.requirement import SPECIFIED, Reason, Shown
from tests.cds_hooks.table import REQUIREMENTS

CHECKED = [one.id for one in REQUIREMENTS if not isinstance(one.proof, Reason | Shown)]
ISSUER, PAGE, AUDIENCE = "https://ehr.example", "https://pages.ehr.example", "https://moodmarker.example"
_LINE = re.compile(rf"(\S+) +\S+(?: NOT)? +({PASSED}|{FAILED}|{NOT_APPLICABLE}) +(\S.*)")
# Of these our answers have nothing to be looked at: we tell no address of the source and no icon, recommend no suggestion, delete nothing, link to
# an app alone, and extend nothing. TLS is for what is reached over a network.
NOTHING_TO_SEE = {f"{SPECIFIED}{number}" for number in (2, 107, 109, 111, 112, 121, 133, 134, 135, 147, 168, 214, 215)}


class Seen(dict[str, str]):
    """The outcome of each requirement, and the exit code."""

    def __init__(self, *arguments: str) -> None:
        printed = io.StringIO()
        with redirect_stdout(printed):
            self.code = main(list(arguments))
        *lines, self.last = printed.getvalue().splitlines()
        matches = [_LINE.fullmatch(line) for line in lines]
        assert all(matches), printed.getvalue()
        super().__init__({match[1]: match[2] for match in matches if match})
        self.why = {match[1]: match[3] for match in matches if match}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client's private key."""
    file = tmp_path_factory.mktemp("client") / "key.json"
    file.write_text(json.dumps({"keys": [KEY.as_dict(private=True)]}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def open_one() -> Iterator[Served]:
    """The service as it is started without settings."""
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def closed_one(key_file: Path) -> Iterator[Served]:
    """The service of a site with a client, a SMART app and an address of its own."""
    public = key_file.with_name("public.json")
    public.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}), encoding="utf-8")
    client = {"issuer": ISSUER, "key_file": str(public), "origins": [PAGE], "system_actions": True}
    launch = "https://app.example/launch"
    with serving(CDS_CLIENTS=json.dumps({"ehr": client}), PUBLIC_URL=AUDIENCE, CDS_LAUNCH_URL=launch) as served:
        yield served


@pytest.fixture(scope="module")
def seen_open(open_one: Served) -> Seen:
    return Seen("--base-url", open_one.url)


def signing(key_file: Path) -> list[str]:
    return ["--key-file", str(key_file), "--issuer", ISSUER, "--audience", AUDIENCE]


@pytest.fixture(scope="module")
def seen_closed(closed_one: Served, key_file: Path) -> Seen:
    return Seen("--base-url", f"{closed_one.url}/", *signing(key_file), "--origin", PAGE, "--service", "mood-immune")


@pytest.mark.parametrize("name", CHECKED)
def test_the_service_meets(name: str, seen_open: Seen, seen_closed: Seen) -> None:
    outcomes = {seen_open[name], seen_closed[name]}
    assert FAILED not in outcomes, (seen_open.why[name], seen_closed.why[name])
    assert (PASSED in outcomes) == (name not in NOTHING_TO_SEE), (seen_open.why[name], seen_closed.why[name])


def test_every_requirement_has_its_line(seen_open: Seen, seen_closed: Seen) -> None:
    for seen in (seen_open, seen_closed):
        assert list(seen) == [one.id for one in REQUIREMENTS]
        assert seen.code == 0
        assert FAILED not in seen.last


_SIGNING = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.cds_hooks.blackbox.tokens import TokensOfKey
print(TokensOfKey.of_file(Path({file!r}), {issuer!r}, {base!r}, audience={audience!r}).token(sys.argv[1]))
"""


def test_tokens_may_come_from_a_command(closed_one: Served, key_file: Path, tmp_path: Path) -> None:
    """A site that keeps its key elsewhere has a program that signs."""
    script = tmp_path / "sign.py"
    named = {"root": str(ROOT), "file": str(key_file), "issuer": ISSUER, "base": closed_one.url, "audience": AUDIENCE}
    script.write_text(_SIGNING.format(**named), encoding="utf-8")
    with httpx.Client(trust_env=False) as client:
        session = Session(closed_one.url, client, tokens=TokensOfCommand(f"{sys.executable} {script}"))
        discovered = [one for one in REQUIREMENTS if one.id == f"{SPECIFIED}13"]
        assert [result.outcome for result in examined(session, discovered)] == [PASSED]


def test_a_service_without_a_token_is_told_by_its_exit_code(closed_one: Served) -> None:
    seen = Seen("--base-url", closed_one.url)
    assert seen.code == 1
    assert seen[f"{SPECIFIED}13"] == FAILED
    assert "failed" in seen.last


def test_a_key_needs_its_issuer(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--base-url", "http://127.0.0.1:1", "--key-file", str(key_file)])
    assert ended.value.code == 2
    assert "--issuer" in capsys.readouterr().err


def test_another_patient_may_be_given(open_one: Served, tmp_path: Path) -> None:
    """One of whom there is nothing to say, so that there is no card to look at."""
    file = tmp_path / "patient.json"
    person = made_up_patient()[0] | {"id": "somebody-else"}
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": person}]}), encoding="utf-8")
    seen = Seen("--base-url", open_one.url, "--patient", str(file))
    assert seen[f"{SPECIFIED}83"] == NOT_APPLICABLE
    assert seen.code == 0
