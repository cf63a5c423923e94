"""Settings as a JSON file: `{"voile": "0.1.0", "settings": {"mode": "binned", ...}}`.

Values by name; a setting that is missing keeps what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..scenes.errors import plain
from ..scenes.json_text import JsonError, decode
from .output import write_whole
from .settings import Settings, SettingsError

LARGEST = 1 << 20
"""Bytes beyond which a file holds something else."""


class _File(msgspec.Struct):
    voile: str
    settings: dict[str, Any]


def load_settings(path: Path) -> dict[str, Any]:
    """Checked values by name. Raises SettingsError: names file, field and what is allowed."""
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError(f"{path}: too large for a file of settings; choose another")
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        values = decode(data, _File).settings
        checked = Settings.from_dict(values)
    except JsonError as error:
        raise SettingsError(f"{path}: not a file of settings: {error}") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {plain(str(error))}") from error
    return {name: getattr(checked, name) for name in values}


def save_settings(values: Mapping[str, Any], path: Path) -> None:
    """Writes values by name. Raises OutputError: the disk refuses."""
    from .. import __version__

    data = msgspec.json.format(msgspec.json.encode(_File(__version__, dict(values))))
    write_whole(path, lambda to: to.write_bytes(data))
