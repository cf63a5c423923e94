"""Distillation of mode `learned`: what `voile bake --learn` does.

A weighted sum (the student, `Student`) is trained to look like the sorted image (the teacher) from
random views: per splat nine log-weights, an opacity, a colour offset and a shape, and beta for the
scene. A step is one frame of the CPU kernels and one pass over its tiles for the gradient; Adam
(Kingma and Ba 2015) does the rest. No photographs are needed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scenes.errors import Cancelled, VoileError
from ..scenes.oit import LOG_WEIGHTS, SHAPE_LIMIT, OitWeights
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .fit import mean_psnr, sorted_frame
from .student import Student

Float32 = NDArray[np.float32]

RATES = {"log_weights": 0.03, "logits": 0.03, "colors": 0.005, "shapes": 0.02, "log_beta": 0.02}
"""Adam's step sizes at the start; they fall to a twentieth over the time given."""

MOST_VIEWS = 240
"""Teacher's pictures kept; a new one replaces a random old one from there on."""

_FIRST_VIEWS = 32
_NEW_EVERY = 3  # steps between two new pictures, while there are any
_CHECK_SECONDS, _CHECK_PART = 15.0, 0.05  # between two looks at how good it is, whichever is less
_LAST_RATE = 0.05
_OPACITY_ROOM = 1e-3  # opacities start no closer to 0 and 1, where a logit would not move


class LearnError(VoileError):
    """Nothing can be learned here; the text says what is missing and how to get it."""


def check_torch() -> Any:
    """PyTorch, imported when it is needed. Raises LearnError where it is not there."""
    try:
        import torch
    except ImportError as error:  # also where one of its libraries is missing
        raise LearnError(
            f"learning weights needs PyTorch, which cannot be imported ({error}). "
            "Install it by `pip install torch`; fitting weights works without it."
        ) from error
    return torch


@dataclass(frozen=True)
class Check:
    """How good the weights were: seconds since learning began, steps taken, mean PSNR in dB."""

    seconds: float
    steps: int
    quality: float


def learn(
    splats: Splats,
    start: OitWeights,
    views: Sequence[Camera],
    checked: Sequence[Camera],
    progress: Progress = silent,
    *,
    seconds: float = 600.0,
    steps: int | None = None,
    seed: int = 0,
    history: list[Check] | None = None,
) -> OitWeights:
    """Learns the weights and splats of mode `learned`.

    Args:
        splats: the scene.
        start: the weights to begin with, from `fit`.
        views: cameras to learn from, taken up one after the other.
        checked: cameras whose mean PSNR chooses the weights that are kept; not to be learned from.
        progress: reports progress with the current dB; where it raises Cancelled, learning ends
            and the best weights so far are returned.
        seconds: how long to learn.
        steps: how many to take instead, whatever the time, so that a result can be repeated.
        seed: of the order of views.
        history: is filled with every check, the first one of `start`.

    Returns:
        The best weights found; `start` itself if none were better.

    Raises:
        LearnError: there is no PyTorch.
    """
    torch = check_torch()
    run = _Run(torch, splats, start, views, checked, seed, history if history is not None else [])
    threads = torch.get_num_threads()
    # A step of Adam is short, and threads of torch's own that wait by spinning slow the kernels.
    torch.set_num_threads(1)
    try:
        run.until(seconds, steps, progress)
    except Cancelled:
        run.check()
    finally:
        torch.set_num_threads(threads)
    return run.best


class _Run:
    """One distillation: parameters, optimizer, the teacher's pictures, and the best so far."""

    def __init__(
        self,
        torch: Any,
        splats: Splats,
        start: OitWeights,
        views: Sequence[Camera],
        checked: Sequence[Camera],
        seed: int,
        history: list[Check],
    ) -> None:
        self._torch, self._splats, self._begun = torch, splats, time.perf_counter()
        self._views, self._checked, self._history = list(views), checked, history
        self._rng = np.random.default_rng(seed)
        self._student = Student(splats)
        self._parameters = _Parameters(torch, splats, start)
        self._blend = _blend_function(torch, self._student)
        self._optimizer = torch.optim.Adam(
            [
                {"params": [getattr(self._parameters, name)], "lr": rate}
                for name, rate in RATES.items()
            ],
            betas=(0.9, 0.99),
            eps=1e-15,  # gradients of single splats are tiny
            fused=True,
        )
        self._known: list[tuple[Camera, Any, Any]] = []
        self._targets: list[Float32] = []
        self._steps, self._checked_at = 0, 0
        self.best, self._best_quality = start, -math.inf

    def until(self, seconds: float, steps: int | None, progress: Progress) -> None:
        """Learns for so many steps, or else seconds. Raises what `progress` raises."""
        for k, camera in enumerate(self._checked):
            progress(0.0, f"Learning: picture {k + 1} of {len(self._checked)} to check by")
            self._targets.append(sorted_frame(self._splats, camera)[0])
        begin = self._best_quality = self._quality(self.best)
        self._history.append(Check(time.perf_counter() - self._begun, 0, begin))
        rates = [group["lr"] for group in self._optimizer.param_groups]
        pause = min(_CHECK_SECONDS / seconds, _CHECK_PART) if steps is None else _CHECK_PART
        checked_at = 0.0
        while (part := self._part(seconds, steps)) < 1.0:
            progress(part, f"Learning: {self._best_quality:.2f} dB, from {begin:.2f} dB")
            for group, rate in zip(self._optimizer.param_groups, rates):
                group["lr"] = rate * _LAST_RATE**part
            self._step()
            if part - checked_at > pause:
                self.check()
                checked_at = self._part(seconds, steps)
        self.check()

    def _part(self, seconds: float, steps: int | None) -> float:
        """How much of the learning is done."""
        if steps is not None:
            return self._steps / steps
        return (time.perf_counter() - self._begun) / seconds

    def check(self) -> None:
        """Keeps the current weights if they are the best so far."""
        if self._steps == self._checked_at:
            return
        self._checked_at = self._steps
        weights = self._parameters.weights()
        quality = self._quality(weights)
        seconds = time.perf_counter() - self._begun
        self._history.append(Check(seconds, self._steps, quality))
        if quality > self._best_quality:
            self.best, self._best_quality = weights, quality

    def _quality(self, weights: OitWeights) -> float:
        return mean_psnr(self._student, weights, self._checked, self._targets)

    def _step(self) -> None:
        camera, color, alpha = self._next_picture()
        self._optimizer.zero_grad()
        drawn, cover = self._blend(camera, *self._parameters)
        # Alpha counts as much as all of the colour, or black splats would stand in for clear ones.
        # Squares, for what is judged by is their mean (PSNR): 0.3 dB more than absolute values.
        loss = (drawn - color.float()).square().mean() + (cover - alpha.float()).square().mean()
        loss.backward()
        self._optimizer.step()
        self._parameters.limit()
        self._steps += 1

    def _next_picture(self) -> tuple[Camera, Any, Any]:
        """A view with what the teacher draws: now and then a new one, else one of those known."""
        known = self._known
        wanted = len(known) < _FIRST_VIEWS or self._steps % _NEW_EVERY == 0
        if not (self._views and wanted):
            return known[int(self._rng.integers(len(known)))]
        camera = self._views.pop(0)
        color, alpha = map(self._torch.from_numpy, sorted_frame(self._splats, camera))
        picture = camera, color.half(), alpha.half()
        if len(known) < MOST_VIEWS:
            known.append(picture)
        else:
            known[int(self._rng.integers(len(known)))] = picture
        return picture


class _Parameters:
    """What is learned, as leaves of torch's graph."""

    def __init__(self, torch: Any, splats: Splats, start: OitWeights) -> None:
        self._torch = torch
        opacities = splats.opacities if start.opacities is None else start.opacities
        opacities = np.clip(opacities, _OPACITY_ROOM, 1 - _OPACITY_ROOM).astype(np.float64)
        logits = np.log(opacities / (1 - opacities)).astype(np.float32)
        colors = np.zeros((len(splats), 3), np.float32) if start.colors is None else start.colors
        leaf = lambda array: torch.tensor(array, requires_grad=True)  # noqa: E731
        shapes = np.zeros((len(splats), 9), np.float32) if start.shapes is None else start.shapes
        lacking = LOG_WEIGHTS[-1] - start.log_weights.shape[1]
        self.log_weights = leaf(np.pad(start.log_weights, ((0, 0), (0, lacking))))
        self.logits = leaf(logits)
        self.colors = leaf(colors)
        self.shapes = leaf(shapes)
        self.log_beta = leaf(np.float32(math.log(max(start.beta, 0.1))))

    def __iter__(self):
        return iter((self.log_weights, self.logits, self.colors, self.shapes, self.log_beta))

    def limit(self) -> None:
        """Shapes stay within what `OitWeights` allows."""
        with self._torch.no_grad():
            self.shapes.clamp_(-SHAPE_LIMIT, SHAPE_LIMIT)

    def weights(self) -> OitWeights:
        """A copy of the current values."""
        return to_weights(*(p.detach().clone() for p in self))


def to_weights(
    log_weights: Any, logits: Any, colors: Any, shapes: Any, log_beta: Any
) -> OitWeights:
    """The scene's weights for values of the parameters; shares the memory of the tensors."""
    return OitWeights(
        float(log_beta.exp()),
        log_weights.numpy(),
        logits.sigmoid().numpy(),
        colors.numpy(),
        shapes.numpy(),
    )


def _blend_function(torch: Any, student: Student) -> Any:
    """A differentiable function (camera, parameters) -> colour (H, W, 3) and alpha (H, W)."""

    class Blend(torch.autograd.Function):
        @staticmethod
        def forward(ctx, camera, *parameters):
            weights = to_weights(*(p.detach() for p in parameters))
            ctx.beta, ctx.opacities = weights.beta, weights.opacities
            color, alpha = student.draw(camera, weights)
            return torch.from_numpy(color), torch.from_numpy(alpha)

        @staticmethod
        def backward(ctx, color_slope, alpha_slope):
            found = student.gradients(color_slope.numpy(), alpha_slope.numpy())
            return (
                None,
                torch.from_numpy(found.log_weights),
                torch.from_numpy(found.log_opacities * (1 - ctx.opacities)),
                torch.from_numpy(found.colors),
                torch.from_numpy(found.shapes),
                torch.tensor(found.beta * ctx.beta, dtype=torch.float32),
            )

    return Blend.apply
