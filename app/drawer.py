"""`Drawer`: decides what is drawn when, and holds what is on screen.

`gl` draws in the window's thread, the backends that return arrays in one of their own. Either way a
frame is drawn only after something changed, or where more of them add up to a better picture.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..render.accumulate import Accumulator, accumulates, same_frame
from ..render.device_frame import DeviceFrame, NotShared, Outcome, Share, Withdrawn
from ..render.frame import Frame, FrameRequest
from ..render.inspect import PROJECTED
from ..render.posters import clear_posters
from ..render.settings import Settings
from ..scenes.content import Content
from ..scenes.errors import VoileError
from .captures import PHOTO
from .device_frames import DeviceFrames
from .differences import Compared, Pair
from .frame_worker import FrameWorker
from .gl_painter import GLPainter
from .jobs import Drawing, Job, Picture
from .readiness import Readiness
from .rounds import Key, Round, same_key
from .session import Session

if TYPE_CHECKING:
    from ..render.gl.shared import SharedFrames

log = logging.getLogger(__name__)


class Drawer(QObject):
    """Draws the session's scene, in one way or in the two of a comparison.

    Attributes:
        readiness: prepares modes before they are drawn.
        devices: what is known of frames that stay on the device that draws them.

    Signals:
        changed: there is something to show, or to draw.
        drawn: a Drawing, whether it will be shown or not, once it is known what it took.
        compared_sides: a `Compared` of the two sides on screen.
        picture_taken: a Picture, its Frame and its FrameRequest.
        failed: what could not be done, and the exception.
    """

    changed = Signal()
    drawn = Signal(object)
    compared_sides = Signal(object)
    picture_taken = Signal(object, object, object)
    failed = Signal(str, object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._round: Round | None = None  # what is being drawn
        self._shown: dict[int, Drawing] = {}
        self._compared: Compared | None = None
        self._uncompared = False  # whether the sides on screen are to be compared
        self._means = Accumulator(), Accumulator()
        self._document: object = None  # what is shown
        self._summed: Content | None = None  # what the means are of
        self._stale = True
        self._closed = False
        self.devices = DeviceFrames()
        self._worker = FrameWorker(self)
        self._worker.drawn.connect(self._take_drawing)
        self._worker.settled.connect(self._take_outcome)
        self._worker.place_wanted.connect(self._take_share)
        self._worker.failed.connect(self._drawing_failed)
        self._worker.compared.connect(self._take_compared)
        self.readiness = Readiness(session, self)
        self.readiness.changed.connect(self.invalidate)
        self.readiness.failed.connect(self.failed)
        session.frame_invalidated.connect(self.invalidate)
        session.scene_changed.connect(self.invalidate)
        session.comparison.look_changed.connect(self._look_again)

    @property
    def shown(self) -> dict[int, Drawing]:
        """What is on screen, by side: 0, and 1 where two are compared."""
        return self._shown

    @property
    def compared(self) -> Compared | None:
        """How the two sides differ, once that is known."""
        return self._compared

    @property
    def settled(self) -> bool:
        """Whether the picture on screen is of the latest view and settings."""
        drawing = self._round is not None and not self._round.refining
        drawing = drawing or self.devices.unsure
        return not (self._stale or drawing or self._worker.busy or self.readiness.busy)

    def invalidate(self) -> None:
        """What is on screen is out of date."""
        self._stale = True
        self.changed.emit()

    def forget(self) -> None:
        """What is on screen is lost, or is about to be."""
        self._shown, self._compared = {}, None
        self._stale = True

    @property
    def on_device(self) -> bool:
        """Whether a frame that stays on its device is on screen, or is being drawn."""
        drawing = () if self._round is None else self._round.jobs
        return any(job.canvas is not None for job in drawing) or bool(self._device_frames())

    def _device_frames(self) -> list[DeviceFrame]:
        """Those on screen, or about to be."""
        frames = [drawing.frame for drawing in self._shown.values()]
        heat = None if self._compared is None else self._compared.heat
        return [frame for frame in (*frames, heat) if isinstance(frame, DeviceFrame)]

    def _lose_frames(self) -> None:
        """What is on screen from a device cannot be shown any more, and is drawn anew."""
        for side, drawing in list(self._shown.items()):
            if isinstance(drawing.frame, DeviceFrame):
                del self._shown[side]
        self._compared = None
        self.invalidate()

    def _take_over(self, places: SharedFrames) -> None:
        """OpenGL takes what devices have drawn, whose canvases may then be lent again."""
        try:
            places.take(*self._device_frames())
        except Withdrawn:
            self._lose_frames()
        except NotShared as error:
            self.devices.refuse(str(error))
            self._lose_frames()

    def step(
        self, painter: GLPainter, places: SharedFrames, content: Content, request: FrameRequest
    ) -> None:
        """Draws what is out of date, or starts to; the painter's context is current.

        Args:
            painter: draws for the gl backend.
            places: where devices draw, of the same context.
            content: the scene.
            request: the view and settings of side A; kept, so nobody else may change it.
        """
        key = self._key(content)
        self._abandon(key)
        self._take_over(places)
        self._start_comparing(places)
        if self._round is None:
            self._begin(painter, places, key, request)

    def take_picture(
        self, painter: GLPainter, places: SharedFrames, picture: Picture, content: Content,
        request: FrameRequest,
    ) -> None:  # fmt: skip
        """Draws a picture to keep; `picture_taken` follows, or `failed`. Arguments as `step`."""
        settings = self.readiness.meanwhile(content.splats, request.settings)
        request = replace(request, settings=settings)
        shown, adds = self._shown.get(0), accumulates(request.settings, content)
        if adds and shown is not None and same_frame(shown.job.request, request):
            try:
                frame = shown.frame  # the mean on screen
                whole = places.read(frame) if isinstance(frame, DeviceFrame) else frame
                whole = whole if isinstance(whole, Frame) else whole.download()
            except VoileError as error:
                self.failed.emit("The picture could not be taken", error)
                return
            self.picture_taken.emit(picture, whole, request)
            return
        job = Job(self._session.backend, content, request, picture=picture)
        if not job.in_window:
            self._worker.take(job)
            return
        try:
            frame = painter.draw(job, keep=True).frame
        except Exception as error:
            self.failed.emit("The picture could not be drawn", error)
            return
        finally:
            self.invalidate()  # the renderer's target was drawn over
        self.picture_taken.emit(picture, frame, request)

    def close(self, seconds: float) -> bool:
        """Stops drawing; whether the thread ended within `seconds`."""
        self._closed = True
        ended = self.readiness.close(seconds), self._worker.close(seconds)
        return all(ended)

    def _key(self, content: Content) -> Key:
        backends = [self._session.backend]
        if self._session.comparison.active:
            backends.append(self._session.comparison.backend)
        return content, tuple(backends)

    def _abandon(self, key: Key) -> None:
        """Forgets what is drawn or shown of another scene, or by other backends."""
        if self._round is not None and not same_key(self._round.key, key):
            self._round = None
            self._worker.drop()
            self._means = Accumulator(), Accumulator()  # the thread may still use those before
        opened = self._session.opened
        document = None if opened is None else opened.document
        if document is not self._document:
            # An edited scene is no other one: its picture stays until there is a new one.
            self._document, self._shown, self._compared = document, {}, None
        if len(key[1]) == 1:
            self._shown.pop(1, None)
            self._compared = None

    def _begin(
        self, painter: GLPainter, places: SharedFrames, key: Key, request: FrameRequest
    ) -> None:
        """Starts to draw what is out of date, or what adds up to a better picture."""
        content, backends = key
        if content is not self._summed:
            self._summed, self._means = content, (Accumulator(), Accumulator())
        if self._stale:
            beside, photo = self._session.comparison.settings_beside(request.settings), None
            if PHOTO in backends:
                beside, photo = request.settings, self._session.captures.view
            wanted = [request.settings, beside][: len(backends)]
            settings = self.readiness.drawable(content.splats, wanted)
            jobs = [
                Job(
                    *(backend, content, replace(request, settings=settings[side]), side),
                    accumulator=self._means[side]
                    if accumulates(settings[side], content)
                    and backend != PHOTO
                    and settings[side].shown not in PROJECTED
                    else None,
                    photo=photo if backend == PHOTO else None,
                    arrays=self._why_arrays(settings[side], content),
                    compared=len(backends) > 1,
                )
                for side, backend in enumerate(backends)
            ]
            for mean, each in zip(self._means, [*settings, beside]):
                if not accumulates(each, content):
                    mean.reset()  # sums are large
        else:
            jobs = self._refinements()
        if not jobs:
            return
        jobs = [self.devices.placed(job, places) for job in jobs]
        self._stale = False
        self._round = Round(key, jobs)
        if others := [job for job in jobs if not job.in_window]:
            self._worker.draw(*others)
        for job in jobs:
            if job.in_window:
                self._draw_gl(painter, job, keep=len(backends) > 1)
        if self._end_round() and (self._uncompared or self._refinements()):
            self.changed.emit()

    def _why_arrays(self, settings: Settings, content: Content) -> str:
        """Why frames are wanted as arrays; empty where they may stay on their device."""
        if settings.shown not in PROJECTED and clear_posters(content):
            return "posters with alpha are blended"
        return self.devices.not_shared

    def _refinements(self) -> list[Job]:
        """What makes the pictures on screen better."""
        return [
            replace(drawing.job, refining=True)
            for drawing in self._shown.values()
            if drawing.job.accumulator is not None and not drawing.job.accumulator.full
        ]

    def _draw_gl(self, painter: GLPainter, job: Job, *, keep: bool) -> None:
        assert self._round is not None
        # Frames that are still textures are drawn over.
        kept = Frame, DeviceFrame
        self._shown = {k: d for k, d in self._shown.items() if isinstance(d.frame, kept)}
        try:
            drawing = painter.draw(job, keep=keep)
            self._round.take(drawing)
            self.drawn.emit(drawing)
        except Exception as error:
            self._round.fail(job)
            self.failed.emit("The gl backend could not draw", error)

    def _take_drawing(self, drawing: Drawing) -> None:
        job = drawing.job
        if isinstance(drawing.frame, DeviceFrame):
            drawing = self.devices.begin(drawing)
        else:
            self.drawn.emit(drawing)
        if job.picture is not None:
            self.picture_taken.emit(job.picture, drawing.frame, job.request)
        elif self._round is not None and self._round.take(drawing) and self._end_round():
            self.changed.emit()

    def _take_outcome(self, drawing: Drawing, outcome: Outcome) -> None:
        """A device has drawn a frame, which may be on screen already."""
        job, drawing = drawing.job, self.devices.settle(drawing, outcome)
        shown = self._shown.get(job.side)
        if shown is not None and shown.job is job:
            self._shown[job.side] = drawing
        if outcome.whole:
            self.drawn.emit(drawing)
        elif self._round is None or job in self._round.jobs:
            # Splats are missing on screen, and nothing newer is coming: there is room for all now.
            self.invalidate()
        self.changed.emit()

    def _take_share(self, job: Job, share: Share) -> None:
        """A device is ready to draw, and wants to know where."""
        self.devices.take_share(job, share)
        if self._round is not None and job in self._round.jobs:
            self._round = None
            self.invalidate()

    def _drawing_failed(self, job: Job, error: BaseException) -> None:
        self.devices.fail(job)
        what = "photograph could not be shown"
        if job.photo is None:
            what = f"{job.backend} backend could not draw"
        self.failed.emit(f"The {what}", error)
        if self._round is not None and self._round.fail(job) and self._end_round():
            self.changed.emit()

    def _end_round(self) -> bool:
        """Shows the pictures of a round once all of them are there; whether they are."""
        if self._round is None or not self._round.done or self._closed:
            return False
        self._shown |= self._round.drawings
        for side in self._round.failed & self._shown.keys():
            # What is still shown must not be drawn on: the same frame would fail again.
            job = replace(self._shown[side].job, accumulator=None)
            self._shown[side] = replace(self._shown[side], job=job)
        if self._round.failed and len(self._shown) > 1:
            self._shown.pop(1)  # the two sides would be of different views
        self._round = None
        self._uncompared = True
        return True

    # Comparing

    def _start_comparing(self, places: SharedFrames) -> None:
        """Has the two sides on screen compared, where they are to be."""
        if self._uncompared and self._session.comparison.active and len(self._shown) == 2:
            pair = Pair(self._shown[0], self._shown[1], self._session.comparison.heat)
            self._worker.compare(self.devices.placed_pair(pair, places))
        self._uncompared = False

    def _take_compared(self, compared: Compared) -> None:
        if self._closed or not self._session.comparison.active or len(self._shown) < 2:
            return
        self._compared = compared
        self.compared_sides.emit(compared)
        if compared.heat is not None:
            self.changed.emit()

    def _look_again(self) -> None:
        """The divider moved, or the difference is wanted or no longer wanted."""
        if self._compared is None or self._compared.pair.heat != self._session.comparison.heat:
            self._uncompared = True
        self.changed.emit()
