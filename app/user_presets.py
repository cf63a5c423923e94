"""`UserPresets`: presets of the user's own, kept as one JSON file each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from psygnal import Signal

from ..render.presets import NAMES, PRESETS
from ..render.settings import Settings, SettingsError
from ..render.settings_file import load_settings, save_settings

log = logging.getLogger(__name__)

LONGEST = 40
"""Letters of a name."""


class UserPresets:
    """Presets by name, in a folder of files that `--settings` reads as well.

    A file that cannot be read is passed over, which is logged.

    Args:
        folder: made when the first preset is saved.

    Attributes:
        changed: emitted when there are others.
    """

    changed = Signal()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._presets: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            try:
                self._presets[unquote(path.stem)] = load_settings(path)
            except SettingsError as error:
                log.warning("a preset is ignored: %s", error)

    @property
    def values(self) -> Mapping[str, Mapping[str, Any]]:
        """Values of the settings by preset."""
        return self._presets

    def save(self, name: str, settings: Settings) -> None:
        """Keeps what presets say of these settings under a name, in place of what it was.

        Raises:
            SettingsError: a name that cannot be, or is one of the built-in presets.
            OutputError: the disk refuses.
        """
        self._keep(name, {each: getattr(settings, each) for each in NAMES})

    def load(self, path: Path) -> str:
        """Takes a file of settings in, under its own name, which is returned.

        Raises:
            SettingsError: it cannot be read, or its name cannot be a preset's.
            OutputError: the disk refuses.
        """
        name = unquote(path.stem)
        self._keep(name, load_settings(path))
        return name

    def rename(self, name: str, new: str) -> None:
        """Raises SettingsError as `save`, and where the new name is taken."""
        new = _checked(new)
        if new == name:
            return
        if new in self._presets:
            raise SettingsError(f"there is a preset {new!r} already; choose another name")
        self._keep(new, self._presets[name])
        self.delete(name)

    def delete(self, name: str) -> None:
        """Forgets a preset."""
        del self._presets[name]
        self._path(name).unlink(missing_ok=True)
        self.changed.emit()

    def _keep(self, name: str, values: dict[str, Any]) -> None:
        name = _checked(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        save_settings(values, self._path(name))
        self._presets[name] = values
        self.changed.emit()

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe=' ')}.json"


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST:
        raise SettingsError(f"a preset's name has 1 to {LONGEST} letters")
    if name.casefold() in {each.casefold() for each in PRESETS}:
        raise SettingsError(f"{name} is built in; choose another name")
    return name
