"""Lights with OpenGL: the harmonics, lamps and tables that shaders read."""

from __future__ import annotations

import moderngl
import numpy as np

from ...scenes.content import Content
from ...scenes.lights import Environment, Lamp
from ..frame import FrameRequest
from ..renderer import RenderError
from ..shading.environment import environment_frame, gain, harmonics
from ..shading.lamps import lamp_rows
from ..shading.sampling import table_of
from .drawing import COUNTERS
from .programs import MOST_LAMPS, set_uniforms
from .target import Kept

LAMPS = 1
"""Binding of the uniform block of lamps."""

CELLS = COUNTERS
"""Binding of the environment's table: nothing is counted while it is bound."""


class LightBuffers:
    """The lights of a content in GPU memory; the context is current whenever a method is called."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._kept = Kept()

    def bind(
        self, program: moderngl.ComputeShader, content: Content, request: FrameRequest
    ) -> None:
        """Gives a program what shaders/light.glsl reads.

        Raises:
            RenderError: more lamps than the block holds.
        """
        lights, settings = content.lights, request.settings
        around = harmonics(lights.environment) * (gain(settings) / np.pi)
        turned = environment_frame(content.splats.up, settings.environment_rotation)
        set_uniforms(
            program,
            irradiance=[tuple(row) for row in around],
            to_environment=tuple(turned.T.ravel()),  # GLSL takes columns
            lamps=len(lights.lamps),
        )
        block = self._kept.get(
            "lamps", lights.lamps, lambda: self._ctx.buffer(lamp_block(lights.lamps))
        )
        block.bind_to_uniform_block(LAMPS)

    def bind_environment(self, environment: Environment, unit: int) -> None:
        """Binds the image to a texture unit, and the table to draw directions from."""
        ctx, image = self._ctx, environment.image
        size = image.shape[1], image.shape[0]
        texture = self._kept.get(
            "environment", environment, lambda: ctx.texture(size, 3, image.tobytes(), dtype="f4")
        )
        texture.use(unit)

        def make() -> moderngl.Buffer:
            table = table_of(environment)
            rows = np.zeros((len(table.shares), 4), np.float32)
            rows[:, 0], rows[:, 1], rows[:, 2] = table.shares, table.others, table.densities
            return ctx.buffer(rows.tobytes())

        self._kept.get("cells", environment, make).bind_to_storage_buffer(CELLS)

    def release(self) -> None:
        """Frees the memory."""
        self._kept.release()


def lamp_block(lamps: tuple[Lamp, ...]) -> bytes:
    """Lamps as the uniform block of shaders/light.glsl.

    Raises:
        RenderError: more of them than it holds.
    """
    if len(lamps) > MOST_LAMPS:
        raise RenderError(
            f"the scene has {len(lamps)} lamps; the gl backend draws {MOST_LAMPS}. Use the cpu "
            "backend."
        )
    block = np.zeros((MOST_LAMPS, 8), np.float32)
    block[: len(lamps)] = lamp_rows(lamps)
    return block.tobytes()
