"""Frames of CUDA reach OpenGL without the host: in which order, by what, and why not.

CUDA's side is a stand-in, OpenGL is real: what is presented is compared with the frame itself.
"""

import importlib
import logging

import moderngl
import numpy as np
import pytest
from fake_interop import FakeInterop
from gl_context import gl_renderer

from voile.render import BackendUnavailable
from voile.render.cuda.device import GPULauncher, check_driver
from voile.render.cuda.interop import MappedBuffer
from voile.render.device_frame import NotShared
from voile.render.frame import Frame
from voile.render.gl.present import Presenter

pytestmark = pytest.mark.gl
torch = pytest.importorskip("torch")

ONE_FRAME = ["set_current", "wait", "map", "copy", "unmap", "keep"]
REGISTERING = ["set_current", "devices", "register"]
BACKGROUND = (0.2, 0.5, 0.9)


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    yield renderer
    renderer.close()


@pytest.fixture
def fake(monkeypatch):
    made = FakeInterop()
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda self, stream: made.note("keep"))
    return made


@pytest.fixture
def presenter(gl, fake):
    with gl.ctx:
        made = Presenter(gl.ctx)
    yield made
    fake.refuses.clear()
    with gl.ctx:
        made.release()


@pytest.fixture
def show(gl, presenter):
    """Presents a frame; (H, W, 3) what is seen then."""

    def show(frame, width=31, height=17):
        with gl.ctx:
            target = gl.ctx.framebuffer([gl.ctx.texture((width, height), 3)])
            try:
                presenter.present(target, frame, BACKGROUND)
                data = target.read(components=3, alignment=1)
            finally:
                target.color_attachments[0].release()
                target.release()
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1]

    return show


def picture(seed=0, width=31, height=17) -> Frame:
    rng = np.random.default_rng(seed)
    alpha = rng.uniform(0, 1, (height, width)).astype(np.float32)
    color = rng.uniform(0, 1, (height, width, 3)).astype(np.float32) * alpha[..., None]
    return Frame(color, alpha)


def check(seen, whole: Frame):
    assert np.abs(seen.astype(int) - whole.to_rgb8(BACKGROUND)).max() <= 1


def test_a_buffer_is_registered_once_and_every_frame_is_mapped_copied_and_unmapped(fake, show):
    for seed in range(3):
        whole = picture(seed)
        check(show(fake.frame(whole)), whole)
    assert fake.names() == REGISTERING + 3 * ONE_FRAME
    (registered,) = (entry for entry in fake.log if entry[0] == "register")
    assert registered[2] == "write_discard"


def test_a_frame_that_is_presented_again_is_not_copied_again(fake, show):
    whole = picture()
    frame = fake.frame(whole)
    show(frame)
    before = list(fake.log)
    check(show(frame), whole)
    assert fake.log == before


def test_another_size_is_registered_anew_after_the_first_is_let_go(fake, show):
    show(fake.frame(picture()))
    fake.log.clear()
    whole = picture(1, 40, 20)
    check(show(fake.frame(whole), 40, 20), whole)
    assert fake.names() == ["set_current", "unregister", *REGISTERING, *ONE_FRAME]
    assert len(fake.held) == 1


@pytest.mark.parametrize("how", ["let_go", "release"])
def test_nothing_is_held_once_it_is_let_go(gl, fake, presenter, show, how):
    whole = picture()
    frame = fake.frame(whole)
    show(frame)
    assert fake.held
    with gl.ctx:
        getattr(presenter, how)()
    assert not fake.held
    assert fake.names()[-2:] == ["set_current", "unregister"]
    if how == "let_go":  # and it begins anew
        check(show(frame), whole)
        assert fake.names()[-9:] == REGISTERING + ONE_FRAME


def test_all_is_done_on_torchs_current_stream(fake, show):
    for stream, name in ((0, "legacy"), (77, "stream 77")):
        fake.log.clear()
        fake.stream = stream
        show(fake.frame(picture()))
        assert [e for e in fake.log if e[0] in ("map", "copy", "unmap")] == [
            ("map", name), ("copy", stream), ("unmap", name)
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        ("set_current", r"no buffer can be registered \(CUDA_ERROR_OF_SET_CURRENT\)$"),
        ("devices", r"no CUDA device draws the window \(CUDA_ERROR_NO_DEVICE\)$"),
        ("register", r"no buffer can be registered \(CUDA_ERROR_OF_REGISTER\)$"),
        ("wait", r"cannot be written \(CUDA_ERROR_OF_WAIT\)$"),
        ("map", r"cannot be written \(CUDA_ERROR_OF_MAP\)$"),
        ("copy", r"cannot be copied \(CUDA_ERROR_ILLEGAL_ADDRESS\)$"),
        ("unmap", r"cannot be written \(CUDA_ERROR_OF_UNMAP\)$"),
    ],
)
def test_what_the_driver_refuses_is_the_reason_and_nothing_stays_held(fake, show, refused, reason):
    whole = picture()
    frame = fake.frame(whole)
    fake.refuses = {refused}
    with pytest.raises(NotShared, match=reason):
        show(frame)
    assert not fake.held
    if refused == "copy":
        assert "unmap" in fake.names(), "a copy that fails leaves nothing mapped"
    fake.refuses = set()
    check(show(frame), whole)


def test_another_gpu_that_draws_the_window_is_named(fake, show):
    fake.devices = [2, 3]
    with pytest.raises(NotShared, match=r"drawn by CUDA device 2, 3, frames by 0$"):
        show(fake.frame(picture()))
    assert "register" not in fake.names()


def test_where_opengl_has_no_room_for_the_buffer_that_is_the_reason(gl, fake, show, monkeypatch):
    def full(**asked):
        raise moderngl.Error("cannot create buffer")

    with monkeypatch.context() as patch:
        patch.setattr(gl.ctx, "buffer", full)
        with pytest.raises(NotShared, match=r"no room for it \(cannot create buffer\)"):
            show(fake.frame(picture()))
    assert not fake.log
    whole = picture(2)
    check(show(fake.frame(whole)), whole)


def test_a_mapped_buffer_that_is_too_small_is_not_written(fake, show):
    fake.short = 16
    size = 31 * 17 * 16
    with pytest.raises(NotShared, match=rf"has {size - 16} of {size} bytes"):
        show(fake.frame(picture()))
    assert "copy" not in fake.names()
    assert not fake.held


def test_a_driver_that_does_not_unregister_is_told_in_the_log(gl, fake, presenter, show, caplog):
    show(fake.frame(picture()))
    fake.refuses = {"unregister"}
    with gl.ctx, caplog.at_level(logging.WARNING):
        presenter.let_go()
    assert "does not let go of OpenGL's buffer: CUDA_ERROR_OF_UNREGISTER" in caplog.text
    fake.refuses = set()
    whole = picture(3)
    check(show(fake.frame(whole)), whole)


def test_the_packages_take_what_they_are_given():
    """Without a driver every call gets as far as looking for one: names and arguments are right."""
    core = pytest.importorskip("cuda.core")
    driver = pytest.importorskip("cuda.bindings.driver")
    missing = importlib.import_module("cuda.pathfinder").DynamicLibNotFoundError
    try:
        check_driver()
    except BackendUnavailable:
        pass
    else:
        pytest.skip("there is a GPU here")
    for call in (
        lambda: core.Device(0).set_current(),
        lambda: core.GraphicsResource.from_gl_buffer(1, flags="write_discard"),
        lambda: driver.cuGLGetDevices(16, driver.CUGLDeviceList.CU_GL_DEVICE_LIST_ALL),
        lambda: driver.cuMemcpyDtoDAsync(4096, 8192, 64, 0),
    ):
        with pytest.raises(missing):
            call()
    assert core.Stream.from_handle(4096).__cuda_stream__() == (0, 4096)
    assert isinstance(core.LEGACY_DEFAULT_STREAM, core.Stream)
    for name in ("map", "unmap", "close"):
        assert callable(getattr(core.GraphicsResource, name))
    with pytest.raises(NotShared, match="no buffer can be registered"):
        MappedBuffer(core, driver, torch, 0, 1)


def test_an_event_on_torchs_stream_is_waited_for_by_the_stream_that_reads():
    """`GPULauncher.fence` with torch's part of a GPU stood in for."""
    log, stream = [], ["of the worker"]

    class Event:
        def record(self, on):
            log.append(("record", on))

    class Stream:
        def __init__(self, name):
            self.name = name

        def wait_event(self, event):
            assert isinstance(event, Event)
            log.append(("wait", self.name))

    class Current:
        @staticmethod
        def current_stream(device):
            assert device == "cuda:1"
            return Stream(stream[0])

    Current.Event = Event
    launcher = object.__new__(GPULauncher)
    launcher.device, launcher._torch = "cuda:1", type("Torch", (), {"cuda": Current})
    ready = launcher.fence()
    stream[0] = "of the window"
    ready()
    assert [(what, getattr(on, "name", on)) for what, on in log] == [
        ("record", "of the worker"), ("wait", "of the window")
    ]  # fmt: skip
