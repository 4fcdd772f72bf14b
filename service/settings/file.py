"""The TOML file that `MOODMARKER_CONFIG` names, and what a name that is no setting is told."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_settings import PydanticBaseSettingsSource

from service.settings.names import CONFIG, PREFIX, SettingsError, variable_of

if TYPE_CHECKING:
    from collections.abc import Collection


class FileSource(PydanticBaseSettingsSource):
    """The TOML file that `MOODMARKER_CONFIG` names, if it names one."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the library asks for it
        """Unused: the file is read as a whole."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The file's settings by field name."""
        path = next((value for name, value in os.environ.items() if name.upper() == CONFIG), "")
        return _read_file(Path(path), self.settings_cls.model_fields) if path else {}


def _read_file(path: Path, known: Collection[str]) -> dict[str, Any]:
    try:
        received = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{CONFIG}: {path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG}: {path} is not TOML: {error}") from error
    named = {key.lower().removeprefix(PREFIX.lower()): value for key, value in received.items()}
    if len(named) < len(received):
        raise SettingsError(f"{CONFIG}: {path} sets a name twice, with and without {PREFIX}")
    for name in named:
        require_known(name, f"{CONFIG}: {path}", known)
    return named


def require_known(name: str, place: str, known: Collection[str]) -> None:
    """Refuses a name that is no setting, with the nearest that is one."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {variable_of(near[0])}?" if near else f". Known: {', '.join(sorted(known))}"
        raise SettingsError(f"{place}: {variable_of(name)} is not a setting{hint}")


def nearest(key: str, known: Collection[str]) -> str:
    """What to write in place of a key that there is not."""
    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; the keys are: {', '.join(known)}"
