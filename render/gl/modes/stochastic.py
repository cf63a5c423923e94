"""`stochastic` with OpenGL: up to four samples at once, by blending that keeps the least.

A pass finds the nearest depth that covers each sample, a second the first splat at that depth, and
what they show is looked up per pixel. Two passes are the price of exact depths and of ties that do
not depend on the driver: a depth buffer has one sample only, and moderngl's has 24 bits.
"""

from __future__ import annotations

from ...modes.stochastic import sample_key
from ..drawing import ADD, LEAST, Drawing
from ..target import Kept, Sums, Target

NOTHING = 3e38
"""No splat covers a sample; as in modes/chance.glsl."""

SMALLEST_NORMAL = 1 << 23
"""Bits of the smallest normal float; from here up whole numbers and floats have one order."""

AT_ONCE = 4


class Blending:
    """Groups of samples, each added to the ones before."""

    ORDERED = False

    def __init__(self) -> None:
        self._kept = Kept()

    def draw(self, drawing: Drawing) -> None:
        """Draws every splat twice for each group of samples."""
        with drawing.stage("rasterize"):
            samples = drawing.request.settings.samples
            # A rounded sum of many samples would be darker than their mean.
            into = drawing.target if samples <= AT_ONCE else self._precise(drawing)
            into.framebuffer.clear(0.0, 0.0, 0.0, 0.0)
            for start in range(0, samples, AT_ONCE):
                self._add(drawing, into, start, min(AT_ONCE, samples - start))
            if into is not drawing.target:
                textures = [into.color, *([into.depth] if into.depth is not None else [])]
                drawing.pixels(drawing.target.framebuffer, "modes/copy.frag", textures)

    def release(self) -> None:
        """Frees the samples and their sum."""
        self._kept.release()

    def _precise(self, drawing: Drawing) -> Target:
        key = drawing.size, "float32", drawing.with_depth
        return self._kept.get("samples", key, lambda: Target(drawing.ctx, *key))

    def _add(self, drawing: Drawing, into: Target, start: int, count: int) -> None:
        """Adds samples `start` to `start + count` of the frame."""
        request, ctx, size = drawing.request, drawing.ctx, drawing.size
        samples = request.settings.samples
        first_number = request.seed * samples + start
        keys = [int(sample_key(first_number + k)) if k < count else 0 for k in range(AT_ONCE)]
        channels = {1: 1, 2: 2}.get(count, 4)
        nearest, first = (
            self._kept.get(name, (size, channels), lambda: Sums(ctx, size, (channels,)))
            for name in ("nearest depths", "first splats")
        )
        defines = {"SAMPLES": count, "NUMBERS": True, "SMALLEST_NORMAL": f"{SMALLEST_NORMAL}u"}
        uniforms = {"sample_keys": tuple(keys), "width": size[0]}
        for sums, shader, textures in (
            (nearest, "modes/stochastic_nearest.frag", []),
            (first, "modes/stochastic_first.frag", nearest.textures),
        ):
            drawing.splats(
                sums.framebuffer,
                shader,
                LEAST,
                clear=NOTHING,
                textures=textures,
                defines=defines,
                **uniforms,
            )
        drawing.pixels(
            into.framebuffer,
            "modes/stochastic_shade.frag",
            first.textures,
            blend=ADD,
            by_chunk=True,
            defines=defines,
            share=1.0 / samples,
        )
