"""Whether a window can be opened here. Qt aborts the process where it cannot, so we ask first."""

from __future__ import annotations

import ctypes
import os
import socket
import sys

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from ..scenes.errors import VoileError

HEADLESS = "Without a window, `voile render SCENE -o out.png --backend cpu` draws to a file."


class DisplayError(VoileError):
    """No window can be opened; the text says why and what works without one."""


def surface_format() -> QSurfaceFormat:
    """OpenGL 4.3 core, 8 bits linear, no samples: frames are resolved before they get here."""
    wanted = QSurfaceFormat()
    wanted.setRenderableType(QSurfaceFormat.RenderableType.OpenGL)
    wanted.setVersion(4, 3)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setDepthBufferSize(0)
    wanted.setStencilBufferSize(0)
    wanted.setSamples(0)
    wanted.setSwapInterval(1)
    return wanted


def check_display() -> None:
    """Before a QApplication is made. Raises DisplayError: no display, or a library is missing."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM", "xcb") not in (
        "xcb",
        "wayland;xcb",
    ):
        return
    if os.environ.get("WAYLAND_DISPLAY") and "QT_QPA_PLATFORM" not in os.environ:
        return
    display = os.environ.get("DISPLAY", "")
    if not display:
        raise DisplayError(f"there is no display (DISPLAY is not set). {HEADLESS}")
    if not _answers(display):
        raise DisplayError(f"the display {display} does not answer. {HEADLESS}")
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as error:
        raise DisplayError(
            "the library libxcb-cursor is missing, which Qt needs for windows. "
            f"Debian, Ubuntu: apt install libxcb-cursor0. {HEADLESS}"
        ) from error


def check_opengl() -> None:
    """After a QApplication was made. Raises DisplayError: no OpenGL 4.3 for windows."""
    platform = QGuiApplication.platformName()
    context = QOpenGLContext()
    context.setFormat(surface_format())
    surface = QOffscreenSurface()
    surface.setFormat(surface_format())
    surface.create()
    fix = "Install a graphics driver, or Mesa's software one (apt install libgl1-mesa-dri)."
    if not context.create() or not context.makeCurrent(surface):
        raise DisplayError(
            f"the display (Qt platform {platform!r}) has no OpenGL. {fix} {HEADLESS}"
        )
    version = context.format().version()
    context.doneCurrent()
    if tuple(version) < (4, 3):
        raise DisplayError(
            f"the display has OpenGL {version[0]}.{version[1]}; the window needs 4.3. "
            f"{fix} {HEADLESS}"
        )


def _answers(display: str) -> bool:
    """Whether an X server listens at a DISPLAY such as ":1", "unix:0.0" or "host:10.0"."""
    host, _, number = display.rpartition(":")
    screen = number.split(".")[0]
    if not screen.isdigit():
        return False
    if host in ("", "unix") or host.startswith("/"):
        path = f"/tmp/.X11-unix/X{screen}"
        return any(_connects(socket.AF_UNIX, address) for address in (f"\0{path}", path))
    try:
        with socket.create_connection((host, 6000 + int(screen)), timeout=5):
            return True
    except OSError:
        return False


def _connects(family: int, address: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        try:
            client.connect(address)
        except OSError:
            return False
    return True
