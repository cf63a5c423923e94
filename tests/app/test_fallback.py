"""What draws where a backend cannot: as the setting says, and always told."""

import threading

import pytest

from voile import FrameRequest
from voile.app import cli
from voile.app.fallback import replacement, standins, told
from voile.render.renderer import BackendFailed, BackendUnavailable
from voile.render.settings_file import save_settings


@pytest.mark.parametrize(
    ("failed", "wanted", "unusable", "expected"),
    [
        ("cuda", "gl", {"cuda"}, "gl"),
        ("cuda", "cpu", {"cuda"}, "cpu"),
        ("cuda", "none", {"cuda"}, None),
        ("gl", "gl", set(), None),
        ("cuda", "cpu", {"cuda", "cpu"}, None),
        ("cuda", "ask", {"cuda"}, None),
    ],
)
def test_who_takes_over(failed, wanted, unusable, expected):
    assert replacement(failed, wanted, unusable) == expected


def test_what_is_offered_can_draw():
    assert standins("cuda", {"cuda"}) == ["gl", "cpu"]
    assert standins("gl", set()) == ["cpu"]
    assert standins("cuda", {"cuda", "cpu"}) == ["gl"]


def test_without_a_window_asking_is_an_error_that_says_what_can_draw(tmp_path, capsys):
    """No command draws by another backend than it was told to."""
    from voile.render.cuda.device import check_driver

    try:
        check_driver()
    except BackendUnavailable:
        pass
    else:
        pytest.skip("there is a GPU here")
    settings, out = tmp_path / "settings.json", tmp_path / "out.png"
    save_settings({"fallback": "ask"}, settings)
    asked = ["render", "builtin", "-o", str(out), "--backend", "cuda", "--settings", str(settings)]
    assert cli.run(asked) != 0
    said = " ".join(capsys.readouterr().err.split())
    assert "no NVIDIA driver" in said
    assert "gl and cpu need no CUDA" in said
    assert not out.exists()


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
    qtbot.waitUntil(lambda: window.viewport.kernels_ready)
    assert window.session.backend == draws
    (text,) = (banner.text for banner in window.overlays.banners[:1])
    assert "cannot run here" in text
    assert "no NVIDIA driver" in text
    assert ("Nothing draws" if fallback == "none" else f"The {draws} backend draws") in text


@pytest.fixture
def asked(make_window, qtbot, monkeypatch):
    """A window whose backend has just turned out not to run; its question."""
    window = make_window("cpu")
    qtbot.waitUntil(lambda: window.viewport.kernels_ready)
    window.session.settings.fallback = "ask"
    for _ in range(2):  # asked once, however many frames fail
        window.viewport.failed.emit("", BackendFailed("cpu", "the device <stopped>."))
    qtbot.waitUntil(lambda: window.stand_in.question is not None)
    qtbot.wait(1)
    question = window.stand_in.question
    assert question.isVisible()
    assert window.session.backend == "cpu"
    return window, question


@pytest.mark.window
def test_the_question_names_the_reason_and_what_is_chosen_draws(asked, qtbot):
    window, question = asked
    assert "The cpu backend has failed" in question.text()
    assert "The device &lt;stopped&gt;." in question.informativeText()
    assert list(question.choices) == ["gl"]
    question.always.click()
    question.choices["gl"].click()
    assert window.session.backend == "gl"
    assert window.session.settings.fallback == "gl"
    assert any("The gl backend draws instead" in b.text for b in window.overlays.banners)
    assert window.stand_in.question is None


@pytest.mark.window
def test_nothing_may_be_chosen_too_and_the_setting_stays(asked):
    window, question = asked
    question.nothing.click()
    assert window.session.backend == "cpu"
    assert window.session.settings.fallback == "ask"
    assert any("Nothing draws" in b.text for b in window.overlays.banners)


@pytest.mark.window
def test_a_backend_that_fails_while_it_draws(make_window, show, look, ply, qtbot, monkeypatch):
    from voile.render.cpu.renderer import CPURenderer

    window = show(make_window("cpu"), ply)
    look(window)

    def fail(self, request: FrameRequest):
        raise BackendFailed("cpu", "the device stopped working.")

    monkeypatch.setattr(CPURenderer, "render", fail)
    window.session.navigator.orbit(0.2, 0.0)
    qtbot.waitUntil(lambda: window.session.backend == "gl")
    look(window)
    assert any("The gl backend draws instead" in b.text for b in window.overlays.banners)
