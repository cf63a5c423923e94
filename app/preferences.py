"""`Preferences`: what the window remembers between runs, a JSON file in the config folder."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal

import msgspec
import platformdirs

from ..scenes.atomic import replacing
from ..scenes.json_text import JsonError, decode

RECENT = 10
"""How many scenes are remembered."""

log = logging.getLogger(__name__)


class Preferences(msgspec.Struct):
    """What is remembered.

    Attributes:
        recent: scenes opened, newest first, absolute paths.
        geometry: the window's place as Qt encodes it, base64.
        overlay: whether the overlay with frame time and counts is shown.
        docks: where the panels are, as Qt encodes it, base64.
        theme: dark, light, or what the desktop has.
    """

    recent: list[str] = msgspec.field(default_factory=list)
    geometry: str = ""
    overlay: bool = True
    docks: str = ""
    theme: Literal["system", "dark", "light"] = "dark"

    def remember(self, path: Path) -> None:
        """Puts a scene at the head of the recent ones."""
        entry = str(path.absolute())
        self.recent = [entry, *(p for p in self.recent if p != entry)][:RECENT]

    def forget(self, path: str) -> None:
        """Takes a scene off the recent ones."""
        self.recent = [p for p in self.recent if p != path]


def default_path() -> Path:
    """Where the preferences are kept; VOILE_CONFIG_DIR, where set, wins."""
    folder = os.environ.get("VOILE_CONFIG_DIR") or platformdirs.user_config_dir("voile")
    return Path(folder) / "window.json"


def load(path: Path) -> Preferences:
    """Reads preferences. A file that cannot be read is as good as none, but is logged."""
    try:
        return decode(path.read_bytes(), Preferences)
    except FileNotFoundError:
        return Preferences()
    except (OSError, JsonError) as error:
        log.warning("preferences in %s are ignored: %s", path, error)
        return Preferences()


def save(preferences: Preferences, path: Path) -> None:
    """Writes preferences; where the disk refuses they are not kept, which is logged."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(msgspec.json.format(msgspec.json.encode(preferences)))
    except OSError as error:
        log.warning("preferences are not kept: %s: %s", path, error)
