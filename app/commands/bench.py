"""`voile bench`: what every mode and setting costs on this machine, and how exact it is.

The JSON it writes:

    date        day and time it was begun, ISO 8601
    voile       version
    machine     {"system", "processor", "cores", "python"}
    scene       {"name", "splats", "sh_degree"}
    size        [width, height], pixels
    views       how many views were drawn
    complete    false where it was interrupted: the results are those measured before
    results     a list of
        backend     its name
        device      what it draws on
        settings    {"mode", and the settings that only this mode reads}
        ms          milliseconds of a frame, mean over the views of the median over repeats
        db          PSNR over all views against mode sorted of the same backend; null where the
                    pictures are equal
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ... import __version__
from ...render.camera import CameraError
from ...render.frontier import Point, candidates, frontier, measure
from ...render.measuring import REPEATS
from ...render.modes import prepare
from ...render.output import OutputError, check_folder, write_whole
from ...render.renderer import BACKENDS, BackendUnavailable, RenderError, create_renderer
from ...render.settings import Settings
from ...scenes.progress import Progress
from ...scenes.scene import Scene, open_scene
from ..chart_axes import decibel_text
from ..frontier_plot import frontier_page, frontier_svg
from .cameras import MOST_VIEWS, choose_cameras, parse_size
from .console import INTERRUPTED, progress_bar


def bench(
    scene: str = "builtin",
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    backends: str = "cpu,gl",
    size: str = "1280x720",
    views: int = 3,
    frames: int = REPEATS,
    plot: Path | None = None,
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Measures every mode and setting: milliseconds, and dB against the sorted picture.

    Ctrl-C stops it; what was measured before is written.

    Parameters
    ----------
    scene
        Scene file or folder, "builtin" or "builtin:materials".
    output
        JSON file to write.
    backends
        Which backends, comma separated; one that cannot run here is left out.
    size
        WIDTHxHEIGHT in pixels.
    views
        Views around the scene, from its start view on.
    frames
        Frames a view is drawn, the median counts.
    plot
        Also write a chart, .html or .svg.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar and no table.
    """
    check_folder(output)
    if plot is not None:
        check_folder(plot)
        if plot.suffix.lower() not in (".html", ".htm", ".svg"):
            raise OutputError(f"{plot}: the chart is written as .html or .svg")
    width, height = parse_size(size)
    if not 1 <= views <= MOST_VIEWS:
        raise CameraError(f"--views is {views}; it must be 1 to {MOST_VIEWS:,}")
    if frames < 1:
        raise CameraError(f"--frames is {frames}; it must be 1 or more")
    names = list(dict.fromkeys(name.strip() for name in backends.split(",")))
    for name in names:
        if name not in BACKENDS:
            raise RenderError(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    begun, points, devices, opened, complete = datetime.now(), [], {}, None, False
    try:
        with progress_bar(quiet) as progress:
            opened = open_scene(scene, progress, drop_invalid=drop_invalid, weights=weights)
            cameras = choose_cameras(opened, [], [], views, (width, height))
            for k, name in enumerate(names):
                part = _Part(progress, k, len(names))
                _measure_backend(name, opened, cameras, frames, part, points, devices)
        complete = True
    except KeyboardInterrupt:
        if opened is None or not points:
            raise
    if not points:
        raise RenderError(f"none of the backends {', '.join(names)} can run here")
    facts = describe(begun, opened, (width, height), views, points, devices, complete=complete)
    text = msgspec.json.format(msgspec.json.encode(facts))
    write_whole(output, lambda to: to.write_bytes(text))
    if plot is not None:
        title = f"{opened.name}, {width} × {height}, {len(opened.splats):,} splats"
        draw = frontier_svg if plot.suffix.lower() == ".svg" else frontier_page
        page = draw(title, points)
        write_whole(plot, lambda to: to.write_text(page, encoding="utf-8"))
    if not quiet:
        _print_table(points)
        print(*filter(None, (output, plot)))
    if not complete:
        Console(stderr=True).print(f"voile: interrupted; {len(points)} measurements are kept")
        return INTERRUPTED
    return 0


class _Part:
    """Progress of one of several equal parts."""

    def __init__(self, progress: Progress, index: int, count: int) -> None:
        self._progress, self._index, self._count = progress, index, count

    def __call__(self, fraction: float, stage: str, /) -> None:
        self._progress((self._index + fraction) / self._count, stage)


def _measure_backend(
    name: str,
    scene: Scene,
    cameras: Sequence[Any],
    frames: int,
    progress: Progress,
    points: list[Point],
    devices: dict[str, str],
) -> None:
    """Adds to `points` and `devices` while it goes, so that what was measured is never lost."""
    try:
        renderer = create_renderer(name)
    except BackendUnavailable as error:
        Console(stderr=True).print(f"voile: {name} is left out: {error}", markup=False)
        return
    try:
        devices[name] = renderer.capabilities.device
        renderer.upload(scene.content)
        ways = candidates(renderer, scene.splats, Settings())
        prepare(scene.splats, [way.mode for way in ways], progress)
        for point in measure(renderer, cameras, ways, progress, frames):
            points.append(point)
    finally:
        renderer.close()


def describe(
    begun: datetime,
    scene: Scene,
    size: tuple[int, int],
    views: int,
    points: Sequence[Point],
    devices: dict[str, str],
    *,
    complete: bool,
) -> dict[str, Any]:
    """Everything measured as plain values; the module says what they are."""
    return {
        "date": begun.astimezone().isoformat(timespec="seconds"),
        "voile": __version__,
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "scene": {
            "name": scene.name,
            "splats": len(scene.splats),
            "sh_degree": scene.splats.sh_degree,
        },
        "size": list(size),
        "views": views,
        "complete": complete,
        "results": [
            {
                "backend": point.backend,
                "device": devices[point.backend],
                "settings": point.settings,
                "ms": point.milliseconds,
                "db": point.decibels if math.isfinite(point.decibels) else None,
            }
            for point in points
        ],
    }


def _print_table(points: Sequence[Point]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("backend", "setting"):
        table.add_column(heading)
    for heading in ("ms", "quality"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for backend in dict.fromkeys(p.backend for p in points):
        own = [p for p in points if p.backend == backend]
        best = frontier(own)
        for p in sorted(own, key=lambda p: p.milliseconds):
            quality = decibel_text(p.decibels)
            mark = "frontier" if p in best else ""
            table.add_row(p.backend, p.label, f"{p.milliseconds:.1f}", quality, mark)
    Console(highlight=False, markup=False).print(table)
