"""Frames of CUDA reach OpenGL without the host: in which order, by what, and why not.

CUDA's side is a stand-in, OpenGL is real: what is presented is compared with the frame itself.
"""

import importlib
import logging
import threading

import moderngl
import numpy as np
import pytest
from fake_interop import FakeInterop
from gl_context import gl_renderer

from voile.render import BackendUnavailable
from voile.render.cuda.device import check_driver
from voile.render.cuda.interop import MappedBuffer, Streams
from voile.render.device_frame import NotShared, Withdrawn
from voile.render.frame import Frame
from voile.render.gl import shared
from voile.render.gl.present import Presenter

pytestmark = pytest.mark.gl
torch = pytest.importorskip("torch")

REGISTERED = ["set_current", "devices", "register"]
LENT = ["set_current", "map", "record"]
DRAWN = ["wait", "draw"]
TAKEN = ["set_current", "drawn", "unmap"]
ONE_FRAME = LENT + DRAWN + TAKEN
BACKGROUND = (0.2, 0.5, 0.9)


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    yield renderer
    renderer.close()


@pytest.fixture
def fake():
    return FakeInterop()


@pytest.fixture
def presenter(gl, fake):
    with gl.ctx:
        made = Presenter(gl.ctx)
    yield made
    fake.refuses.clear()
    with gl.ctx:
        made.release()


@pytest.fixture
def lend(gl, fake, presenter):
    """A canvas for a frame of arrays."""

    def lend(whole):
        height, width = whole.alpha.shape
        with gl.ctx:
            return presenter.shared.lend((width, height), fake.share)

    return lend


@pytest.fixture
def show(gl, presenter):
    """Presents a frame; (H, W, 3) what is seen then."""

    def show(frame):
        width, height = frame.size
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


def test_a_buffer_is_registered_once_and_every_frame_is_drawn_into_it(fake, lend, show):
    for seed in range(3):
        whole = picture(seed)
        check(show(fake.draw(whole, lend(whole))), whole)
    assert fake.names() == REGISTERED + 3 * ONE_FRAME, "mapped, written and unmapped, no copy"
    (registered,) = (entry for entry in fake.log if entry[0] == "register")
    assert registered[2] == "write_discard"


def test_a_frame_that_is_presented_again_is_not_asked_for_again(fake, lend, show):
    whole = picture()
    frame = fake.draw(whole, lend(whole))
    show(frame)
    before = list(fake.log)
    check(show(frame), whole)
    assert fake.log == before


def test_a_frame_that_is_shown_can_be_read(gl, fake, presenter, lend):
    whole = picture()
    frame = fake.draw(whole, lend(whole))
    with gl.ctx:
        read = presenter.shared.read(frame)
    np.testing.assert_array_equal(read.premultiplied(), whole.premultiplied())


def test_the_next_frame_is_drawn_elsewhere_while_one_is_to_be_shown(fake, lend, show):
    first, second = picture(1), picture(2)
    drawn = fake.draw(first, lend(first))
    canvas = lend(second)
    assert len(fake.held) == 2
    check(show(drawn), first)
    check(show(fake.draw(second, canvas)), second)
    lend(first)
    assert len(fake.held) == 2, "both are free again"


def test_two_frames_are_shown_at_once(gl, fake, presenter, lend, show):
    wholes = [picture(seed) for seed in range(3)]
    frames = [fake.draw(whole, lend(whole)) for whole in wholes]
    with gl.ctx:
        presenter.shared.take(*frames[:2])
        textures = [presenter.shared.of(frame) for frame in frames[:2]]
    before = list(fake.log)
    for _ in range(2):
        for frame, whole in zip(frames[:2], wholes):
            check(show(frame), whole)
    assert fake.log == before, "neither is unpacked again"
    with gl.ctx:
        presenter.shared.take(frames[1], frames[2])
        assert presenter.shared.of(frames[2]) is textures[0], "of what is gone"
        assert presenter.shared.of(frames[1]) is textures[1]
    for frame, whole in zip(frames[1:], wholes[1:]):
        check(show(frame), whole)


def test_a_canvas_that_nobody_wants_any_more_is_lent_again_as_it_is(fake, lend, show):
    whole = picture()
    canvas = lend(whole)
    fake.draw(picture(4), canvas)
    del canvas
    check(show(fake.draw(whole, lend(whole))), whole)
    assert fake.names().count("map") == fake.names().count("register") == 1


def test_another_size_is_registered_anew_after_the_first_is_let_go(fake, lend, show):
    show(fake.draw(picture(), lend(picture())))
    fake.log.clear()
    whole = picture(1, 40, 20)
    check(show(fake.draw(whole, lend(whole))), whole)
    assert fake.names() == ["set_current", "unregister", *REGISTERED, *ONE_FRAME]
    assert len(fake.held) == 1


@pytest.mark.parametrize("how", ["let_go", "release"])
def test_nothing_is_held_once_it_is_let_go(gl, fake, presenter, lend, show, how):
    whole = picture()
    show(fake.draw(whole, lend(whole)))
    assert fake.held
    with gl.ctx:
        getattr(presenter.shared, how)()
    assert not fake.held
    assert fake.names()[-2:] == ["set_current", "unregister"]
    check(show(fake.draw(whole, lend(whole))), whole)  # and it begins anew


def test_what_is_being_drawn_is_let_go_only_with_the_context(gl, fake, presenter, lend, show):
    whole = picture()
    canvas = lend(whole)
    with gl.ctx:
        presenter.shared.let_go()
        assert fake.held, "a device may write there at any time"
        presenter.shared.release()
    assert not fake.held
    assert fake.names()[-3:] == ["set_current", "synchronize", "unregister"], "it may be under way"
    with pytest.raises(Withdrawn):
        fake.draw(whole, canvas)


def test_the_context_waits_for_who_is_about_to_draw(lend):
    canvas, done = lend(picture()), []
    with canvas.lent():
        other = threading.Thread(target=lambda: done.append(canvas.withdraw(300)))
        other.start()
        other.join(0.05)
        assert not done
    other.join(300)
    assert done == [True]


def test_the_context_does_not_wait_for_ever(gl, fake, presenter, lend, monkeypatch, caplog):
    monkeypatch.setattr(shared, "PATIENCE", 0.01)
    canvas = lend(picture())
    with canvas.lent(), gl.ctx, caplog.at_level(logging.WARNING):
        presenter.shared.release()
        assert fake.held, "whoever writes there must find it"
    assert "which is left" in caplog.text
    with pytest.raises(Withdrawn), canvas.lent():
        pass


def test_a_frame_of_a_context_that_is_gone_is_not_shown(gl, fake, presenter, lend, show):
    whole = picture()
    frame = fake.draw(whole, lend(whole))
    with gl.ctx:
        presenter.shared.release()
    with pytest.raises(Withdrawn):
        show(frame)


def test_all_is_done_on_torchs_current_stream(fake, lend, show):
    for stream, name in ((0, "legacy"), (77, "stream 77")):
        fake.log.clear()
        fake.stream = stream
        show(fake.draw(picture(), lend(picture())))
        assert [e for e in fake.log if e[0] in ("map", "unmap")] == [("map", name), ("unmap", name)]


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        ("set_current", r"no buffer can be registered \(CUDA_ERROR_OF_SET_CURRENT\)$"),
        ("devices", r"no CUDA device draws the window \(CUDA_ERROR_NO_DEVICE\)$"),
        ("register", r"no buffer can be registered \(CUDA_ERROR_OF_REGISTER\)$"),
        ("map", r"cannot be mapped \(CUDA_ERROR_OF_MAP\)$"),
        ("record", r"cannot be mapped \(CUDA_ERROR_OF_RECORD\)$"),
        ("drawn", r"cannot be unmapped \(CUDA_ERROR_OF_DRAWN\)$"),
        ("unmap", r"cannot be unmapped \(CUDA_ERROR_OF_UNMAP\)$"),
    ],
)
def test_what_the_driver_refuses_is_the_reason_and_nothing_stays_held(
    fake, lend, show, refused, reason
):
    whole = picture()
    fake.refuses = {refused}
    with pytest.raises(NotShared, match=reason):
        show(fake.draw(whole, lend(whole)))
    assert not fake.held
    fake.refuses = set()
    check(show(fake.draw(whole, lend(whole))), whole)


def test_another_gpu_that_draws_the_window_is_named(fake, lend):
    fake.devices = [2, 3]
    with pytest.raises(NotShared, match=r"drawn by CUDA device 2, 3, frames by 0$"):
        lend(picture())
    assert "register" not in fake.names()


def test_where_opengl_has_no_room_for_the_buffer_that_is_the_reason(gl, fake, lend, monkeypatch):
    def full(**asked):
        raise moderngl.Error("cannot create buffer")

    monkeypatch.setattr(gl.ctx, "buffer", full)
    with pytest.raises(NotShared, match=r"no room for it \(cannot create buffer\)"):
        lend(picture())
    assert not fake.log


def test_a_mapped_buffer_that_is_too_small_is_not_lent(fake, lend):
    fake.short = 16
    size = 31 * 17 * 16
    with pytest.raises(NotShared, match=rf"has {size - 16} of {size} bytes"):
        lend(picture())
    assert not fake.held


def test_a_driver_that_does_not_unregister_is_told_in_the_log(
    gl, fake, presenter, lend, show, caplog
):
    show(fake.draw(picture(), lend(picture())))
    fake.refuses = {"unregister"}
    with gl.ctx, caplog.at_level(logging.WARNING):
        presenter.shared.let_go()
    assert "does not let go of OpenGL's buffer: CUDA_ERROR_OF_UNREGISTER" in caplog.text
    fake.refuses = set()
    whole = picture(3)
    check(show(fake.draw(whole, lend(whole))), whole)


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
    ):
        with pytest.raises(missing):
            call()
    assert core.Stream.from_handle(4096).__cuda_stream__() == (0, 4096)
    assert isinstance(core.LEGACY_DEFAULT_STREAM, core.Stream)
    for name in ("map", "unmap", "close"):
        assert callable(getattr(core.GraphicsResource, name))
    with pytest.raises(NotShared, match="no buffer can be registered"):
        MappedBuffer(core, driver, torch, 0, 1)


def test_an_event_on_torchs_stream_is_waited_for_by_the_stream_that_reads(fake):
    """With torch's part of a GPU stood in for; streams are each thread's own."""
    log, stream = [], ["of the worker"]

    class Event:
        def record(self, on):
            log.append(("record", on.name))

    class Stream:
        def __init__(self, name):
            self.name = name

        def wait_event(self, event):
            assert isinstance(event, Event)
            log.append(("wait", self.name))

    class Current:
        @staticmethod
        def current_stream(device):
            assert device == 1
            return Stream(stream[0])

    Current.Event = Event
    ready = Streams(fake, type("Torch", (), {"cuda": Current}), 1).fence()
    stream[0] = "of the window"
    ready()
    assert log == [("record", "of the worker"), ("wait", "of the window")]
