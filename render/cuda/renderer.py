"""`CUDARenderer`: the kernels of `voile.kernels.cuda` on torch's tensors and stream.

It has not been run on a GPU yet (docs/gpu-status.md); tests run its kernels on the host.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...scenes.content import Content
from ...scenes.splats import Splats
from ..camera import MAX_SIDE
from ..device_frame import Canvas, DeviceFrame, Outcome, Share
from ..frame import Frame, FrameRequest
from ..inspect import blended, with_views
from ..meshes.cpu import draw_meshes
from ..modes.binned import depth_unit
from ..modes.weighted import depth_offset
from ..posters import clear_posters, with_posters
from ..renderer import BackendFailed, Capabilities, RenderError, check_mode, rows_for, scene_for
from ..scene_facts import facts_of
from . import modes, views
from .device import Address
from .frame import MOST, Planned, Room, plan_frame
from .inflight import Lanes, Pending
from .mean import CUDAMean
from .picture import CUDAPicture
from .plan import Buffers, Tensor
from .resident import Resident
from .scenery import Scenery
from .view import pack_view
from .work import Work, work_on_gpu


class Task(NamedTuple):
    """What a frame is launched from: once where there is room, and else again with more.

    Attributes:
        request, scenery: of the frame.
        plan: makes its plan for some room, with the picture at an address or in its own memory.
        told: its stats, from what was counted.
    """

    request: FrameRequest
    scenery: Scenery
    plan: Callable[[Room, Address | None], Planned]
    told: Callable[[list[int]], dict[str, int]]


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
        self._resident = Resident(self.work)
        launcher = self.work.launcher
        self._buffers = Buffers(self.work.torch, launcher.device, launcher.send)
        self._lanes = Lanes(launcher)
        self._room: Room | None = None

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
            self._forget()
        self._content = content

    @property
    def shown_scene(self) -> Content | None:
        """What debug views show."""
        return self._content

    @with_views
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
            planned, pending = self._launch_whole(task)
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
        """As `render`, but to OpenGL's memory, without depth. Of the debug views it shows those of
        `inspect.BLENDED`, and averages none.

        The host does not wait for the frame, but for the first that is averaged: the others need no
        more room, and so splats are missing in none.

        Args:
            request: of the frame.
            canvas: where to.
            averaged: leaves the canvas to a mean, and the frame where the next one will be drawn.
            kept: also in memory of the frame's own, from which the canvas is filled.

        Raises:
            Withdrawn: the canvas is not lent any more.
            RenderError: as `render`, and where posters have alpha, which takes several frames.
        """
        if clear_posters(self._content):
            raise RenderError("posters with alpha take several frames; call render()")
        shown, color = request.settings.shown, None
        request = replace(request, depth=False)
        if shown != "colour" and self._content is not None:
            request = blended(request, self._content)
        with self._telling(request):
            task, work = self._task(request), self.work
            picture = None
            if kept:
                picture = work.new_picture(request.camera.width, request.camera.height)
            if averaged or shown in views.FINISHED:
                sure = averaged and request.seed == 0
                planned, pending = (self._launch_whole if sure else self._launch)(task)
                if averaged:
                    color = planned.colors[0]
                else:
                    with _target(work, canvas, picture) as target:
                        views.show(shown, planned, work, target)
            else:
                with _target(work, canvas, picture) as target:
                    _, pending = self._launch(task, target)
            ready = self.work.launcher.fence()

        def outcome(wait: bool) -> Outcome | None:
            with self._telling(request):
                found = pending.outcome(wait)
            if found is None:
                return None
            return found._replace(timings=found.timings | task.scenery.timings)

        own = None if picture is None else CUDAPicture(self.work, picture)
        return DeviceFrame(canvas, ready, outcome, color, own)

    def close(self) -> None:
        """Lets go of the scene and all memory on the GPU."""
        self._content = None
        self._forget()

    @contextmanager
    def _telling(self, request: FrameRequest) -> Iterator[None]:
        """What goes wrong with the GPU is a BackendFailed, and the next frame begins anew."""
        try:
            yield
        except RenderError:
            raise
        except Exception as error:
            self._forget(wait=False)
            size = f"{request.camera.width}x{request.camera.height}"
            count = 0 if self._content is None else len(self._content.splats)
            if (problem := self.work.problem(error, f"{count} splats at {size}")) is None:
                raise
            raise BackendFailed(self.name, problem) from error

    def _task(self, request: FrameRequest) -> Task:
        """Sends what a frame needs."""
        check_mode(self, request)
        content = self._content
        if content is None:
            raise RenderError("the CUDA renderer has no scene; call upload() before render()")
        splats, facts = scene_for(request, content.splats), facts_of(content.splats)
        camera, settings, send = request.camera, request.settings, self._buffers.send
        if not self._resident.holds(splats, settings.storage):
            self._lanes.forget()  # which may hold what it replaces
        scene = self._resident.scene(splats, settings.storage)
        view = pack_view(
            camera,
            settings,
            depth_offset=depth_offset(facts, camera),
            depth_unit=depth_unit(facts, camera),
        )
        blending = modes.blending(modes.Asked(request, facts, self._buffers, self._resident.array))
        sent, rows = send("view", view), rows_for(request, content.splats)
        scenery = Scenery(content, request, sent, rows, self._buffers, self._resident)
        self._room = self._room or Room.for_scene(len(splats))

        def plan(room: Room, target: Address | None) -> Planned:
            return plan_frame(
                self._buffers,
                scene,
                sent,
                (camera.width, camera.height),
                room,
                blending,
                degree=min(settings.max_sh_degree, splats.sh_degree),
                antialias=settings.uses_antialiasing(splats.antialiased),
                with_depth=request.depth,
                coats=scenery.coats,
                limits=scenery.limits,
                finish=scenery.finish,
                target=target,
            )

        def told(counts: list[int]) -> dict[str, int]:
            _, ordered, instances, _, groups = counts[:5]
            return {
                "splats": len(splats),
                "visible": ordered,
                "instances": instances,
                "keys": modes.keys(blending, ordered, groups),
                **scenery.stats(),
            }

        return Task(request, scenery, plan, told)

    def _launch(self, task: Task, target: Address | None = None) -> tuple[Planned, Pending]:
        """Draws on the device, and does not wait for it."""
        lane = self._lanes.next()  # which may make room
        room = self._room
        assert room is not None
        planned = task.plan(room, target)
        lane.times.begin()
        lane.replayer.run(planned.plan, lane.times.end)
        counts = self.work.launcher.fetch(planned.counts)
        pending = Pending(lane, planned.plan.stages, counts, room, task.told, self._grow)
        lane.pending = pending
        return planned, pending

    def _launch_whole(self, task: Task) -> tuple[Planned, Pending]:
        """Draws on the device, again with more room where a frame has found too little."""
        while True:
            planned, pending = self._launch(task)
            outcome = pending.outcome(True)
            if outcome is not None and outcome.whole:
                return planned, pending

    def _grow(self, visible: int, instances: int) -> None:
        """Makes room, once a frame has found too little."""
        if self._room is None or self._content is None:
            return  # it was of a scene that is gone
        grown = self._room.grown(visible, instances, len(self._content.splats))
        if grown != self._room:
            self._room = grown
            self._lanes.forget()  # which hold the memory that is now too small

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
        timings = outcome.timings | task.scenery.timings | downloaded
        return Frame(colors[0], alpha, depth, timings, outcome.stats, paint)

    def _forget(self, *, wait: bool = True) -> None:
        self._lanes.forget(wait=wait)
        self._resident.clear()
        self._buffers.clear()
        self._room = None


@contextmanager
def _target(work: Work, canvas: Canvas, picture: Tensor) -> Iterator[Address]:
    """Where to draw a frame: a canvas, or a picture that is shown there then. Raises Withdrawn."""
    with canvas.lent() as address:
        if picture is None:
            yield Address(address)
        else:
            yield Address(picture.data_ptr())
            work.each_pixel("compose", picture, None, None, 0, None, Address(address))
