"""The window shows frames of CUDA without the host where it can, and says so where it cannot.

A stand-in draws on the CPU and hands over frames as the CUDA backend does; the window, its OpenGL
and everything between are real.
"""

import copy
from dataclasses import replace
from typing import get_args, get_type_hints

import numpy as np
import pytest
from cuda_host import HostCopy, HostLauncher
from fake_interop import FakeInterop
from make_images import make_image

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")
torch = pytest.importorskip("torch")

from voile import Settings  # noqa: E402
from voile.app import backends, job_renderers  # noqa: E402
from voile.render import create_renderer  # noqa: E402
from voile.render.accumulate import ArrayMean  # noqa: E402
from voile.render.cpu.renderer import CPURenderer  # noqa: E402
from voile.render.cuda.frame import Room  # noqa: E402
from voile.render.cuda.renderer import CUDARenderer  # noqa: E402
from voile.render.cuda.work import Work  # noqa: E402
from voile.render.device_frame import Apart, DeviceFrame, Outcome  # noqa: E402
from voile.render.display import developed  # noqa: E402
from voile.render.frame import Frame  # noqa: E402
from voile.render.heat import heat, limit_for  # noqa: E402
from voile.render.measuring import difference  # noqa: E402
from voile.render.renderer import BackendFailed  # noqa: E402
from voile.scenes.io.vis import save_image  # noqa: E402

SHARED = "Transfer shared with OpenGL"


class Cuda(FakeInterop):
    """What draws, and CUDA's side of sharing.

    Attributes:
        gone: what drawing a frame as arrays raises.
        incomplete: how many frames are to lack splats.
    """

    def __init__(self):
        super().__init__()
        self.gone, self.incomplete = None, 0

    def renderer(self, name):
        return OnDevice(self) if name == "cuda" else create_renderer(name)


class OnDevice(CPURenderer):
    name = "cuda"

    def __init__(self, cuda):
        super().__init__()
        self._cuda, self.share = cuda, cuda.share

    def render(self, request):
        self._cuda.log.append(("array",))
        if self._cuda.gone is not None:
            raise self._cuda.gone
        return super().render(request)

    def draw(self, request, canvas, *, averaged=False, kept=False):
        way = request.settings
        self._cuda.log.append(("frame", way.mode, way.samples, way.accumulate, request.seed))
        whole, outcome = super().render(request), None
        if averaged:
            told = Outcome(True, whole.timings, whole.stats)
            return DeviceFrame(canvas, lambda: None, lambda wait: told, whole, kept=kept)
        if self._cuda.incomplete:
            self._cuda.incomplete -= 1
            outcome = Outcome(False, whole.timings, whole.stats)
            whole = Frame(whole.color * 0, whole.alpha * 0)
        frame = self._cuda.draw(whole, canvas, outcome)
        return replace(frame, picture=Kept(self._cuda, whole)) if kept else frame

    def new_mean(self):
        return Mean(self._cuda)


class Kept:
    """Pixels "on the device"."""

    def __init__(self, cuda, whole):
        self._cuda, self._whole = cuda, whole

    def frame(self):
        self._cuda.log.append(("fetched",))
        return self._whole

    def difference(self, other, settings, canvas=None):
        self._cuda.log.append(("compared", canvas is not None))
        pictures = (developed(each._whole, settings) for each in (self, other))
        found = difference(*(each.over(settings.background) for each in pictures))
        limit, colors = limit_for(found.absolute), None
        if canvas is not None:
            picture = heat(found.absolute, limit)
            colors = self._cuda.draw(Frame(picture, np.ones_like(found.absolute)), canvas)
        return Apart(found.psnr, found.max_error, limit, colors)


class Mean(ArrayMean):
    def __init__(self, cuda):
        super().__init__()
        self._cuda = cuda

    def add(self, frame, count):
        mean = super().add(frame.color, count)
        shown = self._cuda.draw(mean, frame.canvas)
        return replace(shown, picture=Kept(self._cuda, mean)) if frame.kept else shown


@pytest.fixture
def cuda(monkeypatch):
    made = Cuda()
    for module in (backends, job_renderers):
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
    frames = cuda.names().count("draw")
    window.session.navigator.orbit(0.2, 0.0)
    assert (look(window) != drawn_by_cpu).any()
    assert cuda.names().count("draw") > frames
    assert cuda.names().count("register") == 1

    window.resize(560, 400)  # another size, another buffer
    look(window)
    assert cuda.names().count("register") >= 2
    assert len(cuda.held) == 1

    registered = cuda.names().count("register")
    show(window, other_ply)  # another scene
    look(window)
    assert cuda.names().count("register") == registered, "of the same size"
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
    assert "array" not in cuda.names()


@pytest.mark.parametrize(
    ("refused", "reason"),
    [("devices", "no CUDA device draws the window"), ("register", "no buffer can be registered"),
     ("map", "the buffer cannot be mapped"), ("unmap", "the buffer cannot be unmapped")],
)  # fmt: skip
def test_where_it_cannot_be_frames_come_by_the_host_and_it_is_said(
    cuda, make_window, show, look, ply, drawn_by_cpu, refused, reason
):
    cuda.refuses = {refused}
    window = show(make_window("cuda"), ply)
    same(look(window), drawn_by_cpu)
    assert f"Transfer host copy: {reason}" in window.overlays.hud.text()
    assert not cuda.held
    # It is not tried again: later frames come as arrays.
    before = len(cuda.log)
    window.session.navigator.orbit(0.2, 0.0)
    assert (look(window) != drawn_by_cpu).any()
    assert set(cuda.names()[before:]) == {"array"}
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


def test_every_view_stays_where_it_was_drawn(cuda, make_window, show, look, ply, tmp_path, qtbot):
    shown = [each for each in get_args(get_type_hints(Settings)["shown"]) if each != "colour"]
    pictures = {}
    for backend in ("cpu", "cuda"):
        window = show(make_window(backend), ply)
        for each in shown:
            window.session.settings.shown = each
            pictures[backend, each] = look(window)
            if backend == "cuda":
                assert SHARED in window.overlays.hud.text(), each
    for each in shown:
        same(pictures["cuda", each], pictures["cpu", each])
    assert "array" not in cuda.names()
    window.pictures.save(tmp_path / "kept.png")
    qtbot.waitUntil((tmp_path / "kept.png").exists)
    assert isinstance(window.viewport.drawer.shown[0].frame, DeviceFrame), "the window's stays"
    assert "array" in cuda.names()


def test_the_scale_of_a_view_is_said_when_it_is_known(cuda, make_window, show, look, ply, qtbot):
    window = show(make_window("cuda"), ply)
    look(window)
    drawer, legend = window.viewport.drawer, window.legend
    cuda.late = True
    window.session.settings.shown = "overdraw"
    qtbot.waitUntil(lambda: drawer.shown[0].job.request.settings.shown == "overdraw")
    legend.refresh()
    assert legend.ends == ("Splats in a pixel", "0", "")
    cuda.late = False
    qtbot.waitUntil(lambda: window.viewport.settled)
    assert legend.ends[2] == f"{drawer.shown[0].stats['limit']} and more"


def test_what_needs_arrays_says_why(cuda, make_window, show, look, ply, tmp_path, qtbot):
    save_image(make_image(80, (40, 30), 4), vis := tmp_path / "image.vis")
    window = show(make_window("cuda"), ply)
    session, hud = window.session, window.overlays.hud
    window.editing.add(str(vis))  # a picture with alpha
    qtbot.waitUntil(lambda: len(session.nodes) == 2)
    look(window)
    assert "Transfer host copy: posters with alpha are blended" in hud.text()
    session.settings.shown = "overdraw"  # which has no posters in it
    look(window)
    assert SHARED in hud.text()


def test_two_pictures_are_compared_on_the_device(cuda, make_window, show, look, ply, qtbot):
    window = show(make_window("cuda"), ply)
    session, hud, drawer = window.session, window.overlays.hud, window.viewport.drawer
    comparison = session.comparison

    def done(heat):
        pair = None if drawer.compared is None else drawer.compared.pair
        if pair is None or len(drawer.shown) < 2 or not window.viewport.settled:
            return False
        frames = [drawer.shown[side].frame for side in (0, 1)]
        same = pair.a.frame is frames[0] and pair.b.frame is frames[1]
        return same and (drawer.compared.heat is not None) == heat

    def compared(heat=False):
        qtbot.waitUntil(lambda: done(heat))
        return look(window)

    look(window)
    comparison.backend, comparison.settings.mode = "cuda", "weighted"
    comparison.active = True
    both = compared()
    assert SHARED in hud.text()
    assert "B to A" in hud.text()
    assert {"array", "fetched"}.isdisjoint(cuda.names())
    frames = [drawer.shown[side].frame for side in (0, 1)]
    assert all(isinstance(frame, DeviceFrame) for frame in frames)
    # Both sides are shown: each half is that of the picture alone.
    half = both.shape[1] // 2
    wholes = [frame.picture._whole for frame in frames]
    pictures = [whole.to_rgb8(session.settings.background) for whole in wholes]
    width = both.shape[1]
    near = np.abs(both[:, : half - 40].astype(int) - pictures[0][:, : half - 40])
    assert np.quantile(near, 0.9) <= 1, "but for what lies over the picture"
    far = np.abs(both[:, half + 40 :].astype(int) - pictures[1][:, half + 40 : width])
    assert np.quantile(far, 0.9) <= 1
    exact = drawer.compared
    comparison.heat = True
    picture = compared(heat=True)
    assert ("compared", True) in cuda.log
    assert drawer.compared.psnr == exact.psnr
    assert isinstance(drawer.compared.heat, DeviceFrame), "it is drawn there too"
    a, b = (each.over(session.settings.background) for each in wholes)
    apart = difference(a, b, with_ssim=False).absolute
    colors = (255 * heat(apart, drawer.compared.limit)).astype(int)
    assert np.quantile(np.abs(picture - colors), 0.9) <= 1, "but for what lies over the picture"
    comparison.heat = False
    session.settings.exposure = 0.5
    compared()
    assert drawer.compared.psnr != exact.psnr, "as they are shown"
    assert "fetched" not in cuda.names()
    comparison.backend = "cpu"
    compared()
    assert SHARED in hud.text(), "A stays where it was drawn"
    assert "fetched" in cuda.names(), "but is wanted where B is"
    comparison.heat = True
    compared(heat=True)
    assert isinstance(drawer.compared.heat, Frame)
    assert "array" not in cuda.names()


@pytest.mark.parametrize("mode", ["sorted", "stochastic"])
@pytest.mark.parametrize("shown", ["colour", "depth"])
def test_means_are_compared_on_the_device(
    cuda, make_window, show, look, ply, qtbot, monkeypatch, mode, shown
):
    """Of A, with a B that adds up too or does not; each starts once, whatever the other does."""
    window = show(make_window("cuda"), ply)
    session, hud, drawer = window.session, window.overlays.hud, window.viewport.drawer
    settings, comparison = session.settings, session.comparison
    look(window)
    settings.mode, settings.samples, settings.accumulate = "stochastic", 2, 8
    settings.shown = shown
    comparison.backend, comparison.settings.mode = "cuda", mode
    comparison.settings.samples = 1
    comparison.active = comparison.heat = True

    def full():
        compared, sides = drawer.compared, drawer.shown
        if compared is None or len(sides) < 2 or compared.heat is None:
            return False
        frames = compared.pair.a.frame is sides[0].frame, compared.pair.b.frame is sides[1].frame
        return (
            all(frames)
            and compared.pair.heat
            and [sides[k].samples for k in (0, 1)] == [8, 8 * (mode != "sorted")]
        )

    qtbot.waitUntil(full)
    look(window)
    for samples in {2} if mode == "sorted" else {2, 1}:
        way = "frame", "stochastic", samples, 8
        seeds = [entry[4] for entry in cuda.log if entry[:4] == way]
        assert seeds == [*range(8 // samples)], "each once"
    assert isinstance(drawer.compared.heat, DeviceFrame)
    assert SHARED in hud.text()
    assert {"array", "fetched"}.isdisjoint(cuda.names())
    a, b = (drawer.shown[side].frame.picture._whole for side in (0, 1))
    background = settings.background
    expected = difference(a.over(background), b.over(background), with_ssim=False)
    assert drawer.compared.psnr == pytest.approx(expected.psnr)
    # Eight samples are the same however they come; of pictures of depth it is not so.
    alike = mode == "stochastic" and shown == "colour"
    assert (expected.psnr > 100) == alike


def test_a_frame_that_lacks_splats_is_drawn_again(cuda, make_window, show, look, ply, drawn_by_cpu):
    window = show(make_window("cuda"), ply)
    look(window)
    cuda.incomplete = 2
    frames = cuda.names().count("draw")
    window.viewport.drawer.invalidate()
    same(look(window), drawn_by_cpu)
    assert cuda.names().count("draw") == frames + 3
    assert "array" not in cuda.names()


def test_a_picture_is_final_only_when_it_is_known_to_be_whole(
    cuda, make_window, show, look, ply, qtbot
):
    window = show(make_window("cuda"), ply)
    look(window)
    hud = window.overlays.hud
    shown = window.viewport.drawer.shown[0]
    cuda.late = True
    window.session.navigator.orbit(0.2, 0.0)
    qtbot.waitUntil(lambda: window.viewport.drawer.shown[0] is not shown)
    assert window.viewport.drawer.devices.unsure
    assert not window.viewport.settled
    now = window.viewport.drawer.shown[0]
    assert now.stats == shown.stats, "what is said is of the frame before"
    cuda.late = False
    qtbot.waitUntil(lambda: window.viewport.settled)
    assert window.viewport.drawer.shown[0].frame is now.frame, "nothing is drawn for it"
    assert SHARED in hud.text()


def test_frames_are_averaged_on_the_device(cuda, make_window, show, look, ply, tmp_path, qtbot):
    pictures = {}
    for backend in ("cpu", "cuda"):
        window = show(make_window(backend), ply)
        settings = window.session.settings
        settings.mode, settings.samples, settings.accumulate = "stochastic", 2, 8
        qtbot.waitUntil(
            lambda: (
                (shown := window.viewport.drawer.shown.get(0)) is not None  # noqa: B023
                and shown.samples == 8
            )
        )
        pictures[backend] = look(window)
    assert SHARED in window.overlays.hud.text()
    assert "array" not in cuda.names()
    same(pictures["cuda"], pictures["cpu"])
    file = tmp_path / "kept.png"  # the mean on screen, read by OpenGL
    window.pictures.save(file)
    qtbot.waitUntil(file.exists)
    assert "array" not in cuda.names()
    # What was added up in one place is not gone on with in another: each begins with its first.
    drawer = window.viewport.drawer
    for reason, drawn in (("of a test", "array"), ("", "draw")):
        drawer.devices.not_shared = reason
        route, before = drawer.shown[0].route, cuda.names().count(drawn)
        drawer.invalidate()
        qtbot.waitUntil(
            lambda: (shown := drawer.shown[0]).samples == 8 and shown.route != route  # noqa: B023
        )
        assert cuda.names().count(drawn) == before + 4


def test_a_gpu_that_stops_meanwhile_is_told_and_another_backend_draws(
    cuda, make_window, show, look, ply, qtbot, drawn_by_cpu
):
    cuda.refuses, cuda.gone = {"map"}, BackendFailed("cuda", "the GPU stopped working.")
    window = make_window("cuda")
    window.open(str(ply))
    qtbot.waitUntil(lambda: window.session.backend == "gl")
    look(window)
    assert any("the GPU stopped working" in banner.text for banner in window.overlays.banners)
    assert "Transfer" not in window.overlays.hud.text()


FILES = ("project.cu", "sort.cu", "bins.cu", "modes/sorted.cu", "modes/stochastic.cu", "finish.cu",
         "views/overdraw.cu", "views/show.cu")  # fmt: skip


@pytest.fixture(scope="module")
def on_host():
    """The backend's own kernels, compiled for the host."""
    return HostLauncher(FILES)


@pytest.mark.parametrize(
    ("mode", "shown"),
    [("sorted", "colour"), ("sorted", "depth"), ("sorted", "overdraw"), ("stochastic", "colour"),
     ("stochastic", "depth"), ("stochastic", "error"), ("stochastic", "overdraw")],
)  # fmt: skip
def test_the_backend_itself_draws_into_the_window(
    on_host, monkeypatch, make_window, show, look, ply, qtbot, mode, shown
):
    """All but the GPU is real: renderer, frames that nobody waits for, and their kernels."""
    fake, made, pictures, legends = FakeInterop(), [], {}, []
    launcher = copy.copy(on_host)
    launcher.share = fake.share

    def create(name):
        if name == "cuda":
            made.append(CUDARenderer(Work(torch, launcher)))
            return made[-1]
        return create_renderer(name)

    for module in (backends, job_renderers):
        monkeypatch.setattr(module, "create_renderer", create)
    # Little room at first, of which the window learns when the picture is on screen.
    monkeypatch.setattr(Room, "for_scene", classmethod(lambda cls, splats: cls(3, 4)))
    monkeypatch.setattr(HostCopy, "late", 2)
    for backend in ("cpu", "cuda"):
        window = show(make_window(backend), ply)
        settings = window.session.settings
        settings.mode, settings.accumulate, settings.shown = mode, 2 * settings.samples, shown
        settings.storage = "float32"
        window.session.navigator.orbit(0.3, 0.1)
        look(window)
        adds = mode == "stochastic" and shown != "overdraw"
        wanted = settings.accumulate if adds else 0
        drawer = window.viewport.drawer
        qtbot.waitUntil(lambda: drawer.shown[0].samples >= wanted)  # noqa: B023
        pictures[backend] = look(window)
        legends.append(window.legend.ends)
    same(pictures["cuda"], pictures["cpu"])
    assert legends[0] == legends[1]
    assert pictures["cuda"].std() > 5
    assert SHARED in window.overlays.hud.text()
    assert fake.held
    window.close()
    assert not fake.held
