"""Baking: a neural material is learned from a reference material.

Three stages (Zeltner et al. 2024). An encoder that sees the texels of the reference gives latents,
while decoder and frames learn; then the encoder is dropped and the latent texture itself is
learned, its coarser levels against the mean of the reference over a texel's footprint; last the
sampler learns from the decoder by cross entropy. What is compared is log(1 + GAIN f cos), in which
a highlight and a dark body both count.

Random numbers of a step depend on the seed and the step alone, so a bake that was interrupted and
taken up again gives the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.errors import VoileError
from ...scenes.material import NetShape, NeuralMaterial
from ...scenes.progress import Progress, silent
from .layered import COUNT, evaluate, sample
from .nets import Nets, Pyramid, Tensor

GAIN = 20.0
"""Light times cosine at 1 / GAIN is where the loss turns from differences to ratios."""

ENCODER_SHARE, SAMPLER_SHARE = 0.3, 0.15
"""Of all steps, those with the encoder and those of the sampler."""

FOOTPRINT_SAMPLES = 16
FILTERED_SHARE = 8  # one filtered point for so many of the finest level

_CHECKS = 16  # times that the loss is measured on points that are not learned from
_HELD_BACK = 4096


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

    Raises:
        BakeMaterialError: no PyTorch.
    """

    def __init__(
        self, texels: NDArray[np.float32], options: BakeOptions, name: str = "", made_by: str = ""
    ) -> None:
        self._torch = torch = check_torch()
        self._options, self._name, self._made_by = options, name, made_by
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._digest = hashlib.sha256(texels.tobytes() + repr(options).encode()).hexdigest()
        self._size = texels.shape[0]
        self._reference = Pyramid(torch, torch.from_numpy(texels).to(self._device))
        self._flat = self._reference.texels[: self._size**2]
        self._nets = Nets(torch, options.shape, COUNT, options.seed, self._device)
        blank = torch.zeros(self._size, self._size, options.shape.latents, device=self._device)
        self._latents = Pyramid(torch, blank)
        self._latents.texels.requires_grad_()
        self._encoder_until = round(ENCODER_SHARE * options.steps)
        self._decoder_until = options.steps - round(SAMPLER_SHARE * options.steps)
        nets = self._nets
        self._optimizers = {
            "encoder": torch.optim.Adam(nets.parameters("encoder", "frames", "decoder"), 3e-3),
            "texture": torch.optim.Adam(
                [
                    {"params": nets.parameters("frames", "decoder"), "lr": 2e-3},
                    {"params": [self._latents.texels], "lr": 1e-2},
                ]
            ),
            "sampler": torch.optim.Adam(nets.parameters("sampler"), 3e-3),
        }
        self._rates = {
            name: [group["lr"] for group in each.param_groups]
            for name, each in self._optimizers.items()
        }
        self._best: list[Tensor] | None = None
        self.step = 0
        self.best_loss = math.inf
        self.history: list[tuple[int, float]] = []

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
            while self.step < self._options.steps:
                if self.step % 5 == 0:
                    progress(self.step / self._options.steps, self._stage(begun, first))
                self._advance()
                if self.step % every == 0 or self.step == self._options.steps:
                    self._check()
        finally:
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
                levels = self._levels()
                albedo = self._albedo()
                dense = self._nets.dense()
            finally:
                self._restore(kept)
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

    def _advance(self) -> None:
        random = self._random(self.step)
        if self.step < self._encoder_until:
            self._learn("encoder", 0, self._encoder_until, self._encoder_loss, random)
        elif self.step < self._decoder_until:
            if self.step == self._encoder_until:
                with self._torch.no_grad():
                    self._latents.texels.copy_(self._nets.encode(self._reference.texels))
            span = self._encoder_until, self._decoder_until
            self._learn("texture", *span, self._texture_loss, random)
        else:
            if self.step == self._decoder_until and self._best is not None:
                self._restore(self._best)
            span = self._decoder_until, self._options.steps
            self._learn("sampler", *span, self._sampler_loss, random)
        self.step += 1

    def _learn(self, name: str, first: int, until: int, loss: Any, random: Any) -> None:
        optimizer = self._optimizers[name]
        done = (self.step - first) / max(1, until - first)
        for group, rate in zip(optimizer.param_groups, self._rates[name]):
            group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        optimizer.zero_grad()
        loss(random).backward()
        optimizer.step()

    def _encoder_loss(self, random: Any) -> Tensor:
        _, w_i, w_o, p = self._points(random, self._options.batch)
        target = evaluate(self._torch, p, w_i, w_o)
        return _distance(self._nets.reflectance(self._nets.encode(p), w_i, w_o), target, w_i)

    def _texture_loss(self, random: Any) -> Tensor:
        uv, w_i, w_o, p = self._points(random, self._options.batch)
        target = evaluate(self._torch, p, w_i, w_o)
        found = self._nets.reflectance(self._latents.fine(uv), w_i, w_o)
        return _distance(found, target, w_i) + self._filtered_loss(random)

    def _filtered_loss(self, random: Any) -> Tensor:
        uv, level, w_i, w_o, target = self._filtered(
            random, max(16, self._options.batch // FILTERED_SHARE)
        )
        found = self._nets.reflectance(self._latents.at(uv, level), w_i, w_o)
        return 0.5 * _distance(found, target, w_i)

    def _sampler_loss(self, random: Any) -> Tensor:
        """Cross entropy of the proposal with light times cosine, by samples of the reference's."""
        torch, nets = self._torch, self._nets
        uv, _, w_o, _ = self._points(random, max(16, self._options.batch // 2))
        with torch.no_grad():
            z = self._latents.fine(uv)
            lobes = nets.propose(z, w_o)
            w_i, p = self._mixed(random, lobes, w_o)
            light = nets.reflectance(z, w_i, w_o).sum(-1) * w_i[:, 2].clamp(min=0.0)
            weight = (light / p).clamp(max=20.0)
        return -(weight * nets.density(nets.propose(z, w_o), w_i, w_o).clamp(min=1e-9).log()).mean()

    def _mixed(self, random: Any, lobes: Any, w_o: Tensor) -> tuple[Tensor, Tensor]:
        """Directions by the proposal and by the cosine, half each, and their density."""
        torch = self._torch
        u = random(len(w_o), 4)
        angle = 2 * math.pi * u[:, 0]
        normal, alpha, share = lobes
        cos2 = (1 - u[:, 1]) / (1 + (alpha**2 - 1) * u[:, 1])
        rows = torch.stack(_basis(torch, normal), -2)
        half = (_polar(torch, cos2.sqrt(), angle)[:, :, None] * rows).sum(1)
        lobe = 2 * (w_o * half).sum(-1, keepdim=True) * half - w_o
        cosine = _polar(torch, (1 - u[:, 1]).sqrt(), angle)
        w_i = torch.where((u[:, 2:3] < 0.5) & (u[:, 3:] < share[:, None]), lobe, cosine)
        p = self._nets.density(lobes, w_i, w_o)
        return w_i, 0.5 * p + 0.5 * w_i[:, 2].clamp(min=0.0) / math.pi + 1e-6

    def _points(self, random: Any, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Texture coordinates, directions and texels to learn from at the finest level."""
        uv = random(count, 2)
        w_o = self._around(random(count, 3))
        p = self._reference.fine(uv)
        return uv, self._toward_light(random, p, w_o), w_o, p

    def _filtered(self, random: Any, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The same at random levels, with the mean reflectance over the footprint there."""
        torch, side = self._torch, math.isqrt(FOOTPRINT_SAMPLES)
        uv, w_o = random(count, 2), self._around(random(count, 3))
        level = random(count, 1)[:, 0] * (self._latents.levels - 1)
        w_i = self._toward_light(random, self._reference.at(uv, level), w_o)
        cell = torch.arange(side * side, device=self._device)
        cell = torch.stack([cell % side, cell // side], -1)
        inside = (cell + random(count * side * side, 2).reshape(count, -1, 2)) / side - 0.5
        width = (2.0**level - 1) / self._size
        texel = ((uv[:, None] + inside * width[:, None, None]) * self._size).floor().long()
        texel = texel % self._size
        p = self._flat[texel[..., 1] * self._size + texel[..., 0]]
        shape = (count, side * side, 3)
        each = evaluate(torch, p, w_i[:, None].expand(shape), w_o[:, None].expand(shape))
        return uv, level, w_i, w_o, each.mean(1)

    def _toward_light(self, random: Any, p: Tensor, w_o: Tensor) -> Tensor:
        """Half of them as the reference reflects, the others anywhere above the surface."""
        torch, u = self._torch, random(len(w_o), 4)
        seen = sample(torch, p, w_o, u[:, :3])
        w = torch.where(u[:, 3:] < 0.5, seen, self._around(random(len(w_o), 3)))
        return torch.cat([w[:, :2], w[:, 2:].abs().clamp(min=1e-4)], -1)

    def _around(self, u: Tensor) -> Tensor:
        """Directions above the surface, half uniform and half by the cosine."""
        z = self._torch.where(u[:, 2] < 0.5, u[:, 1], u[:, 1].sqrt()).clamp(min=1e-4)
        return _polar(self._torch, z, 2 * math.pi * u[:, 0])

    def _random(self, step: int) -> Any:
        torch = self._torch
        generator = torch.Generator(self._device)
        generator.manual_seed((self._options.seed << 32) + step)
        return lambda *size: torch.rand(*size, generator=generator, device=self._device)

    def _check(self) -> None:
        """Measures the loss on held-back points, and keeps the nets if they are the best so far."""
        sampler = self.step > self._decoder_until
        with self._torch.no_grad():
            random = self._random(1 << 31)  # no step has this number
            uv, w_i, w_o, p = self._points(random, _HELD_BACK)
            z = self._latents.fine(uv) if self.step > self._encoder_until else self._nets.encode(p)
            found = self._nets.reflectance(z, w_i, w_o)
            loss = float(_distance(found, evaluate(self._torch, p, w_i, w_o), w_i))
        self.history.append((self.step, loss))
        # The sampler learns with the others at rest. The encoder's latents are only a beginning.
        first_of_texture = self._encoder_until < self.step and self._texture_is_new()
        if sampler or first_of_texture or loss < self.best_loss:
            self._best = [t.detach().clone() for t in self._learned()]
            self.best_loss = loss

    def _texture_is_new(self) -> bool:
        return all(step <= self._encoder_until for step, _ in self.history[:-1])

    def _levels(self) -> list[Any]:
        if self.step > self._encoder_until:
            return self._latents.arrays()
        flat = self._nets.encode(self._reference.texels)
        kept = self._latents.texels.detach().clone()
        self._latents.texels.copy_(flat)
        levels = self._latents.arrays()
        self._latents.texels.copy_(kept)
        return levels

    def _albedo(self) -> tuple[float, float, float]:
        """Mean over texels and viewers of the reflectance under white light, of the reference."""
        torch, count = self._torch, 1 << 15
        random = self._random((1 << 31) + 1)
        u = random(count, 4)
        w_i = _polar(torch, u[:, 0].sqrt(), 2 * math.pi * u[:, 1])
        w_o = _polar(torch, u[:, 2].sqrt(), 2 * math.pi * u[:, 3])
        p = self._reference.fine(random(count, 2))
        light = math.pi * evaluate(torch, p, w_i, w_o)
        red, green, blue = light.mean(0).tolist()
        return red, green, blue

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


def _distance(found: Tensor, target: Tensor, w_i: Tensor) -> Tensor:
    cosine = GAIN * w_i[..., 2:]
    return ((found * cosine).log1p() - (target * cosine).log1p()).abs().mean()


def _polar(torch: Any, cosine: Tensor, angle: Tensor) -> Tensor:
    sine = (1 - cosine * cosine).clamp(min=0.0).sqrt()
    return torch.stack([sine * angle.cos(), sine * angle.sin(), cosine], -1)


def _basis(torch: Any, n: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, y, z = n.unbind(-1)
    a = -1 / (1 + z)
    b = x * y * a
    return torch.stack([1 + x * x * a, b, -x], -1), torch.stack([b, 1 + y * y * a, -y], -1), n
