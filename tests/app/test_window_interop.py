"""The window shows frames of CUDA without the host where it can, and says so where it cannot.

A stand-in draws on the CPU and hands over frames as the CUDA backend does; the window, its OpenGL
and everything between are real.
"""

import numpy as np
import pytest
from fake_interop import FakeInterop

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")
torch = pytest.importorskip("torch")

from voile.app import backends, frame_worker  # noqa: E402
from voile.render import create_renderer  # noqa: E402
from voile.render.cpu.renderer import CPURenderer  # noqa: E402
from voile.render.device_frame import DeviceFrame  # noqa: E402
from voile.render.renderer import BackendFailed  # noqa: E402

SHARED = "Transfer shared with OpenGL"


class Cuda(FakeInterop):
    """What draws, and CUDA's side of sharing.

    Attributes:
        gone: what downloading a frame raises.
    """

    def __init__(self):
        super().__init__()
        self.gone = None

    def renderer(self, name):
        return OnDevice(self) if name == "cuda" else create_renderer(name)


class OnDevice(CPURenderer):
    name = "cuda"

    def __init__(self, cuda):
        super().__init__()
        self._cuda = cuda

    def draw(self, request):
        return self._cuda.frame(self.render(request), self._cuda.gone)


@pytest.fixture
def cuda(monkeypatch):
    made = Cuda()
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda self, stream: made.note("keep"))
    for module in (backends, frame_worker):
        monkeypatch.setattr(module, "create_renderer", made.renderer)
    return made


@pytest.fixture
def drawn_by_cpu(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    picture = look(window)
    assert "Transfer" not in window.overlays.hud.text()
    return picture


def same(picture, expected):
    assert np.abs(picture.astype(int) - expected).max() <= 1


def test_frames_are_shared_and_let_go_with_what_they_show(
    cuda, make_window, show, look, ply, other_ply, drawn_by_cpu
):
    window = show(make_window("cuda"), ply)
    same(look(window), drawn_by_cpu)
    assert SHARED in window.overlays.hud.text()
    assert cuda.names().count("register") == 1
    copies = cuda.names().count("copy")
    window.session.navigator.orbit(0.2, 0.0)
    assert (look(window) != drawn_by_cpu).any()
    assert cuda.names().count("copy") > copies
    assert cuda.names().count("register") == 1

    window.resize(560, 400)  # another size, another buffer
    look(window)
    assert cuda.names().count("register") >= 2
    assert len(cuda.held) == 1

    registered = cuda.names().count("register")
    show(window, other_ply)  # another scene
    look(window)
    assert cuda.names().count("register") == registered + 1
    assert len(cuda.held) == 1

    window.actions_.backends["cpu"].trigger()
    look(window)
    assert not cuda.held
    assert "Transfer" not in window.overlays.hud.text()

    window.actions_.backends["cuda"].trigger()
    look(window)
    assert cuda.held
    window.close()
    assert not cuda.held
    assert "download" not in cuda.names()


@pytest.mark.parametrize(
    ("refused", "reason"),
    [("devices", "no CUDA device draws the window"), ("register", "no buffer can be registered"),
     ("map", "the buffer cannot be written"), ("copy", "the frame cannot be copied")],
)  # fmt: skip
def test_where_it_cannot_be_frames_come_by_the_host_and_it_is_said(
    cuda, make_window, show, look, ply, drawn_by_cpu, refused, reason
):
    cuda.refuses = {refused}
    window = show(make_window("cuda"), ply)
    same(look(window), drawn_by_cpu)
    assert f"Transfer host copy: {reason}" in window.overlays.hud.text()
    assert not cuda.held
    downloads = cuda.names().count("download")
    assert downloads >= 1
    # It is not tried again: later frames come as arrays from the start.
    before = len(cuda.log)
    window.session.navigator.orbit(0.2, 0.0)
    assert (look(window) != drawn_by_cpu).any()
    assert len(cuda.log) == before
    assert f"Transfer host copy: {reason}" in window.overlays.hud.text()
    assert not window.overlays.banners


def test_another_context_is_tried_anew(cuda, make_window, show, look, ply, drawn_by_cpu):
    cuda.refuses = {"register"}
    window = show(make_window("cuda"), ply)
    look(window)
    cuda.refuses = set()
    viewport = window.viewport
    viewport._release_gl()
    viewport.makeCurrent()
    viewport.initializeGL()
    viewport.doneCurrent()
    same(look(window), drawn_by_cpu)
    assert SHARED in window.overlays.hud.text()
    viewport._release_gl()  # as when the context goes
    assert not cuda.held
    viewport.makeCurrent()
    viewport.initializeGL()
    viewport.doneCurrent()
    same(look(window), drawn_by_cpu)
    assert cuda.held


def test_what_needs_arrays_says_why(cuda, make_window, show, look, ply, tmp_path, qtbot):
    window = show(make_window("cuda"), ply)
    session, hud = window.session, window.overlays.hud
    look(window)
    session.settings.mode = "stochastic"
    look(window)
    assert "Transfer host copy: frames are averaged" in hud.text()
    assert not cuda.held
    session.settings.mode = "sorted"
    session.settings.shown = "alpha"
    look(window)
    assert "Transfer host copy: a debug view is drawn" in hud.text()
    session.settings.shown = "colour"
    look(window)
    assert SHARED in hud.text()
    session.comparison.backend = "cpu"
    session.comparison.active = True
    qtbot.waitUntil(lambda: window.viewport.drawer.compared is not None, timeout=20_000)
    look(window)
    assert "Transfer host copy: two pictures are compared" in hud.text()
    assert "B to A exact" in hud.text()
    session.comparison.active = False
    look(window)
    window.pictures.save(tmp_path / "kept.png")
    qtbot.waitUntil((tmp_path / "kept.png").exists, timeout=20_000)
    assert isinstance(window.viewport.drawer.shown[0].frame, DeviceFrame), "the window's stays"


def test_a_gpu_that_stops_meanwhile_is_told_and_another_backend_draws(
    cuda, make_window, show, look, ply, qtbot, drawn_by_cpu
):
    cuda.refuses, cuda.gone = {"map"}, BackendFailed("cuda", "the GPU stopped working.")
    window = make_window("cuda")
    window.open(str(ply))
    qtbot.waitUntil(lambda: window.session.backend == "gl", timeout=30_000)
    look(window)
    assert any("the GPU stopped working" in banner.text for banner in window.overlays.banners)
    assert "Transfer" not in window.overlays.hud.text()
