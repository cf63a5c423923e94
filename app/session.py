"""`Session`: what the window shows, as a model without Qt. Widgets listen to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from psygnal import Signal

from ..render.camera import Camera
from ..render.captured import camera_of, fit_camera
from ..render.frontier import Point
from ..render.modes import MODES
from ..render.paint import Paint
from ..render.scene_facts import facts_of
from ..render.settings import Settings, SettingsError
from ..render.views import FOV_Y, bounding_sphere
from ..scenes.coat import Coat
from ..scenes.lights import Lights
from ..scenes.node import Node
from ..scenes.scene import Scene
from ..scenes.splats import Splats
from .backend_choice import BackendChoice
from .bookmarks import Bookmarks
from .captures import PHOTO, Captures
from .comparison import Comparison
from .motion import Motion
from .navigation import Navigator
from .opened import OpenedScene
from .session_file import Restored
from .tint import selection_tint

CANVAS = (0.063, 0.067, 0.078)
"""The window's background behind splats, display RGB; between black and the window's own grey."""


class Session(BackendChoice):
    """The scene, the settings, the view and the backend of one window.

    Attributes:
        settings: how frames are drawn; evented, so panels and the viewport follow it.
        defaults: what the settings go back to.
        following: whether the view changes only because a setting did.
        points: what was measured of the scene's frontier, by backend.
        navigator: where the user looks from; evented.
        comparison: what the picture is compared with.
        motion: the camera path that is being made.
        captures: the photographs of the scene's capture.
        bookmarks: views that a person has kept of the scene.
        scene_changed: another scene is shown, or what is drawn of it was edited.
        nodes_changed: nodes were edited, added or removed, or what is selected is new.
        look_changed: the scene's material or its lights are others.
        frame_invalidated: the picture on screen is out of date, for whatever reason.
    """

    scene_changed = Signal()
    nodes_changed = Signal()
    look_changed = Signal()

    def __init__(self, backend: str = "gl", settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(backend)
        self.defaults = Settings(background=CANVAS)
        self.settings = Settings.from_dict({**self.defaults.to_dict(), **(settings or {})})
        self.points: dict[str, list[Point]] = {}
        self.navigator = Navigator()
        self.comparison = Comparison()
        self.motion = Motion()
        self.captures = Captures()
        self.bookmarks = Bookmarks()
        self._standing = False  # while the view goes where a photograph was taken
        self._tinted: Scene | None = None  # what `_tint` is of
        self._tint: Paint | None = None
        self.following = False
        self._own_fov = self.navigator.fov_y  # where the settings leave the angle to the view
        self._opened: OpenedScene | None = None
        # The group relays with a payload; the picture only needs to know that something changed.
        self.settings.events.connect(self._invalidate, max_args=0)
        self.navigator.changed.connect(self._leave_photograph)
        self.navigator.changed.connect(self._invalidate)
        self.captures.current_changed.connect(self._photograph_changed)
        self.settings.events.field_of_view.connect(self._take_fov, max_args=0)  # pyright: ignore
        self.comparison.changed.connect(self._invalidate_comparison)
        self.comparison.active_changed.connect(self._invalidate, max_args=0)

    def _take_fov(self) -> None:
        self.navigator.fov_y = self.settings.field_of_view or self._own_fov
        self.following = True
        try:
            self.navigator.changed.emit()
        finally:
            self.following = False

    def camera(self, width: int, height: int) -> Camera:
        """What is looked through, for a picture of `width` x `height` pixels.

        That of a photograph shows all of it, in the middle.
        """
        camera, view = self.navigator.camera(width, height), self.captures.view
        if view is None:
            return camera
        return fit_camera(camera_of(view, camera.near), width, height)

    def look_through(self, row: int) -> None:
        """Stands where a photograph was taken, exactly, until the view moves."""
        view = self.captures.views[row]
        self._standing = True
        try:
            self.navigator.stand(camera_of(view))
        finally:
            self._standing = False
        self.captures.current = row

    def _leave_photograph(self) -> None:
        if not self._standing:
            self.captures.current = None

    def _photograph_changed(self) -> None:
        view = self.captures.view
        if (view is None or view.image is None) and self.comparison.backend == PHOTO:
            self.comparison.active = False
            self.comparison.backend = self._backend
        self._invalidate()

    def set_fov(self, degrees: float) -> None:
        """Sets the view's own angle; where the settings say one, that stays in place."""
        self._own_fov = degrees
        if not self.settings.field_of_view:
            self.navigator.place(fov_y=degrees)

    def _invalidate(self) -> None:
        self.frame_invalidated.emit()

    def _invalidate_comparison(self) -> None:
        if self.comparison.active:
            self._invalidate()

    def lacks(self, mode: str, backend: str) -> str | None:
        """Why a backend cannot draw the scene in a mode, as a sentence, or None."""
        if reason := self.undrawn(mode, backend):
            return reason
        if backend == PHOTO:
            view = self.captures.view
            there = view is not None and view.image is not None
            return None if there else "Look through a photograph first, in panel Camera."
        missing = self._opened and MODES[mode].lacks(facts_of(self._opened.scene.splats))
        return f"{missing[0].upper()}{missing[1:]}." if missing else None

    @property
    def opened(self) -> OpenedScene | None:
        """The scene that is shown, None before the first."""
        return self._opened

    def show(self, opened: OpenedScene, aspect: float) -> None:
        """Shows a scene from its start view; `aspect`: width over height of the picture."""
        restored = opened.restored
        self.captures.put(())
        self._opened = opened
        self.bookmarks.use(opened.source, restored.bookmarks if restored else ())
        self.scene_changed.emit()
        self.nodes_changed.emit()
        self.look_changed.emit()
        self.reset_view(aspect)
        if restored is not None:
            self._restore(restored)
            if not opened.recovered:
                self.motion.kept = self.motion.keys

    def _restore(self, restored: Restored) -> None:
        """Settings, view and path of a session; what this Voile does not know stays as it is."""
        for name, value in restored.settings.items():
            try:
                found = Settings.from_dict({name: value})
            except SettingsError:
                continue
            setattr(self.settings, name, getattr(found, name))
        if restored.view is not None:
            self.navigator.restore(restored.view)
        self.motion.keys = restored.keys

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the scene that is shown; none before the first."""
        return () if self._opened is None else self._opened.scene.nodes

    @property
    def tint(self) -> Paint | None:
        """What is selected, as paint over the picture; None where nothing is."""
        if self._opened is None or self._backend in self._unpainted:
            return None
        scene = self._opened.scene
        if scene is not self._tinted:
            self._tinted, self._tint = scene, selection_tint(scene)
        return self._tint

    def put_nodes(self, nodes: Sequence[Node]) -> None:
        """Puts edited nodes in place of those of the scene; view and settings stay.

        Raises:
            SplatsError, MeshError: they were moved beyond what float32 holds; nothing is changed.
            ContentError: they wear too many materials; nothing is changed.
        """
        opened = self._opened
        if opened is None or tuple(nodes) == opened.scene.nodes:
            return
        scene = opened.scene.with_nodes(nodes)
        drawn_anew = scene.splats is not opened.scene.splats
        if not drawn_anew:
            _carry_facts(opened.scene, scene)
        self._opened = replace(opened, scene=scene)
        if drawn_anew:
            self.scene_changed.emit()
        else:
            self.frame_invalidated.emit()  # what is selected is tinted
        self.nodes_changed.emit()

    @property
    def up(self) -> tuple[float, float, float]:
        """Which way is up in the file of the scene; INRIA's before the first."""
        return (0.0, -1.0, 0.0) if self._opened is None else self._opened.scene.splats.up

    def put_look(self, coat: Coat | None, lights: Lights) -> None:
        """Puts the scene into another material and light; all else stays.

        Raises:
            ContentError: it would be one material too many; nothing is changed.
        """
        opened = self._opened
        if opened is None or (coat is opened.scene.coat and lights is opened.scene.lights):
            return
        scene = opened.scene.with_look(coat, lights)
        _carry_facts(opened.scene, scene)
        self._opened = replace(opened, scene=scene)
        self.look_changed.emit()
        self.frame_invalidated.emit()

    def frame(self, aspect: float) -> None:
        """Shows what is left of the whole scene from the side it is seen from."""
        if self._opened is not None:
            opened, scene = self._opened, self._opened.scene
            center, radius = opened.center, opened.radius
            if not scene.pristine or scene.meshes != opened.meshes:
                center, radius = bounding_sphere(scene.content)
            self.navigator.center, self.navigator.radius = center, radius
            self.navigator.frame(aspect)

    def reweigh(self, before: Splats, after: Splats) -> bool:
        """Puts a scene with other weights in place, all else stays; False where it is not shown."""
        opened = self._opened
        if opened is None or opened.scene.splats is not before or not opened.scene.pristine:
            return False
        if after is not before:
            facts_of(after).adopt(facts_of(before))
            self._opened = replace(opened, scene=opened.scene.reweighed(after))
            self.scene_changed.emit()
        return True

    def reset_view(self, aspect: float) -> None:
        """Back to the scene's own up vector and start view."""
        if self._opened is None:
            return
        scene, navigator = self._opened.scene, self.navigator
        navigator.set_scene(self._opened.center, self._opened.radius, scene.splats.up)
        first = next(iter(scene.viewpoints.values()), None)
        self._own_fov = FOV_Y if first is None else first.fov_y
        navigator.fov_y = self.settings.field_of_view or self._own_fov
        if first is None:
            navigator.look_from("iso", aspect)
        else:
            navigator.look_at(first.position, first.target, first.up, navigator.fov_y)

    def look_from(self, view: str, aspect: float) -> None:
        """Shows the whole scene from a side that `navigation.VIEW_ANGLES` names."""
        if self._opened is not None:
            self.navigator.look_from(view, aspect)


def _carry_facts(before: Scene, after: Scene) -> None:
    """What is known of the splats stays known where they differ in what they wear alone."""
    old, new = before.content.splats, after.content.splats
    if new is not old:
        facts_of(new).adopt(facts_of(old))
