"""`voile bake-material`: learns a neural material from a layered one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ...scenes.errors import Cancelled, SceneFormatError
from ...scenes.progress import Progress
from .bake import interruptible
from .console import progress_bar, size_text

if TYPE_CHECKING:
    from ...render.materials.bake import Baker

_KEEP_EVERY = 60.0
"""Seconds between two states on disk."""

_NETS = {"2x32": (32, 32), "3x64": (64, 64, 64)}


def bake_material(
    material: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    size: int | None = None,
    steps: int = 6000,
    net: Literal["2x32", "3x64"] = "2x32",
    frames: int = 2,
    seed: int = 0,
    fresh: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Learns a neural material, a .vnm file, from a layered one.

    Ctrl-C keeps the best so far; the same command then goes on where it was. A GPU is used where
    PyTorch has one; without, the same seed gives the same file on the same machine.

    Parameters
    ----------
    material
        ceramic, brushed, car-paint or fabric, or a TOML file (docs/materials.md).
    output
        File to write.
    size
        Texels a side, a power of two; 128 for the materials that have a name.
    steps
        Of learning.
    net
        Hidden layers of the decoder.
    frames
        Learned shading frames.
    seed
        Of everything random.
    fresh
        Begin anew even where an earlier bake could go on.
    quiet
        No progress bar.
    """
    from ...render.materials.bake import BakeOptions, Baker
    from ...render.materials.baking_state import forget, keep, resume
    from ...render.materials.description import reference_texels
    from ...render.materials.quality import held_back_errors
    from ...scenes.material import NetShape
    from ...scenes.material_file import save_material

    name, texels = reference_texels(material, size)
    options = BakeOptions(NetShape(frames=frames, hidden=_NETS[net]), steps, seed=seed)
    made_by = f"voile bake-material {Path(material).name} --size {len(texels)} --steps {steps}"
    made_by += f" --net {net} --frames {frames} --seed {seed}"
    baker = Baker(texels, options, name, made_by)
    if fresh:
        forget(output)
    elif resume(baker, output) and not quiet:
        print(f"going on from step {baker.step:,} of {steps:,}")
    if not quiet:
        print(f"learning on {baker.device_name}")
    if os.path.isdir(output):
        raise SceneFormatError(output, "file", "is a folder", "Name the file in it by -o.")
    keep(baker, output)  # before minutes of work for a place that cannot be written
    with progress_bar(quiet) as show, interruptible(show) as progress:
        baked = _run(baker, output, progress)
    save_material(baked, output)
    forget(output)
    if not quiet:
        print(f"{output}: {size_text(output.stat().st_size)}")
        for level in range(0, len(baked.levels), 2):
            errors = held_back_errors(baked, texels, level)
            print(f"  level {level}: mean relative error {100 * errors.relative:.1f} %")
    return 0


def _run(baker: Baker, output: Path, progress: Progress):
    """The baked material; what cancelling leaves is written, with what is needed to go on."""
    from ...render.materials.baking_state import keep
    from ...scenes.material_file import save_material

    kept = time.perf_counter()

    def report(fraction: float, stage: str, /) -> None:
        nonlocal kept
        if time.perf_counter() - kept > _KEEP_EVERY:
            keep(baker, output)
            kept = time.perf_counter()
        progress(fraction, stage)

    try:
        return baker.run(report)
    except Cancelled:
        keep(baker, output)
        save_material(baker.material(), output)
        raise
