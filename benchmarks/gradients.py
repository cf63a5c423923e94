"""What gradients cost: milliseconds of a forward and backward pass, beside drawing alone.

    python benchmarks/gradients.py [--size 640x360] [--frames 5]

The built-in scene from its start view, float32, all slopes asked for. Processor time is summed over
threads, so it says more than the clock where other programs run.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

import voile
from voile.kernels import rasterize
from voile.kernels.cpu.grad.frame import MODES
from voile.render import FrameRequest, create_renderer
from voile.render.modes.binned import depth_unit
from voile.render.scene_facts import facts_of
from voile.render.views import start_view
from voile.scenes.builtin import BUILTIN
from voile.scenes.scene import open_scene

NAMES = ("means", "quats", "scales", "opacities", "sh")


def measured(task: Callable[[], object], frames: int) -> tuple[float, float]:
    """Medians of milliseconds by the clock and of the processor, after one run that compiles."""
    task()
    clock, processor = [], []
    for _ in range(frames):
        before = time.perf_counter(), time.process_time()
        task()
        clock.append(1e3 * (time.perf_counter() - before[0]))
        processor.append(1e3 * (time.process_time() - before[1]))
    return statistics.median(clock), statistics.median(processor)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--frames", type=int, default=5)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    torch.set_num_threads(1)  # the kernels have threads of their own
    scene = open_scene(BUILTIN)
    splats, camera = scene.splats, start_view(scene, width, height)
    columns = [torch.tensor(getattr(splats, name), requires_grad=True) for name in NAMES]
    log_weights = torch.zeros(len(splats), requires_grad=True)
    renderer = create_renderer("cpu")
    renderer.upload(splats)
    facts = facts_of(splats)
    numbers = torch.empty(len(splats), dtype=torch.int32)
    numbers[torch.tensor(facts.cells.order)] = torch.tensor(facts.cells.numbers)
    more = {
        "weighted": {"log_weights": log_weights},
        "binned": {"depth_unit": depth_unit(facts, camera)},
        "cells": {"cells": numbers, "centers": torch.tensor(facts.cells.centers)},
    }

    def draw(mode: str) -> None:
        renderer.render(FrameRequest(camera, voile.Settings(mode=mode)))

    def forward(mode: str) -> torch.Tensor:
        picture = rasterize(*columns, camera, mode=mode, **more.get(mode, {}))
        return picture.color.square().mean() + picture.alpha.mean()

    def step(mode: str) -> None:
        for tensor in (*columns, log_weights):
            tensor.grad = None
        forward(mode).backward()

    title = (
        f"{len(splats):,} splats, {width}x{height}, {platform.processor() or platform.machine()}"
    )
    table = Table(title=f"{title}, ms by the clock (of the processor)", title_justify="left")
    names = (
        "mode",
        "cpu backend",
        "forward",
        "forward + backward",
        "times the backend",
        "times sorted",
    )
    first = 0.0
    for name in names:
        table.add_column(name)
    for mode in MODES:
        tasks = (draw, forward, step)
        found = [
            measured(lambda task=task, mode=mode: task(mode), arguments.frames) for task in tasks
        ]
        cells = [f"{clock:.0f} ({processor:.0f})" for clock, processor in found]
        whole = found[2][1]
        first = first or whole  # of mode sorted
        table.add_row(mode, *cells, f"{whole / found[0][1]:.1f}", f"{whole / first:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
