"""Where the committed contracts are: beside the package, in a checkout of the project."""

from __future__ import annotations

from pathlib import Path

import service
from service.settings import SettingsError


def contracts_folder() -> Path:
    """The folder contracts/; an installed package has none."""
    folder = Path(service.__file__).resolve().parents[1] / "contracts"
    if not folder.is_dir():
        raise SettingsError("There is no folder contracts/ beside the package: run this in a checkout of the project.")
    return folder
