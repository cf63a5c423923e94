"""`Viewport`: the picture. The only widget that talks to OpenGL.

It owns Qt's OpenGL context, in which the gl backend draws, and shows what `Drawer` holds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import moderngl
from PySide6.QtCore import Qt, Signal
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from ..render.camera import Camera
from ..render.finish import drawn_camera
from ..render.frame import FrameRequest
from ..scenes.errors import VoileError
from ..scenes.scene import Scene
from .drawer import Drawer
from .gl_painter import GLPainter
from .jobs import Picture
from .pace import Pace
from .rounds import facts_of_drawing
from .session import Session

if TYPE_CHECKING:
    from ..render.gl.present import Presenter


class Viewport(QOpenGLWidget):
    """Shows the session's scene from the session's view by the session's backend.

    Signals:
        frame_shown: FrameFacts of every side, and whether a newer frame is being drawn.
        compared: a `Compared` of the two sides on screen.
        picture_taken: a Picture, its Frame and its FrameRequest.
        failed: what could not be done, and the exception.
    """

    frame_shown = Signal(object, bool)
    compared = Signal(object)
    picture_taken = Signal(object, object, object)
    failed = Signal(str, object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self._session = session
        self._ctx: moderngl.Context | None = None
        self._presenter: Presenter | None = None
        self._painter: GLPainter | None = None
        self._size = (0, 0)
        self._kernels_ready = False
        self._closed = False
        self.drawer = Drawer(session, self)
        self.pace = Pace(session, lambda: not self.drawer.settled, self)
        self.pace.changed.connect(self.drawer.invalidate)
        self.drawer.drawn.connect(self.pace.drawn)
        self.drawer.changed.connect(self.update)
        self.drawer.compared_sides.connect(self.compared)
        self.drawer.picture_taken.connect(self.picture_taken)
        self.drawer.failed.connect(self.failed)

    # What the window asks for

    @property
    def kernels_ready(self) -> bool:
        """Whether frames are drawn: every fast backend needs compiled kernels."""
        return self._kernels_ready

    def start_drawing(self) -> None:
        """Kernels are compiled: draws from now on."""
        self._kernels_ready = True
        self.drawer.invalidate()

    @property
    def settled(self) -> bool:
        """Whether the picture on screen is of the latest view and settings, as good as they say."""
        return self.drawer.settled and not self.pace.moving

    def gl_modes(self) -> frozenset[str] | None:
        """The modes that the gl backend draws here; None before there is a context to ask."""
        if self._painter is None:
            return None
        self.makeCurrent()
        try:
            return self._painter.modes
        except VoileError:
            return None  # drawing will say why
        finally:
            self.doneCurrent()

    @property
    def aspect(self) -> float:
        """Width of the picture over its height."""
        return self.width() / max(1, self.height())

    def upload(self, scene: Scene) -> None:
        """Puts a scene on the GPU before it is shown, if OpenGL draws.

        Raises:
            VoileError: it does not fit; the scene before it is back in place.
        """
        if self._session.backend != "gl" or self._painter is None:
            return
        self.makeCurrent()
        try:
            self.drawer.forget()  # it may hold textures that an upload frees
            self._painter.upload(scene.content)
        finally:
            self.doneCurrent()
            self.update()

    def take_picture(self, picture: Picture) -> None:
        """Draws the view at the viewport's size; `picture_taken` follows, or `failed`."""
        opened = self._session.opened
        if opened is None or not self._kernels_ready or self._closed:
            return
        if self._painter is None or self._presenter is None:
            return
        self.makeCurrent()
        try:
            content, request = opened.scene.content, self._request(moving=False)
            picture = replace(picture, size=self._pixels())
            shared = self._presenter.shared
            self.drawer.take_picture(self._painter, shared, picture, content, request)
        finally:
            self.doneCurrent()

    def reload_shaders(self) -> None:
        """Takes up edited shader files; `failed` follows where one does not compile."""
        if self._painter is None:
            return
        self.makeCurrent()
        try:
            error = self._painter.reload_shaders()
        finally:
            self.doneCurrent()
        if error is not None:
            self.failed.emit("A shader does not compile; the one before draws on", error)
        self.drawer.invalidate()

    def camera(self) -> Camera:
        """The view on screen, in physical pixels."""
        return self._session.camera(*self._pixels())

    def graphics_facts(self) -> list[tuple[str, str]]:
        """What OpenGL says about itself, as caption and value."""
        if self._ctx is None:
            return [("OpenGL", "not started yet")]
        info = self._ctx.info
        return [
            ("OpenGL", str(info["GL_VERSION"])),
            ("Renderer", str(info["GL_RENDERER"])),
            ("Vendor", str(info["GL_VENDOR"])),
        ]

    def shut_down(self, seconds: float) -> bool:
        """Stops drawing and frees the GPU; whether the drawing thread ended within `seconds`."""
        self._closed = True
        ended = self.drawer.close(seconds)
        self._release_gl()
        return ended

    # What Qt asks for

    def initializeGL(self) -> None:
        """Takes Qt's context, which a new window or screen may replace."""
        from ..render.gl.present import Presenter

        if self._closed:
            return
        self._ctx = moderngl.create_context(require=430)
        # Objects are freed by name with the context current, never by the garbage collector.
        self._ctx.gc_mode = None  # pyright: ignore[reportAttributeAccessIssue]
        self._presenter = Presenter(self._ctx)
        self._painter = GLPainter(self._ctx)
        self.drawer.devices.not_shared = ""  # another context may be able to
        self.context().aboutToBeDestroyed.connect(
            self._release_gl, Qt.ConnectionType.DirectConnection
        )
        self.drawer.invalidate()

    def paintGL(self) -> None:
        """Draws if something changed, and shows the latest frame."""
        if self._ctx is None or self._presenter is None or self._closed:
            return
        screen = self._ctx.detect_framebuffer(self.defaultFramebufferObject())
        if screen.size != self._size:
            self._size = screen.size
            self.drawer.invalidate()
        settings = self._session.settings
        screen.use()
        screen.clear(*settings.background, 1.0)
        opened = self._session.opened
        if opened is None or not self._kernels_ready:
            self._presenter.shared.let_go()
            return
        assert self._painter is not None
        shared = self._presenter.shared
        self.drawer.step(self._painter, shared, opened.scene.content, self._request())
        if not self.drawer.on_device:
            shared.let_go()
        self._present(screen)
        if shown := self.drawer.shown:
            facts = {side: facts_of_drawing(each) for side, each in shown.items()}
            self.frame_shown.emit(facts, not self.settled)

    def _request(self, *, moving: bool = True) -> FrameRequest:
        """The frame to draw; a snapshot, so another thread may keep it.

        `moving` lets it be of less quality while the view moves, and shows what is selected.
        """
        settings = self._session.settings.copy()
        if moving and not self._session.comparison.active:
            settings = self.pace.settings(settings)
        if self._session.captures.view is not None:
            settings.field_of_view = 0.0  # the photograph has its own
        paint = self._session.tint if moving else None
        return FrameRequest(drawn_camera(self.camera(), settings), settings, paint=paint)

    def _pixels(self) -> tuple[int, int]:
        """Width and height of the picture on screen, physical pixels."""
        width, height = self._size
        if 0 in self._size:
            scale = self.devicePixelRatioF()
            width, height = round(self.width() * scale), round(self.height() * scale)
        return max(1, width), max(1, height)

    def _present(self, screen: moderngl.Framebuffer) -> None:
        """Draws what is shown into the window: a picture, two, or their difference."""
        assert self._presenter is not None
        comparison, compared = self._session.comparison, self.drawer.compared
        shown = self.drawer.shown
        if len(shown) == 2 and comparison.heat and compared and compared.heat:
            self._presenter.present(screen, compared.heat, (0.0, 0.0, 0.0), filter="nearest")
            return
        parts = {0: (0.0, 1.0)}
        if len(shown) == 2:
            parts = {0: (0.0, comparison.divider), 1: (comparison.divider, 1.0)}
        for side, part in parts.items():
            if drawing := shown.get(side):
                settings = self._session.settings
                background = None if settings.transparent else settings.background
                # A photograph was developed long ago, and a debug view never is.
                plain = drawing.job.photo is not None or settings.shown != "colour"
                self._presenter.present(
                    screen,
                    drawing.frame,
                    background,
                    part=part,
                    exposure=0.0 if plain else settings.exposure,
                    tone_mapping="none" if plain else settings.tone_mapping,
                )

    def _release_gl(self) -> None:
        """Frees what lives in the context, which is about to go."""
        if self._ctx is None:
            return
        self.makeCurrent()
        self.drawer.forget()
        if self._painter is not None:
            self._painter.release()
            self._painter = None
        if self._presenter is not None:
            self._presenter.release()
            self._presenter = None
        self._ctx.release()
        self._ctx = None
        self.doneCurrent()
