"""Images made of splats by OpenGL: tiles listed on the CPU, decoded by a compute shader."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.bins import TILE
from ..gl.context import Limits, headless_context
from ..gl.programs import Programs, set_uniforms
from ..renderer import RenderError
from .cpu import CPUImageRenderer, Placed
from .view import ImageView

Float32 = NDArray[np.float32]


class GLImageRenderer(CPUImageRenderer):
    """Draws images made of splats; places and lists Gaussians as the CPU does.

    Used from the thread that made it.

    Raises:
        BackendUnavailable: no OpenGL 4.3.
    """

    name = "gl"

    def __init__(self) -> None:
        super().__init__()
        self._ctx = headless_context()
        with self._ctx:  # a window's own context is current again after every call
            self._limits = Limits.of(self._ctx)
            self._programs = Programs(self._ctx)

    @property
    def device(self) -> str:
        """What it draws on."""
        return str(self._ctx.info["GL_RENDERER"])

    def close(self) -> None:
        """Frees everything."""
        super().close()
        with self._ctx:
            self._programs.release()
        self._ctx.release()

    def _decode(self, placed: Placed, view: ImageView) -> tuple[Float32, Float32]:
        with self._ctx:
            return self._decode_here(placed, view)

    def _decode_here(self, placed: Placed, view: ImageView) -> tuple[Float32, Float32]:
        pixels = view.width * view.height
        held: list[moderngl.Buffer] = []
        try:
            inputs = (
                placed.starts.astype(np.uint32),
                placed.members,
                placed.decoded,
                self._colors,
            )
            for binding, array in enumerate(inputs):
                self._bind(held, binding, max(16, array.nbytes)).write(np.ascontiguousarray(array))
            picture = self._bind(held, 4, 16 * pixels)
            weights = self._bind(held, 5, max(16, 4 * pixels))
            program = self._programs.compute("image_decode.comp")
            set_uniforms(program, size=(view.width, view.height), k=view.k)
            program.run(-(-view.width // TILE), -(-view.height // TILE))
            self._ctx.memory_barrier()
            shape = view.height, view.width
            image = np.frombuffer(picture.read(), np.float32).reshape(*shape, 4)
            sums = np.frombuffer(weights.read(4 * pixels), np.float32).reshape(shape)
        except moderngl.Error as error:
            raise RenderError(
                f"the OpenGL driver cannot draw this view ({error}). Draw it smaller, or by cpu."
            ) from error
        finally:
            for buffer in held:
                buffer.release()
        return image, sums

    def _bind(self, held: list[moderngl.Buffer], binding: int, size: int) -> moderngl.Buffer:
        if size > self._limits.block_bytes:
            raise RenderError(
                f"the view needs a block of {size:,} bytes, the OpenGL driver allows "
                f"{self._limits.block_bytes:,}. Draw it smaller, or by the cpu backend."
            )
        buffer = self._ctx.buffer(reserve=size)
        held.append(buffer)
        buffer.bind_to_storage_buffer(binding)
        return buffer
