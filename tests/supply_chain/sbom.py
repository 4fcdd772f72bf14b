"""The bill of materials of what is shipped: `python -m tests.supply_chain.sbom LOCK ENVIRONMENT BILL`.

Of two CycloneDX files the first lists the pinned packages with their hashes, the second the licences and what depends
on what; neither has both. Runs in the environment of the generator, whose validator it asks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.supply_chain.names import normalised

Json = dict[str, Any]


def merged(lock: Json, environment: Json) -> Json:
    """The bill: every pinned package, and nothing else that happens to be installed."""
    installed = {normalised(one["name"]): one for one in environment["components"]}
    components = [_component(one, installed.get(normalised(one["name"]), {})) for one in lock["components"]]
    root = environment["metadata"]["component"]["bom-ref"]
    refs = {one["bom-ref"]: one["purl"] for one in environment["components"]} | {root: root}
    kept = {root, *(one["purl"] for one in components)}
    needs = {refs[one["ref"]]: [refs[need] for need in one.get("dependsOn", [])] for one in environment["dependencies"]}
    graph = [{"ref": ref, "dependsOn": sorted(kept.intersection(needs.get(ref, [])))} for ref in sorted(kept)]
    return {**environment, "components": components, "dependencies": graph}


def _component(pinned: Json, installed: Json) -> Json:
    """Whatever is pinned for another platform is not installed here, and has no licence to be read."""
    told: Json = {key: installed[key] for key in ("description", "licenses") if key in installed}
    named = {key: value for key, value in pinned.items() if key != "description"}
    return {**named, **told, "bom-ref": pinned["purl"]}


def main(lock: str, environment: str, bill: str) -> None:
    """Writes the bill; ends with what is wrong if it is none."""
    text = json.dumps(merged(json.loads(Path(lock).read_bytes()), json.loads(Path(environment).read_bytes())), indent=1)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise SystemExit(f"The bill of materials is not as CycloneDX 1.6 has it: {fault}")
    Path(bill).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
