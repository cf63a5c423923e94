"""From a picture to splats in one call: by a number of Gaussians, a size, or a quality."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ...scenes.errors import Cancelled
from ...scenes.image_splats import ImageSplats
from ...scenes.io.vis import HEADER, Bits, bits_for, quantised
from ...scenes.progress import Progress, silent
from .fit import Fit, FitError, Plan, State
from .inpaint import fill_hole
from .order import by_detail
from .source import Source

DECIBELS_PER_DOUBLING = 3.5
"""What twice the Gaussians bring, before it has been measured."""

PILOTS = 4
PILOT_STEPS = 1 / 3
"""How often a number of Gaussians is tried before the fit that counts, and by how many steps."""

CLOSE = 0.2
"""dB within which a number of Gaussians is right."""

NEAR = 0.4
"""dB above what is asked for that are not worth another fit."""

WHOLE_FITS = 4
"""Fits after which the smallest that is good enough is taken."""

DENSEST = 3
"""Fewest pixels for one Gaussian."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was found.

    Attributes:
        splats: as a file of `bits` holds them, in the order of detail; those that fill what is not
            known come last, beyond the number that was asked for.
        bits: of the file.
        psnr: dB over the known pixels.
        steps: that were made.
        finished: whether all were, and it was not cancelled before.
    """

    splats: ImageSplats
    bits: Bits
    psnr: float
    steps: int
    finished: bool


Watch = Callable[[Fit], None]
"""Is shown a fit after every step, in the thread that makes it."""


def fit_image(
    source: Source,
    plan: Plan,
    progress: Progress = silent,
    *,
    state: State | None = None,
    threads: int | None = None,
    watch: Watch | None = None,
) -> Fitted:
    """Fits a picture. Cancelling is no error: what was found by then is returned.

    Args:
        source: the picture.
        plan: what is to be fitted.
        progress: is told the dB and the time left; may raise Cancelled.
        state: of a fit of the same source and plan to go on from.
        threads: how many to use.
        watch: is shown the fit after every step.
    """
    fit = Fit(source, plan, threads, state)
    finished = _run(fit, progress, watch)
    return finish(fit, finished)


def finish(fit: Fit, finished: bool = True) -> Fitted:
    """What a fit has found so far."""
    splats = by_detail(fit.splats(), fit.parts())
    if fit.source.known is not None:
        splats = quantised(fill_hole(splats, fit.source.known), fit.bits)
    return Fitted(splats, fit.bits, decibels(fit.error()), fit.state.step, finished)


def fit_to_quality(
    source: Source,
    psnr: float,
    plan: Plan,
    progress: Progress = silent,
    *,
    threads: int | None = None,
    watch: Watch | None = None,
) -> Fitted:
    """Fits with about as few Gaussians as reach a PSNR. Arguments as `fit_image`.

    Short fits find the number, by the line through dB over log2 of the last two; whole ones
    follow, until one is good enough and not much better.

    Raises:
        FitError: not reached by one Gaussian for every three pixels.
    """
    width, height = source.size
    most = max(1, width * height // DENSEST)
    count, tried = max(1, min(most, width * height // 60)), dict[int, float]()
    for _ in range(PILOTS):
        pilot = replace(plan, count=count, steps=max(1, round(PILOT_STEPS * plan.steps)))
        fit = Fit(source, pilot, threads)
        if not _run(fit, progress, watch, f"Trying {count:,} · "):
            return finish(fit, False)
        tried[count] = decibels(fit.error())
        if abs(tried[count] - psnr) < CLOSE:
            break
        following = _count_for(psnr, tried, most)
        if following in tried:
            break
        count = following
    best: Fitted | None = None
    reached = dict[int, float]()
    while True:
        found = fit_image(
            source, replace(plan, count=count), progress, threads=threads, watch=watch
        )
        if not found.finished:
            return best or found
        reached[count] = found.psnr
        if found.psnr >= psnr:
            best = found if best is None or len(found.splats) < len(best.splats) else best
        elif count == most:
            raise FitError(
                f"{psnr:g} dB is not reached: {count:,} Gaussians give {found.psnr:.2f} dB. "
                "Ask for less, or for more bits."
            )
        if best is not None and (best.psnr < psnr + NEAR or len(reached) >= WHOLE_FITS):
            return best
        following = _count_for(psnr + NEAR / 2, reached, most)
        if following in reached:
            following = min(most, math.ceil(count * 1.15))
        count = following


def count_for_rate(source: Source, rate: float, bits: Bits | None) -> int:
    """How many Gaussians a file of `rate` bits for a pixel of the picture holds.

    Raises:
        FitError: not even one.
    """
    width, height = source.size
    record = (bits or bits_for(source.size)).record(source.channels)
    count = int((rate * width * height - 8 * HEADER.size) // record)
    if count < 1:
        raise FitError(
            f"{rate:g} bits a pixel are not room for one Gaussian of {record} bits in "
            f"{width}x{height} pixels. Ask for more."
        )
    return count


def decibels(error: float) -> float:
    """PSNR of a mean squared error."""
    return math.inf if error <= 0 else -10 * math.log10(error)


def _run(fit: Fit, progress: Progress, watch: Watch | None, head: str = "") -> bool:
    """Makes all steps that are left; False where that was cancelled."""
    begun, first, psnr = time.monotonic(), fit.state.step, 0.0
    try:
        progress(fit.state.step / fit.plan.steps, f"{head}Getting ready")
        while not fit.done:
            psnr = decibels(fit.advance())
            made = fit.state.step - first
            left = (time.monotonic() - begun) / made * (fit.plan.steps - fit.state.step)
            progress(
                fit.state.step / fit.plan.steps,
                f"{head}{psnr:.2f} dB · {len(fit.state.values):,} Gaussians · {_clock(left)} left",
            )
            if watch is not None:
                watch(fit)
    except Cancelled:
        return False
    return True


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(math.ceil(seconds), 60)
    return f"{minutes}:{seconds:02d}"


def _count_for(psnr: float, tried: dict[int, float], most: int) -> int:
    (count, reached), *before = list(tried.items())[::-1]
    slope = DECIBELS_PER_DOUBLING
    if before:
        other, other_reached = before[0]
        measured = (reached - other_reached) / math.log2(count / other)
        slope = min(max(measured, 1.0), 8.0)
    return max(1, min(most, round(count * 2 ** min(max((psnr - reached) / slope, -4.0), 3.0))))
