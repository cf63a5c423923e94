"""Float framebuffers: what a frame ends in, and what modes collect on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import moderngl

from ..renderer import RenderError

COLOUR_MAX = {"float16": 6e4, "float32": 1e30}
"""Largest colour by precision. "Over" is a convex combination, so no sum exceeds it either: an
overflow to infinity, and NaN after it, cannot happen."""

SUM_COLOUR_MAX = 1e12
"""Largest colour where splats are summed by weights of up to 2^60, in float32."""


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
        dtypes = [(4, "f2" if precision == "float16" else "f4"), *([(2, "f4")] if depth else [])]
        self._layers = _Attached(ctx, size, dtypes)
        self.framebuffer = self._layers.framebuffer
        self.color = self._layers.textures[0]
        self.depth: moderngl.Texture | None = self._layers.textures[1] if depth else None

    @property
    def bytes(self) -> int:
        """Memory of the textures."""
        (width, height), precision, depth = self.key
        return width * height * ((8 if precision == "float16" else 16) + (8 if depth else 0))

    def release(self) -> None:
        """Frees the memory."""
        self._layers.release()


class _Attached:
    def __init__(
        self, ctx: moderngl.Context, size: tuple[int, int], dtypes: list[tuple[int, str]]
    ) -> None:
        self.textures: list[moderngl.Texture] = []
        try:
            for components, dtype in dtypes:
                self.textures.append(ctx.texture(size, components, dtype=dtype))
            self.framebuffer = ctx.framebuffer(self.textures)
        except BaseException:
            for texture in self.textures:
                texture.release()
            raise

    def release(self) -> None:
        """Frees the memory."""
        self.framebuffer.release()
        for texture in self.textures:
            texture.release()


class Sums(_Attached):
    """Float32 textures that a mode collects into.

    Args:
        ctx: current context.
        size: width and height, pixels.
        components: of each texture: 1, 2 or 4.

    Attributes:
        textures: in order of the fragment shader's outputs.
        framebuffer: has all of them attached.
    """

    def __init__(
        self, ctx: moderngl.Context, size: tuple[int, int], components: tuple[int, ...]
    ) -> None:
        super().__init__(ctx, size, [(c, "f4") for c in components])


class Releasable(Protocol):
    """An object in GPU memory."""

    def release(self) -> Any: ...


R = TypeVar("R", bound=Releasable)


class Kept:
    """GPU objects by name, kept from frame to frame until what they are made for changes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, Any]] = {}

    def get(self, name: str, key: object, make: Callable[[], R]) -> R:
        """The object of this name; made anew, and the old one released, where `key` differs.

        Raises:
            RenderError: the driver has no memory for it.
        """
        if name in self._kept:
            known, kept = self._kept[name]
            if known == key:
                return kept
            del self._kept[name]
            kept.release()
        try:
            made = make()
        except moderngl.Error as error:
            raise RenderError(
                f"the OpenGL driver has no memory for the {name} of this frame ({error}). "
                "Draw it smaller, or by the cpu backend."
            ) from error
        self._kept[name] = key, made
        return made

    def release(self) -> None:
        """Frees all of them."""
        for _, kept in self._kept.values():
            kept.release()
        self._kept.clear()
