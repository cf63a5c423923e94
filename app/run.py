"""`run_window`: the viewer as a program."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..scenes.errors import VoileError
from ..scenes.scene import BUILTIN


def run_window(
    source: str | None = BUILTIN,
    backend: str = "gl",
    weights: Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> int:
    """Opens the window and returns when it is closed.

    Args:
        source: scene to open, "builtin" for Voile's own, None for an empty window.
        backend: name of the backend that draws at first.
        weights: a file with the scene's weights, None for the one beside it.
        settings: values that differ from the window's own, by name.

    Returns:
        Exit code: 0, or 1 where no window can be opened (the reason is on stderr).
    """
    # Qt takes its time to load; a wrong command line must not wait for it.
    from PySide6.QtCore import QCoreApplication, Qt, QTimer
    from PySide6.QtGui import QSurfaceFormat
    from PySide6.QtWidgets import QApplication

    from . import display, theme
    from .session import Session

    try:
        display.check_display()
        QSurfaceFormat.setDefaultFormat(display.surface_format())
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
        app = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(app, QApplication)
        app.setApplicationName("voile")
        app.setApplicationDisplayName("Voile")
        app.setDesktopFileName("voile")
        display.check_opengl()
        session = Session(backend, settings)
    except VoileError as error:
        print(f"voile: {error}", file=sys.stderr)
        return 1

    from .window import MainWindow

    theme.apply(app)
    app.setWindowIcon(theme.icon("cube-scan", theme.ACCENT))
    window = MainWindow(session)
    window.show()
    if source is not None:
        window.open(source, weights)
    # Ctrl+C in the terminal: Python sees it only while it runs, so let it run now and then.
    before = signal.signal(signal.SIGINT, lambda *_: window.close())
    beat = QTimer(window)
    beat.start(250)
    beat.timeout.connect(_let_python_run)
    try:
        return app.exec()
    finally:
        signal.signal(signal.SIGINT, before)


def _let_python_run() -> None:
    """Python handles signals between two of its instructions; here are some."""
