"""`Viewport`: the picture. The only widget that talks to OpenGL.

`gl` draws in `paintGL`, in Qt's own context. The backends that return arrays draw in a thread, and
`paintGL` shows their latest frame. Either way a frame is drawn only after something changed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import moderngl
from PySide6.QtCore import Qt, Signal
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from ..render.frame import Frame, FrameRequest
from ..scenes.scene import Scene
from ..scenes.splats import Splats
from .frame_worker import Drawing, FrameWorker, Job, Picture
from .hud import FrameFacts
from .session import Session

if TYPE_CHECKING:
    from ..render.gl.frame import GLFrame
    from ..render.gl.present import Presenter
    from ..render.gl.renderer import GLRenderer


class Viewport(QOpenGLWidget):
    """Shows the session's scene from the session's view by the session's backend.

    Signals:
        frame_shown: FrameFacts and whether a newer frame is being drawn.
        picture_taken: a Picture, its Frame and its FrameRequest.
        failed: what could not be done, and the exception.
    """

    frame_shown = Signal(object, bool)
    picture_taken = Signal(object, object, object)
    failed = Signal(str, object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self._session = session
        self._ctx: moderngl.Context | None = None
        self._presenter: Presenter | None = None
        self._renderer: GLRenderer | None = None
        self._uploaded: Splats | None = None  # what the gl renderer holds
        self._gl_frame: GLFrame | None = None
        self._drawing: Drawing | None = None  # the latest frame of an array backend
        self._facts: FrameFacts | None = None
        self._size = (0, 0)
        self._stale = True
        self._kernels_ready = False
        self._closed = False
        self._worker = FrameWorker(self)
        self._worker.drawn.connect(self._take_drawing)
        self._worker.failed.connect(self._drawing_failed)
        session.frame_invalidated.connect(self._invalidate)
        session.scene_changed.connect(self._invalidate)

    # What the window asks for

    @property
    def kernels_ready(self) -> bool:
        """Whether frames are drawn: every fast backend needs compiled kernels."""
        return self._kernels_ready

    def start_drawing(self) -> None:
        """Kernels are compiled: draws from now on."""
        self._kernels_ready = True
        self._invalidate()

    @property
    def settled(self) -> bool:
        """Whether the picture on screen is of the latest view and settings."""
        return not self._stale and not self._worker.busy

    @property
    def aspect(self) -> float:
        """Width of the picture over its height."""
        return self.width() / max(1, self.height())

    def upload(self, scene: Scene) -> None:
        """Puts a scene on the GPU before it is shown, if OpenGL draws.

        Raises:
            VoileError: it does not fit; the scene before it is back in place.
        """
        if self._session.backend != "gl" or self._ctx is None:
            return
        self.makeCurrent()
        try:
            self._upload_gl(scene.splats)
        finally:
            self.doneCurrent()
            self._invalidate()

    def take_picture(self, picture: Picture) -> None:
        """Draws the view at the viewport's size; `picture_taken` follows, or `failed`."""
        opened = self._session.opened
        if opened is None or not self._kernels_ready or self._closed:
            return
        splats, request = opened.scene.splats, self._request()
        if self._session.backend != "gl":
            self._worker.draw(Job(self._session.backend, splats, request, picture))
            return
        self.makeCurrent()
        try:
            frame = self._gl_renderer(splats).render(request)
        except Exception as error:
            self.failed.emit("The picture could not be drawn", error)
            return
        finally:
            self.doneCurrent()
            self._invalidate()  # the renderer's target was drawn over
        self.picture_taken.emit(picture, frame, request)

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
        ended = self._worker.close(seconds)
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
        self.context().aboutToBeDestroyed.connect(
            self._release_gl, Qt.ConnectionType.DirectConnection
        )
        self._invalidate()

    def paintGL(self) -> None:
        """Draws if something changed, and shows the latest frame."""
        if self._ctx is None or self._presenter is None or self._closed:
            return
        screen = self._ctx.detect_framebuffer(self.defaultFramebufferObject())
        if screen.size != self._size:
            self._size = screen.size
            self._stale = True
        settings = self._session.settings
        screen.use()
        screen.clear(*settings.background, 1.0)
        opened = self._session.opened
        if opened is None or not self._kernels_ready:
            return
        frame: GLFrame | Frame | None
        if self._session.backend == "gl":
            frame = self._draw_gl(opened.scene.splats)
        else:
            frame = self._ask_worker(opened.scene.splats)
        if frame is not None:
            checkerboard = settings.transparent
            self._presenter.present(screen, frame, None if checkerboard else settings.background)
        if self._facts is not None:
            waiting = self._session.backend != "gl" and self._worker.busy
            self.frame_shown.emit(self._facts, waiting)

    # Drawing

    def _invalidate(self) -> None:
        self._stale = True
        self.update()

    def _request(self) -> FrameRequest:
        """The frame to draw, in physical pixels; a snapshot, so another thread may keep it."""
        scale = self.devicePixelRatioF()
        width, height = self._size
        if 0 in self._size:
            width, height = round(self.width() * scale), round(self.height() * scale)
        camera = self._session.navigator.camera(max(1, width), max(1, height))
        return FrameRequest(camera, self._session.settings.copy())

    def _gl_renderer(self, splats: Splats) -> GLRenderer:
        """The renderer with the scene in it; the context is current."""
        self._upload_gl(splats)
        assert self._renderer is not None
        return self._renderer

    def _upload_gl(self, splats: Splats) -> None:
        if self._renderer is None:
            from ..render.gl.renderer import GLRenderer

            self._renderer = GLRenderer(self._ctx)
        if self._uploaded is splats:
            return
        before, self._uploaded, self._gl_frame = self._uploaded, None, None
        try:
            self._renderer.upload(splats)
        except Exception:
            if before is not None:
                self._renderer.upload(before)
                self._uploaded = before
            raise
        self._uploaded = splats

    def _draw_gl(self, splats: Splats) -> GLFrame | None:
        if not self._stale:  # also after a failure: the same frame would fail again
            return self._gl_frame
        request = self._request()
        self._stale = False
        self._gl_frame = None
        try:
            start = time.perf_counter()
            renderer = self._gl_renderer(splats)
            self._gl_frame = renderer.draw(request)
            stats = self._gl_frame.stats  # waits for the GPU, so the time is the frame's
            elapsed = 1e3 * (time.perf_counter() - start)
        except Exception as error:
            self.failed.emit("The gl backend could not draw", error)
            return None
        device = renderer.capabilities.device
        self._facts = _facts("gl", elapsed, stats, request, device)
        return self._gl_frame

    def _ask_worker(self, splats: Splats) -> Frame | None:
        backend = self._session.backend
        if self._stale:
            self._stale = False
            self._worker.draw(Job(backend, splats, self._request()))
        drawing = self._drawing
        if drawing is None or drawing.job.splats is not splats:
            return None
        return drawing.frame

    def _take_drawing(self, drawing: Drawing) -> None:
        job = drawing.job
        if job.picture is not None:
            self.picture_taken.emit(job.picture, drawing.frame, job.request)
        opened = self._session.opened
        if self._closed or opened is None or job.splats is not opened.scene.splats:
            return
        if job.backend == self._session.backend:
            self._drawing = drawing
            self._facts = _facts(
                job.backend,
                drawing.milliseconds,
                drawing.frame.stats,
                job.request,
                drawing.device,
            )
            self.update()

    def _drawing_failed(self, job: Job, error: BaseException) -> None:
        self.failed.emit(f"The {job.backend} backend could not draw", error)

    def _release_gl(self) -> None:
        """Frees what lives in the context, which is about to go."""
        if self._ctx is None:
            return
        self.makeCurrent()
        self._gl_frame = None
        self._uploaded = None
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        if self._presenter is not None:
            self._presenter.release()
            self._presenter = None
        self._ctx.release()
        self._ctx = None
        self.doneCurrent()


def _facts(
    backend: str, milliseconds: float, stats: dict[str, int], request: FrameRequest, device: str
) -> FrameFacts:
    return FrameFacts(
        milliseconds,
        stats.get("splats", 0),
        stats.get("visible", 0),
        request.camera.width,
        request.camera.height,
        backend,
        device,
    )
