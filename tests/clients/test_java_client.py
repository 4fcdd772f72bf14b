"""Can Java's own HttpClient, which offers HTTP/2 by Upgrade unless it is told not to, post a check?"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.api.serving import serving
from tests.clients.patient import RULE, bundle

pytestmark = pytest.mark.java

PROGRAM = Path(__file__).parent / "java" / "Post.java"
PATIENCE = 90


def test_the_client_of_java_posts_a_check_as_it_is(tmp_path: Path) -> None:
    sent = tmp_path / "bundle.json"
    sent.write_text(json.dumps(bundle()), encoding="utf-8")
    with serving() as server:
        # A single file is compiled as it is run.
        command = ["java", str(PROGRAM), f"{server.url}/fhir/$mood-immune-check", str(sent)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    answers = [line.partition(" ") for line in ran.stdout.splitlines()]
    assert [status for status, _, _ in answers] == ["200", "200"]
    for _, _, body in answers:
        flags = [one["resource"] for one in json.loads(body)["entry"] if one["resource"]["resourceType"] == "Flag"]
        assert [flag["code"]["coding"][0]["code"] for flag in flags] == [RULE]
