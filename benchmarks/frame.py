"""Milliseconds a frame by stage, for each scene and backend, in one run.

    python benchmarks/frame.py [--scene NAME ...] [--backend cpu,gl] [--size 1280x720] [--json F]

Scenes: the built-in one, and where the shared test data is there, `biker` (152,746 splats) and
`playbot` (500,000). Backends take turns frame by frame, so that a busy machine slows all alike.
Nothing here fails on a slow machine; the table says whether the ratios we promise hold.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measured_scenes import SCENES
from rich.console import Console
from rich.table import Table

import voile
from voile.render import BackendUnavailable, FrameRequest, Renderer, create_renderer

RATIOS = {"biker": 3.0, "playbot": 4.0}
"""How many times faster than OpenGL on its software driver the CPU backend has to be."""


@dataclass
class Timing:
    """Frames of one backend on one scene: total milliseconds of each, and of each stage."""

    backend: str
    device: str
    totals: list[float]
    stages: dict[str, list[float]]
    stats: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "backend": self.backend,
            "device": self.device,
            "median_ms": statistics.median(self.totals),
            "min_ms": min(self.totals),
            "frames": len(self.totals),
            "stages_median_ms": {k: statistics.median(v) for k, v in self.stages.items()},
            "stages_min_ms": {k: min(v) for k, v in self.stages.items()},
            "stats": self.stats,
        }


def measure(
    splats: voile.Splats, camera: voile.Camera, backends: list[str], seconds: float, notes: Console
) -> list[Timing]:
    """Draws with all backends in turn for about `seconds`, at least 5 frames each."""
    renderers: list[tuple[Renderer, Timing]] = []
    request = FrameRequest(camera)
    try:
        for name in backends:
            try:
                renderer = create_renderer(name)
            except BackendUnavailable as error:
                notes.print(f"[yellow]{name}: {error}")
                continue
            renderer.upload(splats)
            frame = renderer.render(request)  # compiles, uploads, warms up
            device = renderer.capabilities.device
            renderers.append((renderer, Timing(name, device, [], {}, frame.stats)))
        until = time.perf_counter() + seconds
        rounds = 0
        while renderers and (rounds < 5 or time.perf_counter() < until):
            rounds += 1
            for renderer, timing in renderers:
                begun = time.perf_counter()
                frame = renderer.render(request)
                timing.totals.append(1e3 * (time.perf_counter() - begun))
                for stage, ms in frame.timings.items():
                    timing.stages.setdefault(stage, []).append(ms)
    finally:
        for renderer, _ in renderers:
            renderer.close()
    return [timing for _, timing in renderers]


def verdict(name: str, timings: list[Timing]) -> dict[str, Any] | None:
    """Ratio of gl to cpu by median, and whether it is what was promised for this scene."""
    medians = {t.backend: statistics.median(t.totals) for t in timings}
    if not {"cpu", "gl"} <= medians.keys():
        return None
    ratio = medians["gl"] / medians["cpu"]
    needed = RATIOS.get(name)
    return {"gl_over_cpu": ratio, "needed": needed, "holds": needed is None or ratio >= needed}


def show(console: Console, name: str, timings: list[Timing], outcome: dict[str, Any] | None):
    """Prints one scene's table."""
    table = Table(title=name, title_justify="left")
    table.add_column("backend")
    for column in ("frame median", "min", "stages, median ms"):
        table.add_column(column, justify="left" if "stages" in column else "right")
    for t in timings:
        stages = "  ".join(f"{k} {statistics.median(v):.1f}" for k, v in t.stages.items())
        medians = f"{statistics.median(t.totals):.1f}"
        table.add_row(f"{t.backend}: {t.device}", medians, f"{min(t.totals):.1f}", stages)
    console.print(table)
    if outcome:
        line = f"gl / cpu = {outcome['gl_over_cpu']:.1f}"
        if outcome["needed"]:
            word = "[green]pass" if outcome["holds"] else "[red]fail"
            line += f", at least {outcome['needed']:g} wanted: {word}"
        console.print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--scene", nargs="+", choices=SCENES, default=[name for name in SCENES if name != "random"]
    )
    parser.add_argument("--backend", default="cpu,gl", help="names, comma separated")
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT, pixels")
    parser.add_argument("--seconds", type=float, default=5.0, help="to measure a scene for")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))

    console = Console()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    console.print(f"{time.strftime('%Y-%m-%d')}, {machine}, {width}x{height}")
    results: dict[str, Any] = {}
    for name in options.scene:
        splats, (camera, _) = SCENES[name]((width, height))
        timings = measure(splats, camera, options.backend.split(","), options.seconds, console)
        outcome = verdict(name, timings)
        show(console, f"{name}, {len(splats):,} splats, SH {splats.sh_degree}", timings, outcome)
        results[name] = {"backends": [t.summary() for t in timings], "ratio": outcome}
    if options.json:
        report = {"machine": machine, "size": [width, height], "scenes": results}
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
