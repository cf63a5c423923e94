"""`CUDARenderer`: the kernels of `voile.kernels.cuda` on torch's tensors and stream.

It has not been run on a GPU yet (docs/gpu-status.md); tests run its kernels on the host.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np

from ...scenes.content import Content
from ...scenes.splats import Splats
from ..camera import MAX_SIDE
from ..device_frame import Canvas, DeviceFrame, Outcome, Share
from ..frame import Frame, FrameRequest
from ..inspect import PROJECTED, both, with_views
from ..meshes.cpu import draw_meshes
from ..posters import clear_posters, with_posters
from ..renderer import BackendFailed, Capabilities, RenderError, check_mode
from . import modes, views
from .device import Address
from .frame import MOST, Planned, Then
from .inflight import Pending
from .launches import Launches, Task
from .mean import CUDAMean
from .picture import CUDAPicture, drawn_to
from .work import Work, work_on_gpu


class CUDARenderer:
    """Draws on an NVIDIA GPU. Use it from one thread at a time.

    Args:
        work: torch and what launches kernels; None takes torch's current CUDA device.

    Attributes:
        work: as given, or what was taken.

    Raises:
        BackendUnavailable: no GPU, driver or package for it; the text says which.
    """

    name = "cuda"

    def __init__(self, work: Work | None = None) -> None:
        self.work = work or work_on_gpu()
        self._content: Content | None = None
        self._launches = Launches(self.work)

    @property
    def capabilities(self) -> Capabilities:
        device = self.work.launcher.name
        return Capabilities(modes.NAMES, device, MAX_SIDE, medians=modes.MEDIANS)

    def upload(self, scene: Splats | Content) -> None:
        """Keeps the scene; its arrays are copied to the GPU when first drawn."""
        content = Content.of(scene)
        splats = content.splats
        if len(splats) > MOST:
            raise RenderError(f"the scene has {len(splats)} splats; the CUDA backend takes {MOST}")
        if self._content is None or splats is not self._content.splats:
            self._launches.forget()
        self._content = content

    @property
    def shown_scene(self) -> Content | None:
        """What debug views show."""
        return self._content

    def _draw_projected(self, request: FrameRequest) -> Frame:
        """A view of `inspect.PROJECTED`; arguments and errors are those of `render`."""
        show = views.Show(request.settings, self.work)
        with self._telling(request):
            (frame,) = views.frames(request, self._content)
            task = self._task(frame)
            planned, pending = self._launches.launch_whole(task, show.last())
            drawn = self._download(task, planned, pending)
            more = {} if show.scale is None else show.scale.stats()
        depth = np.zeros_like(drawn.alpha) if request.depth else None
        return replace(drawn, depth=depth, stats=drawn.stats | more)

    @with_views(_draw_projected)
    @with_posters(draw_meshes)
    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame.

        Raises:
            RenderError: no scene uploaded, a mode this backend lacks, or a scene that lacks what
                the mode needs.
            BackendFailed: too little memory on the GPU, a kernel that does not compile or cannot
                be loaded, or a GPU that has stopped working.
        """
        with self._telling(request):
            task = self._task(request)
            planned, pending = self._launches.launch_whole(task)
            return self._download(task, planned, pending)

    @property
    def share(self) -> Share:
        """Gives buffers of OpenGL's to the GPU."""
        return self.work.launcher.share

    def new_mean(self) -> CUDAMean:
        """Of frames that are drawn to be averaged; it holds memory of the GPU."""
        return CUDAMean(self.work)

    def draw(
        self, request: FrameRequest, canvas: Canvas, *, averaged: bool = False, kept: bool = False
    ) -> DeviceFrame:
        """As `render`, but to OpenGL's memory, without depth.

        The host does not wait for the frame, but for the first that is averaged: the others need no
        more room, and so splats are missing in none.

        Args:
            request: of the frame.
            canvas: where to.
            averaged: leaves the canvas to a mean, and the frame where the next one will be drawn.
            kept: also in memory of the frame's own, or of the mean's, from which the canvas is
                filled.

        Raises:
            Withdrawn: the canvas is not lent any more.
            RenderError: as `render`, and where posters have alpha, which takes several frames.
        """
        settings, work = request.settings, self.work
        if settings.shown not in PROJECTED and clear_posters(self._content):
            raise RenderError("posters with alpha take several frames; call render()")
        sure, finished = averaged and request.seed == 0, settings.shown in views.FINISHED
        drawn: list[Pending] = []
        show, picture = views.Show(settings, work), None
        if kept and not averaged:
            picture = work.new_picture(request.camera.width, request.camera.height)
        with self._telling(request):
            *before, last = views.frames(replace(request, depth=False), self._content)
            for each in before:
                task = self._task(each)
                _, pending = self._launch(task, sure, None, show.before())
                drawn.append(pending)
            task = self._task(last)
            place = nullcontext() if averaged else drawn_to(canvas, work, picture)
            with place as target:
                to = None if finished else target
                planned, pending = self._launch(task, sure, to, show.last(target))
            drawn.append(pending)
            ready = work.launcher.fence()

        def outcome(wait: bool) -> Outcome | None:
            with self._telling(request):
                return _outcome(drawn, show.scale, wait)

        color = planned.colors[0] if averaged else None
        own = None if picture is None else CUDAPicture(work, picture)
        return DeviceFrame(canvas, ready, outcome, color, own, kept)

    def close(self) -> None:
        """Lets go of the scene and all memory on the GPU."""
        self._content = None
        self._launches.forget()

    @contextmanager
    def _telling(self, request: FrameRequest) -> Iterator[None]:
        """What goes wrong with the GPU is a BackendFailed, and the next frame begins anew."""
        try:
            yield
        except RenderError:
            raise
        except Exception as error:
            self._launches.forget(wait=False)
            size = f"{request.camera.width}x{request.camera.height}"
            count = 0 if self._content is None else len(self._content.splats)
            if (problem := self.work.problem(error, f"{count} splats at {size}")) is None:
                raise
            raise BackendFailed(self.name, problem) from error

    def _task(self, request: FrameRequest) -> Task:
        """Sends what a frame needs. Raises RenderError."""
        check_mode(self, request)
        if self._content is None:
            raise RenderError("the CUDA renderer has no scene; call upload() before render()")
        return self._launches.task(request, self._content)

    def _launch(
        self, task: Task, sure: bool, target: Address | None, then: Then | None
    ) -> tuple[Planned, Pending]:
        """Draws; `sure` waits until the frame is whole, which has memory of its own then."""
        launches = self._launches
        return launches.launch_whole(task, then) if sure else launches.launch(task, target, then)

    def _download(self, task: Task, planned: Planned, pending: Pending) -> Frame:
        """The frame as arrays of their own."""
        outcome = pending.outcome(True)
        assert outcome is not None
        begun, to_host = time.perf_counter(), self.work.to_host
        first, asked = planned.colors[0], task.request.paint
        # Split on the device: a copy takes at once what lies side by side.
        coats = 0 if asked is None else asked.coats
        painted = len(planned.colors) == coats  # more are what light was made from
        wanted = planned.colors if painted else planned.colors[:1]
        colors = [to_host(color[..., :3].contiguous()) for color in wanted]
        alpha = to_host(first[..., 3].contiguous())
        depth = None if planned.depth is None else to_host(planned.depth)
        paint = np.concatenate(colors, axis=2) if painted else None
        downloaded = {"download": 1e3 * (time.perf_counter() - begun)}
        timings = outcome.timings | downloaded
        return Frame(colors[0], alpha, depth, timings, outcome.stats, paint)


def _outcome(drawn: Sequence[Pending], scale: views.Scale | None, wait: bool) -> Outcome | None:
    """What is known of the frames of a picture; the stats are those of the first."""
    whole, timings, stats = True, {}, {}
    for pending in drawn:
        if (found := pending.outcome(wait)) is None:
            return None
        whole = whole and found.whole
        timings = both(timings, found.timings)
        stats = stats or found.stats
    if scale is not None:
        if not (wait or scale.there()):
            return None
        stats = stats | scale.stats()
    return Outcome(whole, timings, stats)
