"""`voile install-desktop`: Voile in the menu of a Linux desktop, with its icon."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ...render.output import write_whole
from ...scenes.errors import VoileError

ENTRY = """[Desktop Entry]
Type=Application
Name=Voile
GenericName=Gaussian splat viewer
Comment=View, compare and film Gaussian splat scenes
Exec={command} view %f
Icon=voile
Terminal=false
Categories=Graphics;3DGraphics;Viewer;
Keywords=3D;splat;gaussian;ply;spz;sog;
StartupWMClass=voile
"""


class DesktopError(VoileError):
    """The entry cannot be made; the text says why."""


def install_desktop(*, remove: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Puts Voile into the menu of the desktop, for this user (Linux).

    Parameters
    ----------
    remove
        Takes it out again.
    """
    if not sys.platform.startswith("linux"):
        raise DesktopError("only Linux desktops have menu entries of this kind")
    entry, icon = places()
    if remove:
        for path in (entry, icon):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise DesktopError(f"{path}: cannot be removed: {error.strerror}") from error
        print(f"removed {entry} and {icon}")
        return 0
    for path in (entry, icon):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DesktopError(f"{path.parent}: cannot be made: {error.strerror}") from error
    text = ENTRY.format(command=_command())
    drawing = resources.files("voile.app").joinpath("assets", "voile.svg").read_bytes()
    write_whole(icon, lambda to: to.write_bytes(drawing))
    write_whole(entry, lambda to: to.write_text(text, encoding="utf-8"))
    print(f"{entry}\n{icon}")
    return 0


def places() -> tuple[Path, Path]:
    """Where the entry and the icon of a user are (XDG base directories, icon theme hicolor)."""
    share = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    icons = share / "icons" / "hicolor" / "scalable" / "apps"
    return share / "applications" / "voile.desktop", icons / "voile.svg"


def _command() -> str:
    """What starts this Voile, quoted as the Desktop Entry Specification says."""
    beside = Path(sys.executable).with_name("voile")
    found = str(beside) if beside.exists() else shutil.which("voile")
    words = [found] if found else [sys.executable, "-m", "voile"]
    quoted = []
    for word in words:
        for letter in '\\"`$':
            word = word.replace(letter, f"\\{letter}")
        quoted.append('"' + word.replace("\\", "\\\\").replace("%", "%%") + '"')
    return " ".join(quoted)
