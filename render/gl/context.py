"""OpenGL contexts: a headless one where the caller has none, and the limits of a driver."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import Any

import moderngl

from ..camera import MAX_SIDE
from ..renderer import BackendUnavailable

REQUIRED = 430
"""OpenGL 4.3 core: compute shaders and storage buffers."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a driver can take.

    Attributes:
        max_side: longest side of an image, pixels.
        block_bytes: largest storage block a shader may see.
        offset_alignment: the start of a block within a buffer is a multiple of this, bytes.
    """

    max_side: int
    block_bytes: int
    offset_alignment: int

    @classmethod
    def of(cls, ctx: moderngl.Context) -> Limits:
        """The limits that the driver reports, cut to what a signed 32-bit size can say."""
        info = ctx.info
        viewport = info["GL_MAX_VIEWPORT_DIMS"]
        return cls(
            max_side=min(int(info["GL_MAX_TEXTURE_SIZE"]), *map(int, viewport), MAX_SIDE),
            block_bytes=min(int(info["GL_MAX_SHADER_STORAGE_BLOCK_SIZE"]) % 2**32, 2**31 - 1)
            & ~255,
            offset_alignment=256,  # the largest value the specification allows
        )


def headless_context() -> moderngl.Context:
    """A context with no window.

    On Linux through EGL, which needs no display; if that fails but a display's own OpenGL works,
    that is used and a warning is logged. Elsewhere through the platform's OpenGL.

    Raises:
        BackendUnavailable: no driver, or one older than OpenGL 4.3; the text has the fix.
    """
    if not sys.platform.startswith("linux"):
        return _create("the platform's OpenGL")
    try:
        return _create("EGL", backend="egl")
    except BackendUnavailable as egl_error:
        try:
            ctx = _create("the display's OpenGL")
        except BackendUnavailable:
            raise egl_error from None
        log.warning("EGL does not work (%s); drawing through the display's OpenGL", egl_error)
        return ctx


def check_context(ctx: moderngl.Context) -> None:
    """Raises BackendUnavailable if a context is older than OpenGL 4.3."""
    if ctx.version_code < REQUIRED:
        major, minor = divmod(ctx.version_code // 10, 10)
        raise BackendUnavailable(
            f"the OpenGL driver ({ctx.info['GL_RENDERER']}) has version {major}.{minor}, "
            "the gl backend needs 4.3. Update the graphics driver, or use the cpu backend."
        )


def _create(through: str, **options: Any) -> moderngl.Context:
    try:
        return moderngl.create_context(standalone=True, require=REQUIRED, **options)
    except Exception as error:  # moderngl raises Exception, and what its loaders let through
        raise BackendUnavailable(
            f"no OpenGL 4.3 context through {through}: {error}. Install the graphics driver, or "
            "Mesa's software one (Debian, Ubuntu: apt install libegl1 libgl1 libgl1-mesa-dri), "
            "or use the cpu backend."
        ) from error
