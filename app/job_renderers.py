"""`JobRenderers`: draws jobs by a renderer for each backend that was asked for."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

from ..render.accumulate import Accumulator, Mean
from ..render.captured import photo_frame
from ..render.device_frame import DeviceFrame, DeviceRenderer, Share, Withdrawn
from ..render.frame import Frame
from ..render.renderer import Renderer, create_renderer
from ..scenes.captured import CapturedView
from ..scenes.content import Content
from .jobs import Drawing, Job

SHARED = "shared with OpenGL"
"""What is said of a frame that stays on the device that drew it."""


def copied(reason: str) -> str:
    """What is said of a frame of a device that comes by way of the host."""
    return f"host copy: {reason}"


class PlaceWanted(Exception):
    """A device is to draw a frame, which has no canvas yet; `share` makes it one."""

    def __init__(self, share: Share) -> None:
        super().__init__("there is no canvas to draw to")
        self.share = share


class JobRenderers:
    """One renderer for each backend; used by one thread alone."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Renderer, Content | None]] = {}
        self._photo: tuple[tuple[CapturedView, int, int], Frame] | None = None
        # Of accumulators whose frames stay on a device, and by which renderer they are drawn.
        self._means: WeakKeyDictionary[Accumulator, tuple[DeviceRenderer, Mean[DeviceFrame]]] = (
            WeakKeyDictionary()
        )

    def draw(self, job: Job) -> Drawing:
        """Draws a frame.

        Raises:
            PlaceWanted: a device is to draw it, and the job has no canvas any more, or yet.
        """
        if job.photo is not None:
            return self._show(job, job.photo)
        if job.backend == "gl":  # whose views of `PROJECTED` are drawn here, and nothing else
            from ..render.cpu.views import draw_projected  # Numba, which takes its time to load

            start = time.perf_counter()
            frame = draw_projected(job.content, job.request)
            elapsed = 1e3 * (time.perf_counter() - start)
            return Drawing(
                job, frame, elapsed, "projection", frame.stats, 0, dict(frame.timings), start
            )
        renderer, content = self._held.get(job.backend, (None, None))
        if renderer is None:
            renderer = create_renderer(job.backend)
        if content is not job.content:
            self._held[job.backend] = renderer, None
            renderer.upload(job.content)
            # Scenes that are no longer shown must not be held.
            for name, (other, held) in list(self._held.items()):
                if held is not None and held is not job.content:
                    other.close()
                    del self._held[name]
        self._held[job.backend] = renderer, job.content
        if isinstance(renderer, DeviceRenderer) and not job.arrays:
            return self._draw_on_device(job, renderer, renderer.capabilities.device)
        mean = job.accumulator
        if mean is not None and self._means.pop(mean, None) is not None:
            mean.reset()  # it has added up on a device
        request = job.request if mean is None else mean.next(job.request)
        device, samples = renderer.capabilities.device, 0
        start = time.perf_counter()
        frame = renderer.render(request)
        elapsed = 1e3 * (time.perf_counter() - start)
        if mean is not None:
            frame, samples = mean.add(frame), mean.samples
        route = copied(job.arrays) if isinstance(renderer, DeviceRenderer) else ""
        timings = dict(frame.timings)
        return Drawing(job, frame, elapsed, device, frame.stats, samples, timings, start, route)

    def _draw_on_device(self, job: Job, renderer: DeviceRenderer, device: str) -> Drawing:
        """Raises PlaceWanted."""
        if job.canvas is None:
            raise PlaceWanted(renderer.share)
        start, mean, samples = time.perf_counter(), job.accumulator, 0
        try:
            self._forget_means()
            if mean is None:
                frame = renderer.draw(job.request, job.canvas, kept=job.compared)
            else:
                added = self._mean_on_device(mean, renderer)
                request, kept = mean.next(job.request), job.compared
                frame = renderer.draw(request, job.canvas, averaged=True, kept=kept)
                frame, samples = mean.add_to(added, frame), mean.samples
        except Withdrawn:
            raise PlaceWanted(renderer.share) from None
        stats = {"splats": len(job.splats)}
        return Drawing(job, frame, 0.0, device, stats, samples, {}, start, SHARED)

    def _forget_means(self) -> None:
        """Those that have been reset, whose sides add nothing up any more: they are large."""
        for mean in [each for each in self._means if each.frames == 0]:
            del self._means[mean]

    def _mean_on_device(self, mean: Accumulator, renderer: DeviceRenderer) -> Mean[DeviceFrame]:
        """Where it adds up; it starts anew where that was elsewhere before."""
        drawn_by, kept = self._means.get(mean, (None, None))
        if kept is None or drawn_by is not renderer:
            mean.reset()
            kept = renderer.new_mean()
            self._means[mean] = renderer, kept
        return kept

    def _show(self, job: Job, photo: CapturedView) -> Drawing:
        """The photograph where the job's camera has it; the last one is kept."""
        start = time.perf_counter()
        key = photo, job.request.camera.width, job.request.camera.height
        if self._photo is None or self._photo[0] != key:
            self._photo = key, photo_frame(*key)
        elapsed = 1e3 * (time.perf_counter() - start)
        return Drawing(job, self._photo[1], elapsed, "photograph", {}, begun=start)

    def close(self) -> None:
        """Closes all renderers."""
        for renderer, _ in self._held.values():
            renderer.close()
