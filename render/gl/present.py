"""`Presenter`: the last step to a window; a frame over its background, encoded to 8 bits."""

from __future__ import annotations

from typing import Literal

import moderngl
import numpy as np

from ..device_frame import DeviceFrame
from ..display import CURVES
from ..frame import Frame
from .frame import GLFrame
from .programs import Programs, set_uniforms
from .shared import SharedFrames

CHECKER_DARK = (0.16, 0.16, 0.17)
CHECKER_LIGHT = (0.20, 0.20, 0.21)
CHECKER_SIZE = 12.0
"""Squares behind transparent frames: colours, and side in framebuffer pixels."""

UPLOADED = 2
"""Frames that are kept uploaded: the two sides of a comparison."""


class Presenter:
    """Draws frames of any backend into framebuffers of one context.

    Attributes:
        shared: where devices draw frames for this context, and what they have drawn.

    Args:
        ctx: the context; the caller keeps it current around every call.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._programs = Programs(ctx)
        program = self._programs.draw("present.vert", "present.frag")
        self._triangle = ctx.vertex_array(program, [])
        self._sampler = ctx.sampler(repeat_x=False, repeat_y=False)
        self._textures: list[tuple[Frame, moderngl.Texture]] = []  # latest last
        self.shared = SharedFrames(ctx)

    def present(
        self,
        framebuffer: moderngl.Framebuffer,
        frame: GLFrame | DeviceFrame | Frame,
        background: tuple[float, float, float] | None,
        *,
        filter: Literal["linear", "nearest"] = "linear",
        part: tuple[float, float] = (0.0, 1.0),
        exposure: float = 0.0,
        tone_mapping: str = "none",
    ) -> None:
        """Fills a framebuffer with a frame, right way up.

        At the framebuffer's own size the bytes are those of `Frame.to_rgb8`. The framebuffer's
        alpha becomes 1. It stays bound; blending, depth test and scissor are left off.

        Args:
            framebuffer: where to; its viewport is set to all of it.
            frame: a `GLFrame` of a renderer of this context, or arrays, which are uploaded once:
                presenting one of the two latest `Frame` objects again costs no upload. Or a
                `DeviceFrame`, on a canvas of `shared`.
            background: display RGB behind the frame; None shows a checkerboard.
            filter: how a frame of another size is scaled.
            part: from where to where of the width to draw, as shares; the rest stays as it is.
            exposure, tone_mapping: as the settings of these names.

        Raises:
            NotShared, Withdrawn: OpenGL cannot have the `DeviceFrame`.
        """
        ctx = self._ctx
        texture = self._texture(frame)
        same_size = texture.size == framebuffer.size
        mode = moderngl.NEAREST if same_size or filter == "nearest" else moderngl.LINEAR
        self._sampler.filter = mode, mode
        set_uniforms(
            self._triangle.program,
            frame=0,
            background=background or (0.0, 0.0, 0.0),
            checkerboard=background is None,
            checker_dark=CHECKER_DARK,
            checker_light=CHECKER_LIGHT,
            checker_size=CHECKER_SIZE,
            as_drawn=exposure == 0.0 and tone_mapping == "none",
            gain=2.0**exposure,
            curve=list(CURVES).index(tone_mapping),
        )
        framebuffer.use()
        framebuffer.viewport = 0, 0, framebuffer.width, framebuffer.height
        left, right = (round(share * framebuffer.width) for share in part)
        if left >= right:
            return
        # moderngl keeps a framebuffer's scissor with it, and draws by the one in use.
        framebuffer.scissor = left, 0, right - left, framebuffer.height
        ctx.enable_only(moderngl.NOTHING)
        texture.use(0)
        self._sampler.use(0)
        self._triangle.render(moderngl.TRIANGLES, vertices=3)
        self._sampler.clear(0)
        framebuffer.scissor = None  # pyright: ignore[reportAttributeAccessIssue]

    def release(self) -> None:
        """Frees everything that belongs to the presenter."""
        self.shared.release()
        for _, texture in self._textures:
            texture.release()
        self._textures = []
        self._triangle.release()
        self._sampler.release()
        self._programs.release()

    def _texture(self, frame: GLFrame | DeviceFrame | Frame) -> moderngl.Texture:
        if isinstance(frame, GLFrame):
            return frame.color
        return self.shared.of(frame) if isinstance(frame, DeviceFrame) else self._upload(frame)

    def _upload(self, frame: Frame) -> moderngl.Texture:
        for known, texture in self._textures:
            if known is frame:
                return texture
        height, width = frame.alpha.shape
        texture = None
        if len(self._textures) == UPLOADED:
            _, texture = self._textures.pop(0)
            if texture.size != (width, height):
                texture.release()
                texture = None
        if texture is None:
            texture = self._ctx.texture((width, height), 4, dtype="f4")
        texture.write(np.ascontiguousarray(frame.premultiplied()))
        self._textures.append((frame, texture))
        return texture
