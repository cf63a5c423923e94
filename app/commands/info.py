"""`voile info`: what is in a scene, and what is odd about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ...scenes.io.vis import is_image
from ...scenes.scene import Scene, open_scene
from ...scenes.splats import Splats
from .console import KINDS, progress_bar, size_text
from .images import describe_image

FAINT = 1 / 255  # a splat below this opacity draws nothing
NEEDLE = 100.0  # longest over middle axis from which a splat counts as a needle
FAR = 10.0  # times the middle half's size, from which a splat counts as stray


def info(
    scene: str,
    /,
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
    drop_invalid: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Prints format, count, SH degree, bounds and memory of a scene, and what is odd about it.

    Parameters
    ----------
    scene
        Scene file or folder, "builtin" or "builtin:materials".
    json
        Print JSON instead of a table.
    drop_invalid
        Leave out splats with values that are not finite instead of refusing the file.
    quiet
        No progress bar.
    """
    if is_image(Path(scene)):
        facts = describe_image(Path(scene))
    else:
        with progress_bar(quiet) as progress:
            facts = describe(open_scene(scene, progress, drop_invalid=drop_invalid))
    if json:
        print(msgspec.json.format(msgspec.json.encode(facts)).decode())
    elif is_image(Path(scene)):
        _print_image(facts)
    else:
        _print_table(facts)
    return 0


def describe(scene: Scene) -> dict[str, Any]:
    """The facts about a scene as plain values, in the order in which they are shown."""
    splats = scene.splats
    low, high = splats.bounds()
    return {
        "name": scene.name,
        "format": scene.format,
        "file_bytes": None if scene.path is None else _bytes_on_disk(scene.path),
        "splats": len(splats),
        "kind": splats.kind,
        "sh_degree": splats.sh_degree,
        "antialiased": splats.antialiased,
        "bounds_min": [float(v) for v in low],
        "bounds_max": [float(v) for v in high],
        "up": list(splats.up),
        "memory_bytes": splats.nbytes,
        "viewpoints": list(scene.viewpoints),
        "materials": list(scene.dress.sources),
        "odd": [*splats.notes, *oddities(splats)],
    }


def oddities(splats: Splats) -> list[str]:
    """Sentences about what is unusual in a scene; empty when nothing is."""
    n = len(splats)
    if n == 0:
        return ["the scene has no splats"]
    found = []

    def share(count: int, what: str, least: float = 0.0) -> None:
        if count > least * n:
            found.append(f"{count:,} splats ({100 * count / n:.2g} %) {what}")

    share(int((splats.opacities < FAINT).sum()), "are too faint to be drawn (opacity < 1/255)")
    axes = np.sort(splats.scales, axis=1)
    share(
        int((axes[:, 2] > NEEDLE * np.maximum(axes[:, 1], 1e-30)).sum()),
        f"are needles, over {NEEDLE:.0f} times longer than wide",
        least=0.001,
    )
    quarter, half, three = np.percentile(splats.means, (25, 50, 75), axis=0)
    size = float(np.max(three - quarter)) or 1.0
    away = np.abs(splats.means - half).max(axis=1)
    share(int((away > FAR * size).sum()), f"lie over {FAR:.0f} times the scene's size away")
    share(int((axes[:, 2] > FAR * size).sum()), "are larger than the whole scene")
    if splats.sh.shape[1] > 1 and not splats.sh[:, 1:].any():
        found.append("all spherical harmonics above degree 0 are zero")
    return found


def _bytes_on_disk(path: Path) -> int:
    if path.is_dir():
        return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    return path.stat().st_size


def _print_image(facts: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("Image", facts["name"])
    table.add_row("Format", facts["format"])
    on_disk = f"{size_text(facts['file_bytes'])}, {facts['bits_per_pixel']:.2f} bits a pixel"
    table.add_row("On disk", on_disk)
    table.add_row("Size", f"{facts['width']} x {facts['height']}, {facts['channels']}")
    pixels = facts["width"] * facts["height"] / max(facts["splats"], 1)
    table.add_row("Splats", f"{facts['splats']:,} Gaussians, one for {pixels:.1f} pixels")
    table.add_row("Bits", f"{facts['bits_per_splat']} each: {facts['bits']}")
    table.add_row("Decoding", f"{facts['multiply_adds_per_pixel']} multiply-adds a pixel")
    table.add_row("Memory", size_text(facts["memory_bytes"]))
    Console(highlight=False, markup=False).print(table)


def _print_table(facts: dict[str, Any]) -> None:
    def vector(values: list[float]) -> str:
        return "  ".join(f"{v:.4g}" for v in values)

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("Scene", facts["name"])
    table.add_row("Format", facts["format"])
    if facts["file_bytes"] is not None:
        table.add_row("On disk", size_text(facts["file_bytes"]))
    kind = KINDS[facts["kind"]]
    table.add_row("Splats", f"{facts['splats']:,} {kind}")
    table.add_row("SH degree", str(facts["sh_degree"]))
    table.add_row("Antialiased", "yes" if facts["antialiased"] else "no")
    table.add_row("Bounds", f"{vector(facts['bounds_min'])}   to   {vector(facts['bounds_max'])}")
    table.add_row("Up", vector(facts["up"]))
    table.add_row("Memory", size_text(facts["memory_bytes"]))
    if facts["viewpoints"]:
        table.add_row("Viewpoints", ", ".join(facts["viewpoints"]))
    if facts["materials"]:
        table.add_row("Materials", ", ".join(facts["materials"]))
    odd = facts["odd"] or ["nothing"]
    for k, sentence in enumerate(odd):
        table.add_row("Odd" if k == 0 else "", sentence)
    Console(highlight=False, markup=False).print(table)
