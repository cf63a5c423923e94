"""Windows under a display: a real X server, Xvfb will do."""

import logging
import math
import os
import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

PATIENCE = 120_000
"""Milliseconds that a test waits for what is to come, however busy the machine is."""

PLY_COLUMNS = ["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1",
               "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]  # fmt: skip


def pytest_collection_modifyitems(items):
    """Without a display the window's tests cannot run: a failure in CI, a skip elsewhere."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    for item in items:
        if item.get_closest_marker("window") and Path(__file__).parent in item.path.parents:
            if os.environ.get("CI") == "true":
                item.fixturenames.insert(0, "_no_display")
            else:
                item.add_marker(pytest.mark.skip(reason="no display; run under Xvfb"))


@pytest.fixture
def _no_display():
    pytest.fail("CI has no display, so the window's tests cannot run; start Xvfb")


@pytest.fixture(scope="session")
def qapp_cls():
    """The application as `run_window` sets it up."""
    from PySide6.QtCore import QCoreApplication, Qt
    from PySide6.QtGui import QSurfaceFormat
    from PySide6.QtWidgets import QApplication

    from voile.app import display

    QSurfaceFormat.setDefaultFormat(display.surface_format())
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    return QApplication


class PatientBot(QtBot):
    """What is waited for comes sooner or later: how soon is no matter of these tests."""

    def waitUntil(self, callback, *, timeout=PATIENCE):
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal, *, timeout=PATIENCE, **more):
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp, request):
    return PatientBot(request)


@pytest.fixture
def qapp(qapp):
    from voile.app import theme

    if not qapp.styleSheet():
        theme.apply(qapp)
    return qapp


def write_ply(path, n=40, seed=0):
    """A small INRIA PLY of opaque, coloured blobs in a box that is off-centre and no cube."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = np.zeros((n, len(PLY_COLUMNS)), np.float32)
    rows[:, :3] = rng.uniform((-2, -1, -1), (2, 1.5, 1), (n, 3))
    rows[:, 3:6] = rng.uniform(-1.5, 1.5, (n, 3))
    rows[:, 6] = 3.0
    rows[:, 7:10] = np.log(rng.uniform(0.05, 0.4, (n, 3)))
    rows[:, 10:14] = rng.normal(size=(n, 4))
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {n}"]
    head += [f"property float {name}" for name in PLY_COLUMNS] + ["end_header\n"]
    path.write_bytes("\n".join(head).encode() + rows.astype("<f4").tobytes())
    return path


@pytest.fixture
def ply(tmp_path):
    return write_ply(tmp_path / "small.ply")


@pytest.fixture
def other_ply(tmp_path):
    return write_ply(tmp_path / "other.ply", n=25, seed=1)


@pytest.fixture
def broken_ply(tmp_path, ply):
    """A PLY whose data ends in the middle of the splats."""
    path = tmp_path / "broken.ply"
    path.write_bytes(ply.read_bytes()[:-100])
    return path


@pytest.fixture
def preferences_path(tmp_path):
    return tmp_path / "config" / "window.json"


@pytest.fixture
def no_hurry(monkeypatch):
    """What a window does by the clock would go otherwise on a machine that is busy.

    Edits are kept at once: in a test that is quick they would be kept in none, else in some.
    """
    from voile.app import banner, gizmo_tool, history, image_window, keeper, window

    monkeypatch.setattr(keeper, "AFTER", 0)
    monkeypatch.setattr(keeper, "EVERY", 2 * PATIENCE)
    monkeypatch.setattr(banner, "STAYS", 2 * PATIENCE)
    monkeypatch.setattr(gizmo_tool, "LIVE", math.inf)
    monkeypatch.setattr(history, "GESTURE", 2 * PATIENCE)
    for module in (window, image_window):
        monkeypatch.setattr(module, "JOIN_SECONDS", PATIENCE / 1e3)


@pytest.fixture
def make_window(qapp, qtbot, activated, preferences_path, caplog, monkeypatch, no_hurry):
    """Makes windows that are ready to draw; afterwards nothing may have been logged as an error."""
    from voile.app import dialogs
    from voile.app.session import Session
    from voile.app.window import MainWindow

    monkeypatch.setenv("VOILE_DATA_DIR", str(preferences_path.parent))
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: "discard")
    made = []

    def make(backend="gl", size=(480, 360), panels=False):
        session = Session(backend)
        # A slow machine makes a slow drag of a quick one, and draws less well while the view moves:
        # what glides on and what is drawn less well are tested by themselves.
        session.settings.inertia = session.defaults.inertia = 0.0
        session.settings.frame_rate = session.defaults.frame_rate = 0
        window = MainWindow(session, preferences_path)
        if not panels:  # they would leave little of a small window
            window.docks.show_all(False)
        made.append(window)
        window.resize(*size)
        window.show()
        qtbot.waitUntil(window.isVisible)
        activated(window)
        return window

    yield make
    for window in made:
        window.close()
        qtbot.wait(1)
        window.deleteLater()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("voile task")]
    errors = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert not errors


@pytest.fixture
def activated(qtbot):
    """Makes a window the one that shortcuts go to.

    A display without a window manager has to be asked, and asked again: it refuses the focus to a
    window that it has not yet put on screen, and says nothing.
    """

    def active(window):
        window.activateWindow()
        return window.isActiveWindow()

    return lambda window: qtbot.waitUntil(lambda: active(window))


@pytest.fixture
def show(qtbot):
    """Opens a scene in a window and waits until it is on screen."""

    def show(window, path):
        window.open(str(path))
        settle(qtbot, window)
        return window

    return show


def settle(qtbot, window):
    """Waits until the picture on screen is the latest one."""

    def settled():
        return window.viewport.kernels_ready and not window.loading and (
            window.session.opened is None or window.viewport.settled
        )  # fmt: skip

    qtbot.waitUntil(settled)
    qtbot.wait(30)
    qtbot.waitUntil(settled)


def screen(window):
    """(H, W, 3) uint8 what the viewport shows, in physical pixels, without overlays."""
    import numpy as np

    image = window.viewport.grabFramebuffer().convertToFormat(_rgb888())
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def _rgb888():
    from PySide6.QtGui import QImage

    return QImage.Format.Format_RGB888


@pytest.fixture
def look(qtbot):
    """The settled picture of a window."""

    def look(window):
        settle(qtbot, window)
        return screen(window)

    return look
