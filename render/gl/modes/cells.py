"""`cells` with OpenGL: only cells are sorted, on the CPU; a compute shader draws tiles of them."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from ...cells import Cells
from ...renderer import RenderError
from ..drawing import FOOTPRINT_BYTES, FOOTPRINTS, Drawing
from ..programs import set_uniforms
from ..target import Kept

TILE = 16
"""Side of a tile and of the shader's work group, pixels."""

TILE_STARTS, TILE_CELLS, CELL_STARTS = 5, 6, 4


class Blending:
    """Lists of cells by tile, then one pass over the tiles."""

    ORDERED = False

    def __init__(self) -> None:
        self._kept = Kept()

    def draw(self, drawing: Drawing) -> None:
        """Draws tiles. Raises RenderError: more splats than this driver's storage block holds."""
        if FOOTPRINT_BYTES * drawing.count > drawing.block_bytes:
            raise RenderError(
                f"mode cells on this OpenGL driver takes at most "
                f"{drawing.block_bytes // FOOTPRINT_BYTES:,} splats, the scene has "
                f"{drawing.count:,}. Use the cpu backend or another mode."
            )
        ctx, cells = drawing.ctx, drawing.facts.cells
        with drawing.timers.clock("sort"):
            starts, listed = tile_lists(cells, drawing)
        buffers = {
            TILE_STARTS: self._write("tile starts", ctx, starts),
            TILE_CELLS: self._write("tile cells", ctx, listed),
            CELL_STARTS: self._kept.get(
                "cells", cells, lambda: ctx.buffer(cells.starts.astype(np.uint32).tobytes())
            ),
        }
        with drawing.stage("rasterize"):
            target, (width, height) = drawing.target, drawing.size
            program = drawing.programs.compute(
                "modes/cells.comp",
                WITH_DEPTH=drawing.with_depth,
                LIMITED=drawing.use_limits(),
                SURFELS=drawing.use_discs(),
                COLOUR_FORMAT="rgba16f" if target.color.dtype == "f2" else "rgba32f",
            )
            for binding, buffer in buffers.items():
                buffer.bind_to_storage_buffer(binding)
            drawing.footprints.bind_to_storage_buffer(FOOTPRINTS)
            set_uniforms(program, met_near=drawing.request.camera.near)
            target.color.bind_to_image(0, read=False, write=True)
            if target.depth is not None:
                target.depth.bind_to_image(1, read=False, write=True)
            ctx.memory_barrier()
            program.run(-(-width // TILE), -(-height // TILE))
            ctx.memory_barrier()

    def release(self) -> None:
        """Frees the lists."""
        self._kept.release()

    def _write(self, name: str, ctx: moderngl.Context, values: NDArray[np.uint32]):
        """A buffer with room to spare, so that it is not made anew for every frame."""
        room = 1 << max(10, (4 * len(values) - 1).bit_length())
        buffer = self._kept.get(name, room, lambda: ctx.buffer(reserve=room, dynamic=True))
        buffer.write(values.tobytes())
        return buffer


def tile_lists(cells: Cells, drawing: Drawing) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Starts of the tiles' lists, and cells front to back, tile after tile, row by row."""
    camera, scale = drawing.request.camera, drawing.request.settings.splat_scale
    columns, rows = -(-camera.width // TILE), -(-camera.height // TILE)
    visible = cells.visible(camera, scale)
    low, high, _ = (part[visible] for part in cells.bounds(camera, scale))
    most = np.array([columns - 1, rows - 1])
    first = np.clip(low // TILE, 0, most).astype(np.int64)
    span = np.clip(high // TILE, 0, most).astype(np.int64) - first + 1
    number = span.prod(axis=1)
    owner = np.repeat(np.arange(len(visible)), number)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)
    x, y = first[owner, 0] + within % span[owner, 0], first[owner, 1] + within // span[owner, 0]
    tile = y * columns + x
    # Cells come front to back, and a stable sort by tile keeps that.
    order = np.argsort(tile.astype(np.uint32), kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(tile, minlength=columns * rows))])
    return starts.astype(np.uint32), visible[owner[order]].astype(np.uint32)
