"""`Launches`: a scene's frames on their way to the GPU, and the memory that they share there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...scenes.content import Content
from ..frame import FrameRequest
from ..inspect import PROJECTED
from ..modes.binned import depth_unit
from ..modes.weighted import depth_offset
from ..renderer import rows_for, scene_for
from ..scene_facts import facts_of
from . import modes, views
from .device import Address
from .frame import Planned, Room, Then, plan_frame
from .inflight import Lanes, Pending
from .plan import Buffers
from .resident import Resident
from .scenery import Scenery
from .view import pack_view
from .work import Work


class Task(NamedTuple):
    """What a frame is launched from: once where there is room, and else again with more.

    Attributes:
        request, scenery: of the frame.
        splats: of the scene.
        plan: makes its plan for some room, with the picture at an address or in its own memory.
        told: its stats, from what was counted.
    """

    request: FrameRequest
    scenery: Scenery
    splats: int
    plan: Callable[[Room, Address | None], Planned]
    told: Callable[[list[int]], dict[str, int]]


class Launches:
    """Frames by one launcher.

    Args:
        work: where they are drawn.

    Attributes:
        buffers: memory that is used by one frame after the other.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._resident = Resident(work)
        self.buffers = Buffers(work.torch, work.launcher.device, work.launcher.send)
        self._lanes = Lanes(work.launcher)
        self._room: Room | None = None

    def task(self, request: FrameRequest, content: Content) -> Task:
        """Sends what a frame needs.

        Args:
            request: of the frame; one whose settings show a view of `inspect.PROJECTED` is of
                that.
            content: the scene.

        Raises:
            RenderError: the scene lacks what the mode needs.
        """
        flat = request.settings.shown in PROJECTED
        if flat:
            content = Content(content.splats)
        splats, facts = scene_for(request, content.splats), facts_of(content.splats)
        camera, settings, send = request.camera, request.settings, self.buffers.send
        if not self._resident.holds(splats, settings.storage):
            self._lanes.forget()  # which may hold what it replaces
        scene = self._resident.scene(splats, settings.storage)
        view = pack_view(
            camera,
            settings,
            depth_offset=depth_offset(facts, camera),
            depth_unit=depth_unit(facts, camera),
        )
        asked = modes.Asked(request, facts, self.buffers, self._resident.array)
        blending = (views if flat else modes).blending(asked)
        sent, rows = send("view", view), rows_for(request, content.splats)
        scenery = Scenery(content, request, sent, rows, self.buffers, self._resident)
        self._room = self._room or Room.for_scene(len(splats))

        def plan(room: Room, target: Address | None) -> Planned:
            return plan_frame(
                self.buffers,
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
                begin=scenery.begin,
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

        return Task(request, scenery, len(splats), plan, told)

    def launch(
        self, task: Task, target: Address | None = None, then: Then | None = None
    ) -> tuple[Planned, Pending]:
        """Draws on the device, and does not wait for it."""
        lane = self._lanes.next()  # which may make room
        room = self._room
        assert room is not None
        planned = task.plan(room, target)
        lane.times.begin()
        lane.replayer.run(planned.plan, lane.times.end)
        stages = planned.plan.stages
        if then is not None:
            then.launch(planned)
            lane.times.end(then.stage)
            stages.append(then.stage)
        # Behind the last mark: once they are here the device has come to all of them.
        counts = self._work.launcher.fetch(planned.counts)

        def grow(visible: int, instances: int) -> None:
            self._grow(visible, instances, task.splats)

        pending = Pending(lane, stages, counts, room, task.told, grow)
        lane.pending = pending
        return planned, pending

    def launch_whole(self, task: Task, then: Then | None = None) -> tuple[Planned, Pending]:
        """Draws on the device, again with more room where a frame has found too little."""
        while True:
            planned, pending = self.launch(task, then=then)
            outcome = pending.outcome(True)
            if outcome is not None and outcome.whole:
                return planned, pending

    def forget(self, *, wait: bool = True) -> None:
        """Lets go of the scene and of all memory; `wait`: once the GPU is done with it."""
        self._lanes.forget(wait=wait)
        self._resident.clear()
        self.buffers.clear()
        self._room = None

    def _grow(self, visible: int, instances: int, splats: int) -> None:
        """Makes room, once a frame has found too little."""
        if self._room is None:
            return  # it was of a scene that is gone
        grown = self._room.grown(visible, instances, splats)
        if grown != self._room:
            self._room = grown
            self._lanes.forget()  # which hold the memory that is now too small
