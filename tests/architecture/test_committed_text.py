"""Does every committed file speak of the product alone?"""

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, committed, shown

# Put together from halves, so that this file passes its own test.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "registry.yarn" + "pkg"]
HOSTS += ["repo.mav" + "en", "repo1.mav" + "en", "maven." + "org", "deb.deb" + "ian", "proxy.gol" + "ang"]
PLACES = ["/ro" + "ot/", "/wo" + "rk/", "/hom" + "e/[a-z]", "/User" + "s/[a-z]", "/opt/whe" + "els"]
DOWNLOAD = r"https?://[^\s\"'<>)]+\.(?:whl|tgz|tar\.gz|tar\.xz|zip|jar|deb|exe)\b"
BANNED = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.-]){place}" for place in PLACES), DOWNLOAD]))


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def test_no_registry_host_machine_path_or_download_address() -> None:
    found = [
        f"{shown(path)}:{number}: {match.group()}"
        for path in committed()
        for number, line in enumerate((_text(path) or "").splitlines(), 1)
        if (match := BANNED.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.txt")), ids=shown)
def test_every_pinned_requirement_has_its_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", lock.read_text(encoding="utf-8")).strip())
    loose = [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
    assert entries
    assert not loose


def test_changelog_speaks_to_clinicians_first() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.split(r"(?m)^## ", text)[1:]
    assert releases
    for release in releases:
        assert re.findall(r"(?m)^### (.+)$", release)[:2] == ["Rules", "API"], release.splitlines()[0]
