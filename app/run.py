"""`run_window`: the viewer as a program."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..scenes.builtin import BUILTIN
from ..scenes.errors import VoileError
from ..scenes.io.vis import is_image

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def run_window(
    source: str | None = BUILTIN,
    backend: str = "gl",
    weights: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    meshes: Sequence[Path] = (),
    material: str | None = None,
    log: Path | None = None,
    log_level: str = "info",
) -> int:
    """Opens the window and returns when it is closed.

    Args:
        source: scene to open, a file or the name of one of Voile's own, None for an empty window.
        backend: name of the backend that draws at first.
        weights: a file with the scene's weights, None for the one beside it.
        meshes: files of meshes to put among the splats.
        material: what all of it is made of, by name or file.
        settings: values that differ from the window's own, by name.
        log, log_level: as in `start_log`.

    Returns:
        Exit code: 0, or 1 where no window can be opened (the reason is on stderr).
    """
    # Qt takes its time to load; a wrong command line must not wait for it.
    from PySide6.QtCore import QCoreApplication, Qt, QTimer
    from PySide6.QtGui import QIcon, QSurfaceFormat
    from PySide6.QtWidgets import QApplication

    from . import dialogs, display, preferences, theme
    from .keeper import autosave_folder, left_sessions, put_aside
    from .logs import CrashReport, start_log, tell_reports
    from .session import Session
    from .theme_choice import worn
    from .window import MainWindow

    try:
        start_log(log, log_level)
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

    theme.apply(app, worn(preferences.load(preferences.default_path()).theme))
    app.setWindowIcon(QIcon(f"{theme.ASSETS}/voile.svg"))
    if source is not None and is_image(Path(source)):
        return show_image(app, Path(source))
    window = MainWindow(session)
    window.show()
    for report in tell_reports()[:1]:
        window.overlays.notify("Voile ended without being closed last time", report_words(report))
    left = left_sessions(autosave_folder())
    if left and dialogs.ask_recover(window):
        source, weights = str(put_aside(left[0])), None
    elif left:
        put_aside(left[0])  # it stays, to be opened by hand
    crash = CrashReport()
    crash.start()

    def note_scene() -> None:
        if session.opened is not None:
            crash.note(session.opened.scene.source)

    session.scene_changed.connect(note_scene)
    if source is not None:
        window.open(source, weights, meshes, material)
    # Ctrl+C in the terminal: Python sees it only while it runs, so let it run now and then.
    before = signal.signal(signal.SIGINT, lambda *_: window.close())
    beat = QTimer(window)
    beat.start(250)
    beat.timeout.connect(_let_python_run)
    try:
        return app.exec()
    finally:
        signal.signal(signal.SIGINT, before)
        crash.close()


def show_image(app: QApplication, path: Path) -> int:
    """The window of an image made of splats, alone; returns when it is closed."""
    from .image_window import ImageWindow

    window = ImageWindow()
    window.show()
    window.open(path)
    return app.exec()


def report_words(report: Path) -> str:
    """What a crash report says was open, and where it is."""
    try:
        lines = report.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    opened = next((line[6:] for line in lines if line.startswith("open: ")), "nothing")
    return f"{opened} was open. The report is in {report}."


def _let_python_run() -> None:
    """Python handles signals between two of its instructions; here are some."""
