"""`voile fit`: a picture as splats."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ...render.output import check_new
from ...scenes.errors import VoileError
from .bake import interruptible
from .console import INTERRUPTED, OK, progress_bar, size_text


class FitUsageError(VoileError):
    """Flags of `voile fit` that do not go together."""


def fit(
    image: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    count: Annotated[int | None, Parameter(alias="-n")] = None,
    bpp: float | None = None,
    psnr: float | None = None,
    mask: Annotated[Path | None, Parameter(negative="")] = None,
    bits: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    resume: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative="")] = False,
) -> int:
    """Makes a picture of 2D Gaussians from a picture of pixels (Image-GS).

    Say how many Gaussians by one of --count, --bpp and --psnr; without any, one for every 26
    pixels. Ctrl-C keeps what there is by then, and OUTPUT.fit, from which --resume goes on.

    Parameters
    ----------
    image
        Any picture that Pillow reads: PNG, JPEG, WebP, TIFF, ...; grey, colour, alpha, 16 bits.
    output
        File to write, .vis.
    count
        Number of Gaussians.
    bpp
        Size of the file, in bits for a pixel of the picture.
    psnr
        Quality in dB; several fits find how many Gaussians it takes.
    mask
        A picture of the same size that is white where IMAGE is unknown: there it is filled in.
    bits
        Bits of every number in the file, 2 to 16; positions get more where the size needs them.
    steps
        Steps of the descent; 1000 unless given.
    seed
        Of all that chance decides.
    resume
        Go on from where a fit to this OUTPUT was stopped; it keeps its own count, bits and seed.
    force
        Overwrite an existing file.
    quiet
        No progress bar.
    """
    from ...render.image.fit import STEPS, Fit, FitError, Plan
    from ...render.image.fit_file import load_state, save_state, state_path
    from ...render.image.fitting import count_for_rate, fit_image, fit_to_quality
    from ...render.image.source import read_source
    from ...scenes.io.vis import SUFFIX, bits_for, save_image

    if sum(v is not None for v in (count, bpp, psnr)) > 1:
        raise FitUsageError("--count, --bpp and --psnr say the same thing; give one of them")
    if resume and any(v is not None for v in (count, bpp, psnr, bits, steps)):
        raise FitUsageError("--resume goes on as it was begun; leave out --count and the like")
    if output.suffix.lower() != SUFFIX:
        raise FitUsageError(f"{output}: a picture of splats is written as {SUFFIX}")
    if bits is not None and not 2 <= bits <= 16:
        raise FitError(f"--bits is {bits}; it must be 2 to 16")
    for flag, value in (("--bpp", bpp), ("--psnr", psnr)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise FitUsageError(f"{flag} is {value:g}; it must be more than 0")
    check_new(output, force)
    source = read_source(image, mask)
    width, height = source.size
    if count is not None and count > width * height:
        raise FitUsageError(f"--count is {count:,}; {image} has {width * height:,} pixels")
    chosen = None if bits is None else bits_for(source.size, bits)
    kept, state = state_path(output), None
    if resume:
        plan, state = load_state(kept, source)
    else:
        if bpp is not None:
            count = count_for_rate(source, bpp, chosen)
        count = max(1, width * height // 26) if count is None else count
        plan = Plan(count, STEPS if steps is None else steps, chosen, seed)
    latest: Fit | None = None

    def watch(fit: Fit) -> None:
        nonlocal latest
        latest = fit

    begun, cpu = time.perf_counter(), time.process_time()
    with progress_bar(quiet) as show, interruptible(show) as progress:
        if psnr is not None:
            found = fit_to_quality(source, psnr, plan, progress, watch=watch)
        else:
            found = fit_image(source, plan, progress, state=state, watch=watch)
    save_image(found.splats, output, found.bits)
    if found.finished:
        kept.unlink(missing_ok=True)
    elif latest is not None:
        save_state(latest.state, latest.plan, source, kept)
    if not quiet:
        size = output.stat().st_size
        print(
            f"{output}: {len(found.splats):,} Gaussians, {found.psnr:.2f} dB, {size_text(size)}, "
            f"{8 * size / (width * height):.2f} bits a pixel"
        )
        seconds, busy = time.perf_counter() - begun, time.process_time() - cpu
        print(f"  {found.steps:,} steps in {seconds:.1f} s, {busy:.1f} s of them the CPU's")
    if not found.finished:
        print(f"voile: interrupted; --resume --force goes on from {kept.name}", file=sys.stderr)
        return INTERRUPTED
    return OK
