"""Files dropped onto the window, one or several, as real events."""

import pytest
from camera_samples import CAMERAS, cameras_json, colmap_bin
from make_images import make_image

pytestmark = [
    pytest.mark.window,
    pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning"),
]

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PIL import Image  # noqa: E402
from PySide6.QtCore import QMimeData, QPoint, QPointF, QUrl  # noqa: E402
from PySide6.QtGui import QDragEnterEvent, QDropEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QMessageBox  # noqa: E402

from voile.app import dialogs  # noqa: E402
from voile.app.dropped import in_order, kind_of  # noqa: E402
from voile.render.settings_file import save_settings  # noqa: E402
from voile.scenes.builtin.materials import builtin_material  # noqa: E402
from voile.scenes.io.vis import save_image  # noqa: E402
from voile.scenes.material_file import save_material  # noqa: E402


def drop(window, *paths):
    """A drag that enters the window and lets go over it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    args = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter, event = QDragEnterEvent(QPoint(50, 50), *args), QDropEvent(QPointF(50, 50), *args)
    for each in (enter, event):
        QApplication.sendEvent(window, each)
        assert each.isAccepted()


@pytest.fixture
def material(tmp_path):
    path = tmp_path / "paint.vnm"
    save_material(builtin_material("car-paint"), path)
    return path


@pytest.fixture
def light(tmp_path):
    path = tmp_path / "dusk.hdr"
    path.write_bytes(
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 4\n" + bytes([99, 60, 20, 128]) * 8
    )
    return path


@pytest.fixture
def mesh(tmp_path):
    path = tmp_path / "triangle.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    return path


def done(window):
    return not window.dropped.busy and not window.loading


def banners(window):
    return [f"{banner._title} {banner.text}" for banner in window.overlays.banners]


def test_a_material_and_an_environment_are_known_by_their_content(tmp_path, material, light, ply):
    plain, bare = tmp_path / "paint", tmp_path / "dusk"
    material.rename(plain)
    light.rename(bare)
    assert (kind_of(plain), kind_of(bare), kind_of(ply)) == ("material", "environment", "scene")


def test_sessions_come_before_scenes_and_meshes_after_them(tmp_path, ply, mesh, material):
    session = tmp_path / "work.voile"
    session.write_text("{}")
    kinds = in_order([material, mesh, ply, session])
    assert [path for _, path in kinds] == [session, ply, mesh, material]


def test_a_scene_takes_along_what_is_dropped_with_it(
    qtbot, make_window, show, look, tmp_path, ply, other_ply, mesh, material, light
):
    window = show(make_window("cpu", panels=True), other_ply)
    save_settings({"splat_scale": 0.5}, tmp_path / "settings.json")
    second = tmp_path / "second.ply"
    second.write_bytes(other_ply.read_bytes())
    drop(window, material, light, mesh, tmp_path / "settings.json", ply, second)
    qtbot.waitUntil(lambda: done(window))
    scene = window.session.opened.scene
    assert scene.path == ply
    assert [node.name for node in scene.nodes] == ["small.ply", "second.ply", "triangle.obj"]
    assert len(scene.meshes) == 1
    assert scene.coat.source == str(material)
    assert scene.lights.environment.source == str(light)
    assert window.session.settings.splat_scale == 0.5
    assert banners(window) == []
    assert window.overlays.loading.isHidden()
    look(window)


def test_what_fails_is_told_and_the_rest_is_taken(
    qtbot, make_window, show, ply, tmp_path, light, material
):
    window = show(make_window("cpu", panels=True), ply)
    damaged, other = tmp_path / "damaged.vnm", tmp_path / "more.vnm"
    damaged.write_bytes(material.read_bytes()[:300])
    other.write_bytes(material.read_bytes())
    drop(window, damaged, other, light)
    qtbot.waitUntil(lambda: done(window) and len(banners(window)) == 2)
    assert "more.vnm was left out" in banners(window)[0]
    assert "damaged.vnm" in banners(window)[1]
    assert window.session.opened.scene.coat is None
    assert window.session.opened.scene.lights.environment.source == str(light)


def test_nothing_goes_into_another_scene_than_the_one_it_came_with(
    qtbot, make_window, show, tmp_path, ply, light
):
    window = show(make_window("cpu", panels=True), ply)
    before = window.session.opened
    broken = tmp_path / "broken.ply"
    broken.write_bytes(b"ply\nformat binary_little_endian 1.0\nend_header\n")
    drop(window, broken, light)
    qtbot.waitUntil(lambda: done(window) and len(banners(window)) == 2)
    assert window.session.opened is before
    assert "dusk.hdr: left out" in banners(window)[1]


def test_a_session_and_a_folder_of_colmap(
    qtbot, make_window, show, monkeypatch, tmp_path, ply, other_ply
):
    window = show(make_window("cpu", panels=True), ply)
    window.session.settings.splat_scale = 0.5
    window.keeper.save(tmp_path / "work.voile")
    qtbot.waitUntil(lambda: (tmp_path / "work.voile").is_file())
    show(window, other_ply)
    window.session.settings.splat_scale = 1.0
    monkeypatch.setattr(window.keeper, "may_go", lambda: True)
    drop(window, colmap_bin(tmp_path), tmp_path / "work.voile")
    qtbot.waitUntil(lambda: done(window) and len(window.session.captures.views) == len(CAMERAS))
    assert window.session.opened.scene.path == ply
    assert window.session.settings.splat_scale == 0.5


def test_a_scene_that_is_dropped_takes_the_place_of_one_that_is_being_loaded(
    qtbot, make_window, show, ply, other_ply
):
    window = show(make_window("cpu"), ply)
    window.open("builtin")
    assert window.loading
    drop(window, other_ply)
    qtbot.waitUntil(lambda: done(window))
    assert window.session.opened.scene.path == other_ply
    drop(window, cameras_json(ply.parent))
    qtbot.waitUntil(lambda: len(window.session.captures.views) == len(CAMERAS))


def test_adding_can_be_cancelled_by_the_card_that_shows_it(qtbot, make_window, show, ply):
    window = show(make_window("cpu"), ply)
    window.editing.add("builtin")
    assert window.overlays.loading.isVisible()
    window.overlays.loading.cancelled.emit()
    assert window.overlays.loading.isHidden()
    qtbot.waitUntil(lambda: window.editing.adder.task is None)
    qtbot.wait(300)
    assert len(window.session.nodes) == 1
    window.editing.add(str(ply))
    qtbot.waitUntil(lambda: len(window.session.nodes) == 2)
    assert window.overlays.loading.isHidden()


def test_a_scene_is_added_with_its_meshes_in_what_they_wear(
    qtbot, make_window, show, look, ply, tmp_path
):
    window = show(make_window("cpu"), ply)
    window.session.settings.light_samples = 1
    window.editing.add("builtin:materials")
    qtbot.waitUntil(lambda: len(window.session.nodes) == 5)
    scene = window.session.opened.scene
    worn = {mesh.name: mesh.material for mesh in scene.meshes}
    assert worn == {"vase": "ceramic", "knot": "brushed", "ball": "car-paint"}
    assert len(scene.content.materials) == 4  # with what its splats wear
    assert banners(window) == []
    window.keeper.save(tmp_path / "work.voile")
    window.history.stack.undo()
    assert (len(window.session.nodes), window.session.opened.scene.meshes) == (1, ())
    show(window, tmp_path / "work.voile")
    again = window.session.opened.scene
    assert {mesh.name: mesh.material for mesh in again.meshes} == worn


def test_a_picture_is_asked_about_and_fitted_or_made_light(
    qtbot, make_window, show, tmp_path, ply, monkeypatch
):
    photo, other = tmp_path / "photo.jpg", tmp_path / "other.png"
    for path in (photo, other):
        Image.new("RGB", (8, 4), (255, 90, 0)).save(path)
    assert kind_of(photo) == kind_of(other) == "picture"
    window, asked = make_window("cpu", panels=True), []

    def press(*names):
        """Presses the buttons of the boxes to come."""
        names = list(names)

        def exec_(box):
            asked.append([button.text() for button in box.buttons()])
            wanted = names.pop(0)
            next(b for b in box.buttons() if wanted in b.text()).click()

        monkeypatch.setattr(QMessageBox, "exec", exec_)

    press("Cancel", "Fit")
    drop(window, photo)
    assert window.images.windows == []
    drop(window, photo)
    (made,) = window.images.windows
    assert not any("Light" in text for text in asked[-1]), "there is no scene to light"
    qtbot.waitUntil(lambda: made.model.splats is not None and not made.fitter.running)
    made.close()
    show(window, ply)
    press("Light")
    drop(window, photo, other)
    qtbot.waitUntil(lambda: done(window))
    assert window.session.opened.scene.lights.environment.source == str(photo)
    assert ["One picture at a time" in text for text in banners(window)] == [True]
    window.history.stack.undo()
    assert window.session.opened.scene.lights.environment.name == "Clear sky"


def test_one_question_at_a_time_and_nothing_behind_it(
    qtbot, make_window, show, ply, tmp_path, monkeypatch
):
    window = show(make_window("cpu"), ply)
    images = [tmp_path / "a.vis", tmp_path / "b.vis"]
    for path in images:
        save_image(make_image(8, (16, 12)), path)
    save_settings({"splat_scale": 0.5}, tmp_path / "settings.json")
    asked, behind = [], []

    def ask(parent, name):
        asked.append(name)
        count = len(asked)
        qtbot.wait(200)  # as a box on screen does
        behind.append((len(asked) - count, window.session.settings.splat_scale))
        return ""

    monkeypatch.setattr(dialogs, "ask_poster", ask)
    drop(window, *images, tmp_path / "settings.json")
    qtbot.waitUntil(lambda: done(window))
    assert sorted(asked) == ["a.vis", "b.vis"]
    assert behind == [(0, 1.0)] * 2
    assert window.session.settings.splat_scale == 0.5
