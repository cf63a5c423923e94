"""The float framebuffer that splats are blended into."""

from __future__ import annotations

import moderngl

COLOUR_MAX = {"float16": 6e4, "float32": 1e30}
"""Largest colour by precision. "Over" is a convex combination, so no sum exceeds it either: an
overflow to infinity, and NaN after it, cannot happen."""


class Target:
    """Textures of one size.

    Attributes:
        color: RGBA float16 or float32; row 0 is the image's top row.
        depth: RG float32, sum T alpha z and sum T alpha; None if not asked for.
        framebuffer: has both attached.
    """

    def __init__(
        self, ctx: moderngl.Context, size: tuple[int, int], precision: str, depth: bool
    ) -> None:
        self.key = size, precision, depth
        self.depth: moderngl.Texture | None = None
        dtype = "f2" if precision == "float16" else "f4"
        self.color = ctx.texture(size, 4, dtype=dtype)
        attachments = [self.color]
        try:
            if depth:
                self.depth = ctx.texture(size, 2, dtype="f4")
                attachments.append(self.depth)
            self.framebuffer = ctx.framebuffer(attachments)
        except BaseException:
            for texture in attachments:
                texture.release()
            raise

    def release(self) -> None:
        """Frees the memory."""
        self.framebuffer.release()
        self.color.release()
        if self.depth is not None:
            self.depth.release()
