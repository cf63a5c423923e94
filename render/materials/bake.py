"""Baking: a neural material is learned from a reference material.

Three stages (Zeltner et al. 2024). An encoder that sees the texels of the reference gives latents,
while decoder and frames learn; then the encoder is dropped and the latent texture itself is
learned; last the sampler learns from the decoder. Levels above the finest are learned in both, from
the mean of the reference over the footprint that they stand for. The encoder sees how much the
fields vary there besides their mean: flakes turned every way are not one that is turned nowhere.
What is compared is log(1 + GAIN f cos), in which a highlight and a dark body both count.

Random numbers of a step depend on the seed and the step alone, so a bake that was interrupted and
taken up again gives the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.errors import VoileError
from ...scenes.material import NetShape, NeuralMaterial
from ...scenes.progress import Progress, silent
from .examples import Examples, Points
from .learn_sampler import sampler_loss
from .nets import Nets, Pyramid, Tensor

GAIN = 20.0
"""Light times cosine at 1 / GAIN is where the loss turns from differences to ratios."""

ENCODER_SHARE, SAMPLER_SHARE = 0.4, 0.1
"""Of all steps, those with the encoder and those of the sampler."""

COARSE_SHARE, COARSE_WEIGHT = 2, 1.0
"""One point of a coarser level for so many of the finest, and what their mean loss counts."""

_CHECKS = 16  # times that the loss is measured on points that are not learned from
_HELD_BACK = 4096
_NO_STEP = 1 << 31  # more than there are steps: the number of what is held back


class BakeMaterialError(VoileError):
    """A material cannot be baked as asked; the text says what would work."""


@dataclass(frozen=True)
class BakeOptions:
    """How to bake.

    Attributes:
        shape: sizes of the nets.
        steps: of Adam, over all stages.
        batch: points of the finest level in a step.
        seed: of everything random.
        half: store latents as float16.
    """

    shape: NetShape = field(default_factory=NetShape)
    steps: int = 6000
    batch: int = 2048
    seed: int = 0
    half: bool = True

    def __post_init__(self) -> None:
        if self.steps < 20 or self.batch < 16:
            raise BakeMaterialError(
                f"{self.steps} steps of {self.batch} points; 20 of 16 are the least"
            )
        if not 0 <= self.seed < 1 << 31:
            raise BakeMaterialError(f"seed {self.seed}; it must be 0 to {(1 << 31) - 1}")


def check_torch() -> Any:
    """PyTorch, imported when it is needed. Raises BakeMaterialError where it is not there."""
    try:
        import torch
    except ImportError as error:  # also where one of its libraries is missing
        raise BakeMaterialError(
            f"baking materials needs PyTorch, which cannot be imported ({error}). "
            "Install it by `pip install torch`."
        ) from error
    return torch


class Baker:
    """Learns one material, step by step.

    Args:
        texels: (S, S, COUNT) float32 of the reference, S a power of two.
        options: how.
        name: of the material, for people.
        made_by: the command, for people.

    Attributes:
        device: where the nets learn, "cuda" where PyTorch has such a GPU and "cpu" elsewhere.
        step: how many are done.
        best_loss: on held-back points.
        history: (step, loss on held-back points).

    Raises:
        BakeMaterialError: no PyTorch.
    """

    def __init__(
        self, texels: NDArray[np.float32], options: BakeOptions, name: str = "", made_by: str = ""
    ) -> None:
        self._torch = torch = check_torch()
        self._options, self._name, self._made_by = options, name, made_by
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._digest = hashlib.sha256(texels.tobytes() + repr(options).encode()).hexdigest()
        size, latents = len(texels), options.shape.latents
        self._examples = Examples(texels, options.seed)
        self._ahead: tuple[int, Future[Points]] | None = None
        inputs = self._examples.inputs.shape[1]
        self._nets = nets = Nets(torch, options.shape, inputs, options.seed, self.device)
        self._latents = Pyramid(torch, torch.zeros(size, size, latents, device=self.device))
        self._latents.texels.requires_grad_()
        self._encoder_until = round(ENCODER_SHARE * options.steps)
        self._decoder_until = options.steps - round(SAMPLER_SHARE * options.steps)
        self._optimizers = {
            "encoder": torch.optim.Adam(nets.parameters("encoder", "frames", "decoder"), 2e-2),
            "texture": torch.optim.Adam(
                [
                    {"params": nets.parameters("frames", "decoder"), "lr": 1.2e-2},
                    {"params": [self._latents.texels], "lr": 3e-2},
                ]
            ),
            "sampler": torch.optim.Adam(nets.parameters("sampler"), 1e-2),
        }
        self._rates = {
            name: [group["lr"] for group in each.param_groups]
            for name, each in self._optimizers.items()
        }
        self._best: list[Tensor] | None = None
        self.step = 0
        self.best_loss = math.inf
        self.history: list[tuple[int, float]] = []

    @property
    def device_name(self) -> str:
        """Where the nets learn, for people."""
        return "the CPU" if self.device == "cpu" else self._torch.cuda.get_device_name()

    def run(self, progress: Progress = silent) -> NeuralMaterial:
        """Learns to the end and returns the best material.

        Args:
            progress: is told the loss on held-back points and the time left.

        Raises:
            Cancelled: as `progress` raised it; `material` is the best so far, `state` lets another
                Baker go on.
        """
        threads = self._torch.get_num_threads()
        begun, first = time.perf_counter(), self.step
        every = max(1, self._options.steps // _CHECKS)
        self._torch.set_num_threads(1)  # steps are short: on a busy machine two spin and wait
        try:
            with ThreadPoolExecutor(1) as pool:
                while self.step < self._options.steps:
                    if self.step % 5 == 0:
                        progress(self.step / self._options.steps, self._stage(begun, first))
                    self._advance(pool)
                    if self.step % every == 0 or self.step == self._options.steps:
                        self._check()
        finally:
            self._ahead = None
            self._torch.set_num_threads(threads)
        return self.material()

    def material(self) -> NeuralMaterial:
        """The best material so far."""
        torch = self._torch
        if self._best is None:
            self._check()
        with torch.no_grad():
            kept = [t.detach().clone() for t in self._learned()]
            self._restore(self._best)
            try:
                levels = self._latents.arrays()
                dense = self._nets.dense()
            finally:
                self._restore(kept)
        albedo = self._examples.albedo()
        dtype = np.float16 if self._options.half else np.float32
        levels = tuple(np.clip(level, -6e4, 6e4).astype(dtype) for level in levels)
        return NeuralMaterial(self._name, self._options.shape, levels, dense, albedo, self._made_by)

    def state(self) -> dict[str, Any]:
        """All that another Baker of the same texels and options needs to go on."""
        return {
            "digest": self._digest,
            "step": self.step,
            "learned": self._learned(),
            "best": self._best,
            "best_loss": self.best_loss,
            "history": self.history,
            "optimizers": {name: each.state_dict() for name, each in self._optimizers.items()},
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Goes on from a state. Raises BakeMaterialError: it belongs to another bake."""
        if state.get("digest") != self._digest:
            raise BakeMaterialError("the state belongs to another material or other options")
        self._restore(state["learned"])
        self.step, self._best = state["step"], state["best"]
        self.best_loss, self.history = state["best_loss"], list(state["history"])
        for name, each in self._optimizers.items():
            each.load_state_dict(state["optimizers"][name])

    def _advance(self, pool: ThreadPoolExecutor) -> None:
        if self.step < self._encoder_until:
            self._learn("encoder", 0, self._encoder_until, self._loss(self._points(pool)))
        elif self.step < self._decoder_until:
            span = self._encoder_until, self._decoder_until
            self._learn("texture", *span, self._loss(self._points(pool)))
        else:
            if self.step == self._decoder_until and self._best is not None:
                self._restore(self._best)
            loss = sampler_loss(
                self._torch,
                self._nets,
                self._latents,
                self._random(),
                max(16, self._options.batch // 2),
            )
            self._learn("sampler", self._decoder_until, self._options.steps, loss)
        self.step += 1
        if self.step == self._encoder_until:
            self._encode_all()

    def _learn(self, name: str, first: int, until: int, loss: Tensor) -> None:
        optimizer = self._optimizers[name]
        done = (self.step - first) / max(1, until - first)
        for group, rate in zip(optimizer.param_groups, self._rates[name]):
            group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def _points(self, pool: ThreadPoolExecutor) -> Points:
        """The examples of this step; those of the next are made while it is learned from."""
        step, ahead = self.step, self._ahead
        points = ahead[1].result() if ahead and ahead[0] == step else self._examples_of(step)
        if step + 1 < self._decoder_until:
            self._ahead = step + 1, pool.submit(self._examples_of, step + 1)
        return points

    def _examples_of(self, step: int) -> Points:
        fine, centred = self._options.batch, step < self._encoder_until
        return self._examples.at(step, fine, max(16, fine // COARSE_SHARE), centred=centred)

    def _loss(self, points: Points) -> Tensor:
        """Of the finest level and of the others, by the encoder or the texture."""
        torch, fine = self._torch, points.fine

        def given(array: NDArray[np.float32]) -> Tensor:
            return torch.from_numpy(array).to(self.device)

        w_i, w_o = given(points.w_i), given(points.w_o)
        if self.step < self._encoder_until:
            z = self._nets.encode(given(points.inputs))
        else:
            uv, level = given(points.uv), given(points.level)
            z = torch.cat(
                [self._latents.fine(uv[:fine]), self._latents.at(uv[fine:], level[fine:])]
            )
        cosine = GAIN * w_i[:, 2:]
        found = (self._nets.reflectance(z, w_i, w_o) * cosine).log1p()
        error = (found - (given(points.target) * cosine).log1p()).abs().mean(1)
        return error[:fine].mean() + COARSE_WEIGHT * error[fine:].mean()

    def _encode_all(self) -> None:
        """Latents of all texels by the encoder as it is."""
        inputs = self._torch.from_numpy(self._examples.inputs).to(self.device)
        with self._torch.no_grad():
            self._latents.texels.copy_(self._nets.encode(inputs))

    def _random(self) -> Any:
        torch = self._torch
        generator = torch.Generator(self.device)
        generator.manual_seed((self._options.seed << 32) + self.step)
        return lambda *size: torch.rand(*size, generator=generator, device=self.device)

    def _check(self) -> None:
        """Measures the loss on held-back points, and keeps the nets if they are the best so far."""
        encoding = self.step < self._encoder_until
        points = self._examples.at(
            _NO_STEP, _HELD_BACK, _HELD_BACK // COARSE_SHARE, centred=encoding
        )
        with self._torch.no_grad():
            loss = float(self._loss(points))
        if encoding:
            self._encode_all()
        self.history.append((self.step, loss))
        # The sampler learns with the others at rest. The encoder's latents are only a beginning.
        first = all(step < self._encoder_until for step, _ in self.history[:-1])
        sampler = self.step > self._decoder_until
        if sampler or (first and not encoding) or loss < self.best_loss:
            self._best = [t.detach().clone() for t in self._learned()]
            self.best_loss = loss

    def _learned(self) -> list[Tensor]:
        return [self._latents.texels, *self._nets.parameters("")]

    def _restore(self, values: Any) -> None:
        with self._torch.no_grad():
            for tensor, value in zip(self._learned(), values):
                tensor.copy_(value)

    def _stage(self, begun: float, first: int) -> str:
        loss = self.history[-1][1] if self.history else None
        text = "encoder" if self.step < self._encoder_until else "latents"
        text = text if self.step < self._decoder_until else "sampler"
        if loss is not None:
            text += f", loss {loss:.4f}"
        if self.step > first:
            left = (time.perf_counter() - begun) / (self.step - first)
            left *= self._options.steps - self.step
            text += f", {left / 60:.0f} min left" if left > 90 else f", {left:.0f} s left"
        return text


def bake_material(
    texels: NDArray[np.float32],
    options: BakeOptions | None = None,
    progress: Progress = silent,
    *,
    name: str = "",
    made_by: str = "",
) -> NeuralMaterial:
    """A neural material of reference texels (S, S, COUNT); Cancelled keeps nothing."""
    return Baker(texels, options or BakeOptions(), name, made_by).run(progress)
