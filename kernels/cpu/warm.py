"""Compiles every kernel ahead of time, into the cache: `python -m voile.kernels.cpu.warm`."""

from __future__ import annotations

import importlib
import time
from pkgutil import iter_modules

import numpy as np

from ...scenes.progress import Progress, silent
from . import mesh, modes, neural, views
from .cells import split_cells
from .frame import Blending, Columns, draw
from .image.warm import warm_images
from .jit import cache_folder
from .modes.binned import find_thickness
from .project import View, make_view
from .scratch import Scratch
from .sort import depth_order
from .texture import Image
from .workers import Workers

STAGE = "Compiling kernels, once"


def warm_up(progress: Progress = silent) -> float:
    """Compiles all kernels, or loads them from the cache; later calls return at once.

    A tiny frame goes through everything: types of arguments do not depend on its content.

    Returns:
        Seconds it took.

    Raises:
        Cancelled: `progress` asked for it, between two stages.
    """
    begun = time.perf_counter()
    done = 0
    # Debug views know no surfels, and are given what modes are.
    kinds = [
        (importlib.import_module(f"{package.__name__}.{module.name}"), surfels)
        for package, with_surfels in ((modes, (False, True)), (views, (False,)))
        for module in iter_modules(package.__path__)
        for surfels in with_surfels
    ]
    share = 1 / (3 + 5 * len(kinds))  # `depth_order`, images, surfaces, and stages of `draw`

    def report(_stage: str) -> None:
        nonlocal done
        done += 1
        progress(done * share, STAGE)

    progress(0.0, STAGE)
    workers = Workers(1)
    # At two depths: what has one key is not sorted.
    means = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]], np.float32)
    depth_order(means, np.eye(4), 0.1, workers)
    report("depth order")
    columns = Columns(
        means,
        np.array([[1.0, 0.0, 0.0, 0.0]] * 2, np.float32),
        np.ones((2, 3), np.float32),
        np.ones(2, np.float32),
        np.zeros((2, 1, 3), np.float32),
    )
    view = make_view(np.eye(4), (8.0, 8.0), (4.0, 4.0), (8, 8), 0.1)
    one = np.zeros(1, np.uint32)
    find_thickness(
        columns.quats, columns.scales, 1.0, means[0], one, 0, 1, np.ones((1, 1), np.float32)
    )
    end = np.zeros(1, np.bool_)
    split_cells(np.ones((1, 3)), np.ones(1), 1, 1, 1, np.zeros(1, np.int64), end, np.zeros(1))
    for kind, surfels in kinds:
        values = np.ones((2, 1), kind.VALUES)
        blending = Blending(
            "scene" if surfels else "depth",
            kind.rasterize,
            np.ones(kind.PARAMS, np.float32),
            lambda visible, workers, values=values: values,
        )
        draw(
            *(columns, view, (8, 8), workers, Scratch(), blending),
            degree=0,
            surfels=surfels,
            with_depth=True,
            coats=[np.zeros((2, 4), np.float32)],
            on_stage=report,
        )
    warm_images(workers)
    report("images")
    _warm_surfaces(view)
    report("surfaces")
    return time.perf_counter() - begun


def _warm_surfaces(view: View) -> None:
    """Meshes and neural materials."""
    corners = np.eye(3, dtype=np.float32)
    faces = np.array([[0, 1, 2]], np.int32)
    uvs, wrap = corners[:, :2].copy(), np.zeros(2, np.int64)
    image = Image(np.zeros((1, 4), np.uint8), np.array([[0, 1, 1]]), wrap, 0.0)
    edges, rows = np.empty((1, mesh.SETUP)), np.empty((1, 4), np.int32)
    mesh.set_up(
        corners, faces, view.rotation, view.translation, view.focal, view.centre, view.size,
        view.near, 0, 1, edges, rows,
    )  # fmt: skip
    depth, triangle = np.ones((8, 8), np.float32), np.full((8, 8), -1, np.int32)
    seen = np.zeros((8, 8, mesh.SURFACE), np.float32)
    mesh.rasterize(edges, rows, faces, uvs, image, view.near, 0, 8, depth, triangle)
    mesh.look_up(
        edges, corners, faces, uvs, corners, corners, np.zeros(3), image, triangle, 0, 8, seen
    )
    block = np.zeros((1, neural.BLOCK), np.float32)
    net = neural.Net(np.zeros((1, 7, neural.BLOCK), np.float32), block, np.array([[7, 1]]), 0)
    neural.decode(net, np.zeros((3, 1), np.float32), corners, corners, 0, 3, corners)


def main() -> None:
    """Compiles with a line of progress on the terminal."""

    def show(fraction: float, stage: str, /) -> None:
        print(f"\r{stage} ... {fraction:4.0%}", end="", flush=True)

    seconds = warm_up(show)
    folder = cache_folder()
    print(f"\rKernels ready in {seconds:.1f} s", f"({folder})" if folder else "(not cached)")


if __name__ == "__main__":
    main()
