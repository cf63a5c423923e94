"""Photographs of a capture in the window: frusta, looking through one, comparing with it, drops."""

import json
from dataclasses import replace

import numpy as np
import pytest
from camera_samples import cameras_json
from PIL import Image

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QPoint, QPointF  # noqa: E402

import voile  # noqa: E402
from voile import Camera, CameraPath  # noqa: E402
from voile.app.captures import PHOTO  # noqa: E402
from voile.app.dropped import kind_of  # noqa: E402
from voile.app.world_lines import frustum_lines, project_lines  # noqa: E402
from voile.render.camera_path import Key  # noqa: E402
from voile.render.captured import load_cameras  # noqa: E402
from voile.render.settings_file import save_settings  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def capture(tmp_path, ply):
    """A cameras.json, and photographs that are pictures of the scene; the third is missing."""
    path = cameras_json(tmp_path)
    splats = voile.load(ply)
    for name, camera in zip(("a.png", "b.png"), load_cameras(path)):
        picture = voile.render(splats, camera).to_rgb8((0.063, 0.067, 0.078))
        Image.fromarray(picture).save(tmp_path / name)
    return path


@pytest.fixture
def window(qtbot, make_window, show, look, ply, capture):
    window = show(make_window("cpu", size=(1000, 700), panels=True), ply)
    look(window)
    window.docks.show("camera")
    window.open_any(str(capture))
    qtbot.waitUntil(lambda: len(window.session.captures.views) == 3)
    window.history.stack.clear()
    return window


def test_a_click_on_a_camera_looks_through_it(qtbot, window, look):
    session, controls = window.session, window.docks["camera"].captures
    assert controls.list.count() == 3
    assert "3 cameras" in controls.words.text()
    assert "2 with" in controls.words.text()
    session.navigator.frame(0.2)  # from afar, so that the cameras are in the picture
    look(window)
    assert window.frusta.isVisible()
    painted = window.frusta.grab().toImage()
    rows = range(painted.height())
    colors = {painted.pixel(x, y) for x in range(0, painted.width(), 2) for y in rows}
    assert len(colors) > 10
    lines = window.frusta._captured[1]
    view = session.camera(window.viewport.width(), window.viewport.height())
    spot = project_lines(view, lines)[0][0]
    qtbot.mouseClick(window.viewport, LEFT, pos=QPoint(*np.round(spot).astype(int)))
    assert session.captures.current == 1
    assert controls.list.currentRow() == 1
    camera = load_cameras(session.captures.source)[1]
    np.testing.assert_allclose(session.navigator.eye, camera.position, atol=1e-9)
    assert window.history.stack.count() >= 1
    session.navigator.orbit(0.01, 0)
    assert session.captures.current is None
    assert window.frusta.at(QPointF(-500, -500)) is None


def test_the_photograph_is_compared_where_it_lies(qtbot, window, look):
    session, controls = window.session, window.docks["camera"].captures
    controls.list.setCurrentRow(0)
    assert session.captures.current == 0
    assert controls.compare.isEnabled()
    qtbot.mouseClick(controls.compare, LEFT, pos=QPoint(8, 8))
    look(window)
    qtbot.waitUntil(lambda: window.viewport.drawer.compared is not None)
    assert window.overlays.compare.b.text == "a.png"
    # The same picture, but that a photograph is scaled to the window and this one was small.
    assert window.viewport.drawer.compared.psnr > 24
    photo = window.viewport.drawer.shown[1].frame
    width, height = photo.alpha.shape[::-1]
    inside = photo.alpha.any(axis=0).sum(), photo.alpha.any(axis=1).sum()
    assert inside[0] / inside[1] == pytest.approx(120 / 80, rel=0.01)
    assert inside[0] == width or inside[1] == height
    session.comparison.heat = True
    qtbot.waitUntil(
        lambda: (
            window.viewport.drawer.compared is not None
            and window.viewport.drawer.compared.heat is not None
        )
    )
    good = window.viewport.drawer.compared.psnr
    session.comparison.heat = False
    # The photograph of another place is another picture.
    first, second, _ = session.captures.views
    session.captures.put([replace(first, image=second.image)])
    assert not session.comparison.active
    controls.list.setCurrentRow(0)
    controls._compare(True)
    look(window)

    def compared():
        found = window.viewport.drawer.compared
        return found is not None and found.pair.b.job.photo is session.captures.view

    qtbot.waitUntil(compared)
    assert window.viewport.drawer.compared.psnr < good - 5
    session.navigator.zoom(1)
    assert not session.comparison.active
    assert session.comparison.backend != PHOTO
    look(window)


def test_without_a_photograph_there_is_nothing_to_compare(qtbot, window, look):
    session, controls = window.session, window.docks["camera"].captures
    controls.list.setCurrentRow(2)
    assert not controls.compare.isEnabled()
    assert "not there" in controls.words.text()
    assert session.lacks("sorted", PHOTO)
    controls.list.setCurrentRow(0)
    assert session.lacks("sorted", PHOTO) is None


def test_a_photograph_that_is_none_is_said(qtbot, window, look):
    session = window.session
    session.captures.views[0].image.write_bytes(b"no picture")
    session.look_through(0)
    window.docks["camera"].captures._compare(True)
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "a.png" in window.overlays.banners[-1].text
    look(window)


def test_cameras_can_be_hidden_and_go_with_the_scene(qtbot, window, look, show, other_ply):
    controls = window.docks["camera"].captures
    assert window.frusta.isVisible()
    controls.frusta.click()
    assert not window.frusta.isVisible()
    controls.frusta.click()
    show(window, other_ply)
    assert window.session.captures.views == ()
    assert not window.frusta.isVisible()
    assert controls.list.isHidden()


def test_everything_that_is_known_may_be_dropped(qtbot, window, look, tmp_path, ply):
    session = window.session
    camera = Camera.look_at((3, 1, -4), (0, 0, 0))
    camera.save(tmp_path / "camera.json")
    other = Camera.look_at((3, 1, 4), (0, 0, 0))
    CameraPath([Key.of(camera, 0), Key.of(other, 1)]).save(tmp_path / "path.json")
    save_settings({"mode": "weighted", "splat_scale": 0.5}, tmp_path / "settings.json")
    kinds = ["camera", "path", "settings"]
    assert [kind_of(tmp_path / f"{kind}.json") for kind in kinds] == kinds
    assert kind_of(ply) == "scene"
    assert kind_of(tmp_path / "nothing") == "scene"
    window.open_any(str(tmp_path / "camera.json"))
    np.testing.assert_allclose(session.navigator.eye, (3, 1, -4), atol=1e-9)
    window.open_any(str(tmp_path / "path.json"))
    assert len(session.motion.keys) == 2
    assert not window.docks.docks["path"].isHidden()
    window.open_any(str(tmp_path / "settings.json"))
    assert (session.settings.mode, session.settings.splat_scale) == ("weighted", 0.5)
    window.history.stack.undo()
    assert (session.settings.mode, session.settings.splat_scale) == ("sorted", 1.0)
    (tmp_path / "settings.json").write_text(json.dumps({"voile": "1", "settings": {"mode": 1}}))
    window.open_any(str(tmp_path / "settings.json"))
    assert "settings.json" in window.overlays.banners[-1].text


def test_what_goes_with_a_scene_needs_one(qtbot, make_window, capture):
    window = make_window("cpu")
    window.open_any(str(capture))
    assert "Open the scene first" in window.overlays.banners[-1].text


def test_lines_are_cut_at_the_near_plane_and_at_the_picture():
    camera = Camera.look_at((0, 0, 0), (0, 0, 1), width=100, height=80)
    lines = np.array(
        [
            [(0, 0, -5), (0, 0, -1)],  # behind
            [(0.1, 0, -5), (0.1, 0, 5)],  # through the eye's plane
            [(-1, 0, 4), (1, 0, 4)],
            [(500, 0, 1), (501, 0, 1)],  # far outside
        ],
        float,
    )
    found = project_lines(camera, lines)
    assert len(found) == 2
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 200
    np.testing.assert_allclose(found[1].mean(axis=0), (50, 40))
    other = Camera.look_at((0, 0, -5), (0, 0, 1), width=100, height=80)
    corners = project_lines(other.resized(100, 80), frustum_lines(other, 1.0))
    # Seen through itself, a frustum is the edge of the picture.
    edge = corners[4:8].reshape(-1, 2)
    np.testing.assert_allclose(edge.min(axis=0), (0, 0), atol=1e-6)
    np.testing.assert_allclose(edge.max(axis=0), (100, 80), atol=1e-6)
