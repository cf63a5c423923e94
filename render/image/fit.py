"""`Fit`: the splats of a picture, found by gradient descent (Image-GS, Zhang et al. 2024).

Half of the Gaussians start where the picture changes, the rest are added in four steps where the
error is. The loss is |x - y| + 0.1 (1 - SSIM); parameters move by Adam at rates that fall to a
twentieth. In the last steps what is drawn is what the file can hold, while the gradient moves the
numbers behind (straight through). All that chance decides follows from the seed and the step, so a
fit that is stopped and goes on ends where it would have ended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.image.adam import adam, round_to
from ...kernels.cpu.image.gradient import MOMENTS
from ...kernels.cpu.workers import shared_workers, thread_count
from ...scenes.errors import VoileError
from ...scenes.image_splats import ImageSplats
from ...scenes.io.vis import Bits, Lattice, bits_for, quantised, splats_of
from .growth import places_by_change, places_by_error, shape_at
from .loss import PIECES, Loss
from .source import Source
from .view import STRONGEST

Float64 = NDArray[np.float64]

STEPS = 1000
SIMILARITY = 0.1
"""Strength of the SSIM term."""

START = 0.5
GROWTH = (0.1, 0.2, 0.3, 0.4)
"""Share of the Gaussians that start, and shares of the steps at which the rest comes, in parts."""

ROUNDED = 0.85
"""Share of the steps from which parameters are rounded."""

RATES = np.array([0.025, 0.025, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01])
"""Of Adam, by parameter; for the means in spacings of the Gaussians."""

LAST_RATE = 0.05
"""What rates fall to."""


class FitError(VoileError, ValueError):
    """A fit is asked for that cannot be made; the text says what can."""


@dataclass(frozen=True)
class Plan:
    """What is to be fitted.

    Attributes:
        count: number of Gaussians.
        steps: of Adam.
        bits: of the file; None takes those usual for the size.
        seed: of all that chance decides.
        k: how many Gaussians count at a pixel.

    Raises:
        FitError: a number out of range.
    """

    count: int
    steps: int = STEPS
    bits: Bits | None = None
    seed: int = 0
    k: int = STRONGEST

    def __post_init__(self) -> None:
        for name, low, high in (("count", 1, 1 << 26), ("steps", 1, 10**6), ("seed", 0, 2**63 - 1),
                                ("k", 1, STRONGEST)):  # fmt: skip
            value = getattr(self, name)
            if not low <= value <= high:
                raise FitError(f"{name} is {value}; it must be {low:,} to {high:,}")

    def grown(self, step: int) -> int:
        """Gaussians that there are at a step."""
        start = max(1, math.ceil(START * self.count))
        parts = sum(step >= round(share * self.steps) for share in GROWTH)
        return start + (self.count - start) * parts // len(GROWTH)


@dataclass
class State:
    """All that a fit needs to go on.

    Attributes:
        values: (N, 9) float64 means, logarithms of the inverse scales, rotation, four channels.
        first, second: (N, 9) moments of Adam.
        ages: (N,) int64 steps of each.
        step: steps that were made.
        history: (steps, mean squared error) after every hundredth step.
    """

    values: Float64
    first: Float64
    second: Float64
    ages: NDArray[np.int64]
    step: int = 0
    history: list[tuple[int, float]] = field(default_factory=list)


class Fit:
    """A fit under way.

    Args:
        source: the picture.
        plan: what is to be fitted.
        threads: how many to use; the result is the same for any number.
        state: of a fit of the same source and plan to go on from.
    """

    def __init__(
        self, source: Source, plan: Plan, threads: int | None = None, state: State | None = None
    ) -> None:
        self.source, self.plan = source, plan
        self.bits = plan.bits or bits_for(source.size)
        self._workers = shared_workers(thread_count(threads))
        self._loss = Loss(source, self._workers, plan.k)
        lattice = Lattice.of(source.size, self.bits, source.channels)
        unused = 4 - source.channels
        self._low = np.concatenate([lattice.low, np.zeros(unused)])
        self._high = np.concatenate([lattice.high, np.zeros(unused)])
        self._grid = np.concatenate([lattice.step, np.zeros(unused)])
        # An angle is free to go round.
        self._range_low, self._range_high = self._low.copy(), self._high.copy()
        self._range_low[4], self._range_high[4] = -np.inf, np.inf
        width, height = source.size
        self.spacing = math.sqrt(width * height / plan.count)
        self.state = state or self._started()

    @property
    def done(self) -> bool:
        """Whether all steps were made."""
        return self.state.step >= self.plan.steps

    def parts(self) -> list[int]:
        """How many Gaussians there were after each addition."""
        steps = [0, *(round(share * self.plan.steps) for share in GROWTH)]
        return sorted({min(self.plan.grown(s), len(self.state.values)) for s in steps})

    @property
    def rounding(self) -> bool:
        """Whether the step to come draws what the file can hold."""
        return self.state.step >= ROUNDED * self.plan.steps

    def splats(self) -> ImageSplats:
        """The Gaussians as the file holds them, in the order in which they were added."""
        return quantised(self._splats(self.state.values), self.bits)

    def error(self) -> float:
        """Mean squared error of `splats`, over the known pixels."""
        return self._loss.error(self.splats())

    def advance(self) -> float:
        """Makes one step; the mean squared error before it."""
        state, plan = self.state, self.plan
        missing = plan.grown(state.step) - len(state.values)
        if missing > 0:
            self._grow(missing)
        drawn = self._drawn(self.rounding)
        gradients, error = self._loss.gradient(self._splats(drawn), SIMILARITY)
        along = 0.5 + 0.5 * math.cos(math.pi * state.step / plan.steps)
        rates = RATES * (LAST_RATE + (1 - LAST_RATE) * along)
        rates[:2] *= self.spacing
        n = len(state.values)

        def part(p: int) -> None:
            adam(
                state.values, gradients, state.first, state.second, state.ages, rates,
                self._range_low, self._range_high, n * p // PIECES, n * (p + 1) // PIECES,
            )  # fmt: skip

        self._workers.map(part, PIECES)
        state.step += 1
        if state.step % 100 == 0:
            state.history.append((state.step, error))
        return error

    def _drawn(self, rounding: bool) -> Float64:
        if not rounding:
            return self.state.values
        rounded = np.empty_like(self.state.values)
        round_to(self.state.values, self._low, self._grid, 0, len(rounded), rounded)
        return rounded

    def _splats(self, values: Float64) -> ImageSplats:
        return splats_of(values[:, : 5 + self.source.channels], self.source.size)

    def _started(self) -> State:
        count = self.plan.grown(0)
        places = places_by_change(self.source, count, self._random(0))
        values = shape_at(self.source, places, self._spread(count), self._range())
        empty = np.zeros((len(values), MOMENTS))
        return State(values, empty, empty.copy(), np.zeros(len(values), np.int64))

    def _grow(self, count: int) -> None:
        state = self.state
        drawn = self._splats(state.values)
        places = places_by_error(
            lambda: (band for band, _ in self._loss.bands(drawn)),
            *(count, self._random(state.step + 1)),
        )
        fresh = shape_at(self.source, places, self._spread(self.plan.count), self._range())
        empty = np.zeros((count, MOMENTS))
        state.values = np.concatenate([state.values, fresh])
        state.first = np.concatenate([state.first, empty])
        state.second = np.concatenate([state.second, empty])
        state.ages = np.concatenate([state.ages, np.zeros(count, np.int64)])

    def _spread(self, count: int) -> float:
        """Standard deviation of a new Gaussian among `count`, pixels."""
        width, height = self.source.size
        return max(0.5 * math.sqrt(width * height / count), 0.5)

    def _range(self) -> tuple[Float64, Float64]:
        return self._low, self._high

    def _random(self, step: int) -> np.random.Generator:
        return np.random.default_rng([self.plan.seed, step])
