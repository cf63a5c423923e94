"""`GLPainter`: the gl backend in a window's own context, which is current around every call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import moderngl

from ..render.posters import clear_posters, needs_host
from ..scenes.content import Content
from .jobs import Drawing, Job

if TYPE_CHECKING:
    from ..render.gl.mean import GLMean
    from ..render.gl.renderer import GLRenderer


class GLPainter:
    """Draws jobs into textures of the context.

    Args:
        ctx: the window's context.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._renderer: GLRenderer | None = None
        self._uploaded: Content | None = None
        self._means: dict[int, GLMean] = {}

    @property
    def modes(self) -> frozenset[str]:
        """The modes it draws. Raises BackendUnavailable."""
        return self._made().capabilities.modes

    def upload(self, content: Content) -> None:
        """Puts a scene on the GPU, unless it is there.

        Raises:
            VoileError: it does not fit; the scene before it is back in place.
        """
        renderer = self._made()
        if self._uploaded is content:
            return
        before, self._uploaded = self._uploaded, None
        try:
            renderer.upload(content)
        except Exception:
            if before is not None:
                renderer.upload(before)
                self._uploaded = before
            raise
        self._uploaded = content

    def draw(self, job: Job, *, keep: bool) -> Drawing:
        """Draws one frame, the mean of all so far where the job accumulates.

        Args:
            job: what to draw.
            keep: download the frame; else it is valid until the next one is drawn, or where the
                job accumulates until the next one of its side.

        Raises:
            VoileError: the scene does not fit, or the frame cannot be drawn.
        """
        self.upload(job.content)
        renderer, mean = self._made(), job.accumulator
        request = job.request if mean is None else mean.next(job.request)
        start = time.perf_counter()
        on_host = needs_host(request) and bool(clear_posters(job.content))
        if request.settings.shown != "colour" or on_host:
            whole = renderer.render(request)
            elapsed = 1e3 * (time.perf_counter() - start)
            shown, samples = (whole, 0) if mean is None else (mean.add(whole), mean.samples)
            device = renderer.capabilities.device
            return Drawing(
                job, shown, elapsed, device, whole.stats, samples, dict(whole.timings), start
            )
        frame = renderer.draw(request)
        stats = frame.stats  # waits for the GPU, so the time is the frame's
        elapsed = 1e3 * (time.perf_counter() - start)
        device = renderer.capabilities.device
        timings = frame.timings
        if mean is None:
            kept = frame.download() if keep else frame
            return Drawing(job, kept, elapsed, device, stats, 0, timings, start)
        added = mean.add_to(self._mean_of(job.side), frame)
        kept = added.download() if keep else added
        return Drawing(job, kept, elapsed, device, stats, mean.samples, timings, start)

    def reload_shaders(self) -> Exception | None:
        """Takes up edited shader files; why one does not compile, then its last good one stays."""
        return None if self._renderer is None else self._renderer.reload_shaders()

    def release(self) -> None:
        """Frees everything."""
        self._uploaded = None
        for mean in self._means.values():
            mean.release()
        self._means.clear()
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _mean_of(self, side: int) -> GLMean:
        if side not in self._means:
            self._means[side] = self._made().new_mean()
        return self._means[side]

    def _made(self) -> GLRenderer:
        if self._renderer is None:
            from ..render.gl.renderer import GLRenderer

            self._renderer = GLRenderer(self._ctx)
        return self._renderer
