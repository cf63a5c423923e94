"""Distillation of mode `learned`: what `voile bake --learn` does.

A weighted sum (the student, `Student`) is trained to look like the sorted image (the teacher) from
random views: per splat four log-weights, an opacity and a colour offset, and beta for the scene.
Footprints stay, so a step is one frame of the CPU kernels and one pass over its tiles for the
gradient; Adam (Kingma and Ba 2015) does the rest. No photographs are needed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scenes.errors import Cancelled
from ..scenes.oit import OitWeights
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .fit import mean_psnr, sorted_frame
from .student import Student

Float32 = NDArray[np.float32]

RATES = {"log_weights": 0.05, "logits": 0.05, "colors": 0.005, "log_beta": 0.01}
"""Adam's step sizes at the start; they fall to a twentieth over the time given."""

MOST_VIEWS = 600
"""Teacher's pictures kept; a new one replaces a random old one from there on."""

_FIRST_VIEWS = 32
_CHECK_SECONDS = 15.0  # between two looks at how good it is
_LAST_RATE = 0.05
_OPACITY_ROOM = 1e-3  # opacities start no closer to 0 and 1, where a logit would not move


@dataclass(frozen=True)
class Step:
    """What is reported of a learning run: seconds since it began, steps, dB on the checked views"""

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
    seed: int = 0,
    history: list[Step] | None = None,
) -> OitWeights:
    """Learns weights, opacities and colours of mode `learned`.

    Args:
        splats: the scene.
        start: the weights to begin with, from `fit`.
        views: cameras to learn from, all of one size, used in this order and then again.
        checked: cameras whose mean PSNR chooses the weights that are kept; not to be learned from.
        progress: reports progress with the current dB; where it raises Cancelled, learning ends
            and the best weights so far are returned.
        seconds: how long to learn.
        seed: of the order of views.
        history: is filled with every check.

    Returns:
        The best weights found; those of `start` if none were better.
    """
    import torch

    rng = np.random.default_rng(seed)
    student = Student(splats)
    begun = time.perf_counter()
    best, best_quality, latest = start, -math.inf, math.nan
    try:
        progress(0.0, "Learning: drawing what is imitated")
        targets = [sorted_frame(splats, camera)[0] for camera in checked]
        best_quality = mean_psnr(student, start, checked, targets)
        parameters = _Parameters(torch, splats, start)
        optimizer = torch.optim.Adam(
            [{"params": [getattr(parameters, name)], "lr": rate} for name, rate in RATES.items()],
            betas=(0.9, 0.99),
            eps=1e-15,
            fused=True,
        )
        rates = [group["lr"] for group in optimizer.param_groups]
        blend = _blend_function(torch, student)
        known: list[tuple[Camera, Any, Any]] = []
        upcoming = 0
        steps, checked_at, latest = 0, time.perf_counter(), best_quality
        while (elapsed := time.perf_counter() - begun) < seconds:
            part = elapsed / seconds
            progress(part, f"Learning: {max(latest, best_quality):.2f} dB, step {steps}")
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * _LAST_RATE**part
            if upcoming < len(views) and (len(known) < _FIRST_VIEWS or steps % 3 == 0):
                camera = views[upcoming]
                color, alpha = map(torch.from_numpy, sorted_frame(splats, camera))
                fresh = (camera, color.half(), alpha.half())
                upcoming += 1
                if len(known) < MOST_VIEWS:
                    known.append(fresh)
                else:
                    known[int(rng.integers(len(known)))] = fresh
            else:
                fresh = known[int(rng.integers(len(known)))]
            camera, color, alpha = fresh
            optimizer.zero_grad()
            drawn, cover = blend(camera, *parameters)
            loss = LOSS(drawn, cover, color.float(), alpha.float())
            loss.backward()
            optimizer.step()
            steps += 1
            last = time.perf_counter() - begun > seconds
            if last or time.perf_counter() - checked_at > _CHECK_SECONDS:
                weights = parameters.weights()
                latest = mean_psnr(student, weights, checked, targets)
                if history is not None:
                    history.append(Step(time.perf_counter() - begun, steps, latest))
                if latest > best_quality:
                    best, best_quality = weights, latest
                checked_at = time.perf_counter()
    except (Cancelled, KeyboardInterrupt):
        pass
    return best


def LOSS(drawn, cover, color, alpha):
    return (drawn - color).abs().mean() + (cover - alpha).abs().mean()


class _Parameters:
    """What is learned, as leaves of torch's graph."""

    def __init__(self, torch: Any, splats: Splats, start: OitWeights) -> None:
        self._torch = torch
        opacities = splats.opacities if start.opacities is None else start.opacities
        opacities = np.clip(opacities, _OPACITY_ROOM, 1 - _OPACITY_ROOM).astype(np.float64)
        logits = np.log(opacities / (1 - opacities)).astype(np.float32)
        colors = np.zeros((len(splats), 3), np.float32) if start.colors is None else start.colors
        leaf = lambda array: torch.tensor(array, requires_grad=True)  # noqa: E731
        self.log_weights, self.logits = leaf(start.log_weights), leaf(logits)
        self.colors = leaf(colors)
        self.log_beta = leaf(np.float32(math.log(max(start.beta, 0.1))))

    def __iter__(self):
        return iter((self.log_weights, self.logits, self.colors, self.log_beta))

    def weights(self) -> OitWeights:
        """A copy of the current values."""
        return to_weights(*(p.detach().clone() for p in self))


def to_weights(log_weights: Any, logits: Any, colors: Any, log_beta: Any) -> OitWeights:
    """The scene's weights for values of the parameters; shares the memory of the tensors."""
    return OitWeights(
        float(log_beta.exp()), log_weights.numpy(), logits.sigmoid().numpy(), colors.numpy()
    )


def _blend_function(torch: Any, student: Student) -> Any:
    """A differentiable function (camera, parameters) -> colour (H, W, 3) and alpha (H, W)."""

    class Blend(torch.autograd.Function):
        @staticmethod
        def forward(ctx, camera, log_weights, logits, colors, log_beta):
            weights = to_weights(*(p.detach() for p in (log_weights, logits, colors, log_beta)))
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
                torch.tensor(found.beta * ctx.beta, dtype=torch.float32),
            )

    return Blend.apply
