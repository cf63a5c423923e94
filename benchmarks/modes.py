"""What drawing without a sort costs and gains: dB against `sorted`, and milliseconds.

    python benchmarks/modes.py [--fidelity] [--scenes biker] [--ways weighted,binned]
                               [--speed] [--backend cpu,gl] [--counts 100000,500000]

Fidelity, by the cpu backend at 640x360, is the mean over two views: cameras A and B of the shared
test data where it is there, two viewpoints of the built-in scene, two of a random one. Speed is of
the built-in scene, thinned or tiled side by side to the wanted number of splats; the modes take
turns frame by frame. Nothing fails here; the tables say which promises hold.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from measured_scenes import SCENES, anchors, tiled
from rich.console import Console
from rich.table import Table

import voile
from voile.render import FrameRequest, Renderer, RenderError, create_renderer
from voile.render.baking import Bakery
from voile.render.metrics import psnr
from voile.render.views import start_view
from voile.scenes.builtin import BUILTIN
from voile.scenes.scene import open_scene

SIZE = 640, 360

WAYS: dict[str, tuple[dict[str, Any], float | None]] = {
    "weighted, beta 20": ({"mode": "weighted", "weight": "exponential"}, None),
    "weighted, fitted": ({"mode": "weighted"}, 31.0),
    "cells": ({"mode": "cells"}, 33.0),
    **{
        f"binned {bins}, refine {refine}": (
            {"mode": "binned", "bins": bins, "refine": refine},
            {8: 36.0, 16: 39.0, 32: 42.0}.get(bins) if refine == 2 else None,
        )
        for bins in (4, 8, 16, 32)
        for refine in (0, 1, 2)
    },
}
"""Settings by label, and the dB that were promised for them."""

ACCUMULATED = "stochastic, 64 samples"


def fidelity(console: Console, chosen: Iterable[str], ways: Iterable[str]) -> None:
    """Prints dB of every way on every scene."""
    setups = {name: SCENES[name](SIZE) for name in chosen or SCENES}
    labels = [label for label in WAYS if any(label.startswith(way) for way in ways)]
    table = Table(title="dB against sorted, 640x360, mean of two views", title_justify="left")
    table.add_column("mode")
    columns: dict[str, dict[str, float]] = {}
    keys: dict[str, float] = {}
    for name, (splats, cameras) in setups.items():
        table.add_column(name, justify="right")
        start = time.perf_counter()
        # As `voile bake --oit` does: half of the views that are fitted to are near the scene's own
        # viewpoints, where it has any; those that are measured are not among them.
        fitted = Bakery(splats, anchors(name)).fit()
        console.print(f"{name}: weights fitted in {time.perf_counter() - start:.0f} s")
        renderer = create_renderer("cpu")
        renderer.upload(replace(splats, fitted=fitted))
        exact = [renderer.render(FrameRequest(camera)).color for camera in cameras]
        columns[name] = {}
        for label in labels:
            settings, _ = WAYS[label]
            frames = [
                renderer.render(FrameRequest(camera, voile.Settings(**settings)))
                for camera in cameras
            ]
            pairs = zip(frames, exact)
            columns[name][label] = statistics.fmean(psnr(f.color, e) for f, e in pairs)
            if label == "cells":
                keys[name] = frames[0].stats["keys"] / frames[0].stats["visible"]
        if "stochastic" in ways:
            columns[name][ACCUMULATED] = statistics.fmean(
                psnr(accumulated(renderer, camera, 64), e) for camera, e in zip(cameras, exact)
            )
        renderer.close()
    table.add_column("promised")
    for label in columns[next(iter(setups))]:
        promised = WAYS[label][1] if label in WAYS else None
        cells = []
        for name in setups:
            value = columns[name][label]
            color = "" if promised is None else "[green]" if value >= promised else "[red]"
            cells.append(f"{color}{value:.1f}")
        table.add_row(label, *cells, "" if promised is None else f"{promised:g}")
    if keys:
        shares = (f"{keys[name]:.1%}" for name in setups)
        table.add_row("keys of cells over those of sorted", *shares, "5%")
    console.print(table)


def accumulated(renderer: Renderer, camera: voile.Camera, frames: int) -> np.ndarray:
    """The mean colour of stochastic frames."""
    request = FrameRequest(camera, voile.Settings(mode="stochastic"))
    pictures = (renderer.render(replace(request, seed=seed)).color for seed in range(frames))
    return np.mean(list(pictures), axis=0)


def speed(console: Console, backends: Iterable[str], counts: Iterable[int], rounds: int) -> None:
    """Prints milliseconds of every mode, sort included, and how they compare with `sorted`."""
    scene = open_scene(BUILTIN)
    ways: dict[str, dict[str, Any]] = {
        "sorted": {},
        "weighted": {"mode": "weighted"},
        "binned 8, refine 0": {"mode": "binned", "bins": 8, "refine": 0},
        "binned 8, refine 2": {"mode": "binned", "bins": 8},
        "binned 16, refine 2": {"mode": "binned", "bins": 16},
        "cells": {"mode": "cells"},
        "stochastic, 1 sample": {"mode": "stochastic"},
    }
    for backend in backends:
        for count in counts:
            splats = tiled(scene.splats, count)
            renderer = create_renderer(backend)
            renderer.upload(splats)
            requests = {
                label: FrameRequest(start_view(scene, *SIZE), voile.Settings(**settings))
                for label, settings in ways.items()
            }
            times: dict[str, list[float]] = {label: [] for label in ways}
            stages: dict[str, dict[str, float]] = {}
            for turn in range(rounds + 1):
                for label, request in requests.items():
                    begun = time.perf_counter()
                    try:
                        frame = renderer.render(request)
                    except RenderError as error:
                        console.print(f"{backend}, {label}: {error}")
                        continue
                    if turn:  # the first one warms up
                        times[label].append(1e3 * (time.perf_counter() - begun))
                        stages[label] = frame.timings
            renderer.close()
            table = Table(title=f"{backend}, {count:,} splats, ms", title_justify="left")
            for column in ("mode", "median", "of sorted", "stages of the last frame"):
                table.add_column(column)
            exact = statistics.median(times["sorted"])
            for label, measured in times.items():
                if measured:
                    median = statistics.median(measured)
                    parts = "  ".join(f"{k} {v:.1f}" for k, v in stages[label].items())
                    table.add_row(label, f"{median:.1f}", f"{median / exact:.2f}", parts)
            console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--fidelity", action="store_true", help="only dB")
    parser.add_argument("--speed", action="store_true", help="only milliseconds")
    parser.add_argument("--scenes", default="", help="names for fidelity, comma separated")
    modes = "weighted,cells,binned,stochastic"
    parser.add_argument("--ways", default=modes, help="modes for fidelity, comma separated")
    parser.add_argument("--backend", default="cpu,gl", help="names for speed, comma separated")
    parser.add_argument("--counts", default="100000,500000,1000000", help="splats, for speed")
    parser.add_argument("--rounds", type=int, default=3, help="frames of each mode")
    options = parser.parse_args()
    console = Console(width=150)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    console.print(f"{time.strftime('%Y-%m-%d')}, {machine}")
    both = not (options.fidelity or options.speed)
    if options.fidelity or both:
        named = [name for name in options.scenes.split(",") if name]
        fidelity(console, named, options.ways.split(","))
    if options.speed or both:
        counts = [int(part) for part in options.counts.split(",")]
        speed(console, options.backend.split(","), counts, options.rounds)


if __name__ == "__main__":
    main()
