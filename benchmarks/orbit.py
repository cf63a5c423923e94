"""Orbiting a scene on the CPU as one orbits it in a viewer: milliseconds a frame, and memory.

    python benchmarks/orbit.py [--size 1280x720] [--frames 48]

Each scene is opened and drawn in a process of its own, so that its peak memory is its own too. The
scene of 1 M splats is playbot twice, side by side (the built-in one five times where playbot is not
there). What was wanted: a fifth of the time of the fastest viewer that draws by software in a
browser, measured on two cores as well (219 ms for biker, 2,217 ms for 1.04 M splats), in less than
600 MB. Processor time, all threads together, is what other programs on the machine change least.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from measured_scenes import SCENES, tiled
from rich.console import Console
from rich.table import Table

from voile import FrameRequest
from voile.render import create_renderer
from voile.render.views import bounding_sphere, orbit

MEMORY = 600.0
"""Megabytes that a process may take at most."""

WANTED = {"biker": 219.0 / 5, "1 M": 2217.0 / 5}
"""Milliseconds a frame."""


class Measured(NamedTuple):
    """One scene: splats, median and 95th percentile of a frame in ms, median of processor time in
    ms, peak memory in MB."""

    splats: int
    median: float
    late: float
    processor: float
    megabytes: float


def names() -> list[str]:
    """What is measured: all scenes that are here, and the large one."""
    return [*(name for name in SCENES if name != "random"), "1 M"]


def measure(name: str, size: tuple[int, int], frames: int) -> Measured:
    """Opens a scene and goes around it once."""
    large = name == "1 M"
    source = ("playbot" if "playbot" in SCENES else "built-in") if large else name
    splats, (camera, _) = SCENES[source](size)
    if large:
        splats = tiled(splats, 1_000_000)
    renderer = create_renderer("cpu")
    renderer.upload(splats)
    center, _ = bounding_sphere(splats)
    views = orbit(camera, center, splats.up, frames)
    renderer.render(FrameRequest(views[0]))  # warms up
    times, processor = [], []
    for view in views:
        begun, used = time.perf_counter(), time.process_time()
        renderer.render(FrameRequest(view))
        times.append(1e3 * (time.perf_counter() - begun))
        processor.append(1e3 * (time.process_time() - used))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    late = statistics.quantiles(times, n=20)[-1]
    median, used = statistics.median(times), statistics.median(processor)
    return Measured(len(splats), median, late, used, peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT, pixels")
    parser.add_argument("--frames", type=int, default=48, help="once around the scene")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    title = f"{time.strftime('%Y-%m-%d')}, {machine}, {width}x{height}, cpu"
    table = Table(title=title, title_justify="left")
    for column in (
        "scene",
        "splats",
        "median ms",
        "95 %",
        "wanted",
        "processor",
        "peak MB",
        "wanted",
    ):
        table.add_column(column, justify="left" if column == "scene" else "right")
    for name in names():
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            found = pool.submit(measure, name, (width, height), options.frames).result()
        wanted = WANTED.get(name)
        good = wanted is None or found.median <= wanted
        table.add_row(
            *(name, f"{found.splats:,}"),
            f"[{'green' if good else 'red'}]{found.median:.1f}",
            f"{found.late:.1f}",
            "" if wanted is None else f"{wanted:.0f}",
            f"{found.processor:.1f}",
            f"[{'green' if found.megabytes <= MEMORY else 'red'}]{found.megabytes:.0f}",
            f"{MEMORY:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
