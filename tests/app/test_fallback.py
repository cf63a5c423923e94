"""What draws where a backend cannot: as the setting says, and always told."""

import threading

import pytest

from voile import FrameRequest
from voile.app.fallback import replacement, told
from voile.render.renderer import BackendFailed


@pytest.mark.parametrize(
    ("failed", "wanted", "unusable", "expected"),
    [
        ("cuda", "gl", {"cuda"}, "gl"),
        ("cuda", "cpu", {"cuda"}, "cpu"),
        ("cuda", "none", {"cuda"}, None),
        ("gl", "gl", set(), None),
        ("cuda", "cpu", {"cuda", "cpu"}, None),
    ],
)
def test_who_takes_over(failed, wanted, unusable, expected):
    assert replacement(failed, wanted, unusable) == expected


def test_it_is_told_with_the_reason():
    assert str(told("No driver.", "cpu")).startswith("No driver. The cpu backend draws instead")
    assert "Nothing draws" in str(told("No driver.", None))


@pytest.mark.window
@pytest.mark.parametrize(("fallback", "draws"), [("gl", "gl"), ("cpu", "cpu"), ("none", "cuda")])
def test_a_backend_that_cannot_run_at_the_start(make_window, qtbot, monkeypatch, fallback, draws):
    from voile.app import backends
    from voile.render import BackendUnavailable, create_renderer

    wished = threading.Event()

    def without_gpu(name):
        if name == "cuda":
            assert wished.wait(60)
            raise BackendUnavailable("there is no NVIDIA driver.")
        return create_renderer(name)

    monkeypatch.setattr(backends, "create_renderer", without_gpu)
    window = make_window("cuda")
    window.session.settings.fallback = fallback
    wished.set()
    qtbot.waitUntil(lambda: window.viewport.kernels_ready, timeout=60_000)
    assert window.session.backend == draws
    (text,) = (banner.text for banner in window.overlays.banners[:1])
    assert "cannot run here" in text
    assert "no NVIDIA driver" in text
    assert ("Nothing draws" if fallback == "none" else f"The {draws} backend draws") in text


@pytest.mark.window
def test_a_backend_that_fails_while_it_draws(make_window, show, look, ply, qtbot, monkeypatch):
    from voile.render.cpu.renderer import CPURenderer

    window = show(make_window("cpu"), ply)
    look(window)

    def fail(self, request: FrameRequest):
        raise BackendFailed("cpu", "the device stopped working.")

    monkeypatch.setattr(CPURenderer, "render", fail)
    window.session.navigator.orbit(0.2, 0.0)
    qtbot.waitUntil(lambda: window.session.backend == "gl", timeout=20_000)
    look(window)
    assert any("The gl backend draws instead" in b.text for b in window.overlays.banners)
