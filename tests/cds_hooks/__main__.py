"""`python -m tests.cds_hooks --base-url URL`: does a CDS service meet CDS Hooks 2.0, as far as can be seen from outside?

Prints a line for each requirement. The exit code is 0 where none failed, 1 where one did, and 2 for wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.cds_hooks.blackbox.session import Session
from tests.cds_hooks.blackbox.tokens import Tokens, TokensOfCommand, TokensOfKey
from tests.cds_hooks.examining import FAILED, examined

_SECONDS = 30.0


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.cds_hooks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base-url", required=True, help="where the service is: the address before /cds-services")
    parser.add_argument("--service", default="", help="the id of the one service to look at; all without it")
    parser.add_argument("--patient", type=Path, help="a Bundle of a made-up patient that the service has cards for")
    parser.add_argument("--origin", default="", help="the origin of a web page that may call, for CORS")
    parser.add_argument("--system-actions", action="store_true", help="it was agreed that systemActions are taken")
    signing = parser.add_mutually_exclusive_group()
    signing.add_argument("--token-command", help="prints a new token; the address is its last argument")
    signing.add_argument("--key-file", type=Path, help="a private JSON Web Key, or a set with one, to sign tokens with")
    parser.add_argument("--issuer", default="", help="the iss of tokens; needed with --key-file")
    parser.add_argument("--audience", default="", help="what stands in aud before the path, if not the base address")
    parser.add_argument("--jku", default="", help="the address of the key set, if tokens are to name it")
    chosen = parser.parse_args(given)
    if chosen.key_file and not chosen.issuer:
        parser.error("--key-file needs --issuer")
    return chosen


def _tokens(chosen: argparse.Namespace) -> Tokens | None:
    if chosen.token_command:
        return TokensOfCommand(chosen.token_command)
    if chosen.key_file:
        more = {"audience": chosen.audience, "jku": chosen.jku}
        return TokensOfKey.of_file(chosen.key_file, chosen.issuer, chosen.base_url, **more)
    return None


def _resources(file: Path | None) -> list[dict[str, Any]] | None:
    if file is None:
        return None
    return [entry["resource"] for entry in json.loads(file.read_text(encoding="utf-8"))["entry"]]


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(given: list[str] | None = None) -> int:
    """Looks at a service, and prints what was seen."""
    chosen = arguments(given)
    outcomes: Counter[str] = Counter()
    with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
        session = Session(
            chosen.base_url,
            client,
            tokens=_tokens(chosen),
            service=chosen.service,
            origin=chosen.origin,
            agreed_actions=chosen.system_actions,
            resources=_resources(chosen.patient),
        )
        for result in examined(session):
            outcomes[result.outcome] += 1
            _print(result.line)
    _print(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    return 1 if outcomes[FAILED] else 0


if __name__ == "__main__":
    sys.exit(main())
