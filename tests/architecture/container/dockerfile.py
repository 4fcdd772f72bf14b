"""Reads a Dockerfile and carries out its steps in a folder, for machines without a container engine.

Only the words that our Dockerfile uses are known; any other fails the suite rather than being passed over.
Absolute paths of the image become paths below the folder. What a base image brings is not tested here.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = {"CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "WORKDIR"}


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction."""

    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The steps from one FROM to the next."""

    image: str
    name: str
    steps: tuple[Step, ...]

    def all(self, word: str) -> list[str]:
        """What follows each use of a word."""
        return [step.rest for step in self.steps if step.word == word]

    def one(self, word: str) -> str:
        """What follows the only use of a word."""
        (rest,) = self.all(word)
        return rest

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the stage sets, not yet expanded."""
        return dict(pair.split("=", 1) for rest in self.all("ENV") for pair in shlex.split(rest))


def read(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text(encoding="utf-8"))
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not line.strip():
            continue
        word, rest = line.split(None, 1)
        assert word in KNOWN, f"the replay does not know {word}"
        if word == "FROM":
            image, *alias = rest.split()
            stages.append(Stage(image, alias[1] if alias else str(len(stages)), ()))
        else:
            last = stages.pop()
            stages.append(Stage(last.image, last.name, (*last.steps, Step(word, rest))))
    return stages


@dataclass
class Replay:
    """Carries out stages below `root`; `python` stands for the interpreter of the base image."""

    root: Path
    context: Path
    python: str
    workdir: str = "/"
    finished: dict[str, Path] = field(default_factory=dict)

    def build(self, stages: list[Stage]) -> None:
        """Carry out every stage; afterwards `root` holds what the last one leaves."""
        places = {place for stage in stages for place in self._places(stage)}
        for number, stage in enumerate(stages):
            self.root.mkdir()
            self.workdir = "/"
            for step in stage.steps:
                match step.word:
                    case "WORKDIR":
                        self.workdir = step.rest
                        self.inside(self.workdir).mkdir(parents=True, exist_ok=True)
                    case "COPY":
                        self._copy(step.rest)
                    case "RUN":
                        self._run(step.rest, places)
                    case _:
                        pass  # says how the image is run
            if number < len(stages) - 1:
                self.finished[stage.name] = self.root.rename(self.root.with_name(f"stage-{stage.name}"))

    def inside(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.inside(self.workdir) / path

    def environment(self, stage: Stage) -> dict[str, str]:
        """What a process in the image finds in its environment."""
        host = f"{self._shim()}:/usr/bin:/bin"
        return {
            name: re.sub(r"(?<![\w.])/opt/", f"{self.root}/opt/", value).replace("$PATH", host)
            for name, value in {"PATH": "$PATH", **stage.environment}.items()
        }

    @staticmethod
    def _places(stage: Stage) -> set[str]:
        copied = {shlex.split(rest)[-1] for rest in stage.all("COPY")} | set(stage.all("WORKDIR"))
        made = {match for rest in stage.all("RUN") for match in re.findall(r"-m venv (/\S+)", rest)}
        return {place for place in copied | made if place.startswith("/")}

    def _copy(self, rest: str) -> None:
        words = shlex.split(rest)
        source = self.context
        if words[0].startswith("--from="):
            source = self.finished[words.pop(0).removeprefix("--from=")]
        *names, target = words
        destination = self.inside(target)
        for name in names:
            thing = source / name.lstrip("/")
            if thing.is_dir():
                ignore = shutil.ignore_patterns("__pycache__") if source == self.context else None
                shutil.copytree(thing, destination, symlinks=True, ignore=ignore, dirs_exist_ok=True)
            else:
                into = destination / thing.name if target.endswith("/") else destination
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(thing, into)

    def _run(self, command: str, places: set[str]) -> None:
        for place in sorted(places, key=len, reverse=True):
            command = re.sub(rf"(?<![\w./]){re.escape(place)}(?=/|\s|$)", str(self.root) + place, command)
        result = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.inside(self.workdir),
            env=_without_python(os.environ) | {"PATH": f"{self._shim()}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, f"RUN {command}\n{result.stdout}{result.stderr}"

    def _shim(self) -> Path:
        folder = self.root.with_name("base-image")
        folder.mkdir(exist_ok=True)
        shim = folder / "python"
        shim.write_text(f'#!/bin/sh\nexec {shlex.quote(self.python)} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
        return folder


def _without_python(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("PYTHON", "COV", "MOODMARKER")) and name != "VIRTUAL_ENV"
    }


def exec_form(rest: str) -> list[str]:
    """The argument list of a CMD or ENTRYPOINT; a HEALTHCHECK's comes after its options."""
    words: list[str] = json.loads(rest[rest.index("[") :])
    return words
