"""How the sampler of a material is learned: cross entropy of its proposal with the decoder's light.

Directions are drawn half by the proposal as it is and half by the cosine, so that light that the
proposal does not know yet is found as well.
"""

from __future__ import annotations

import math
from typing import Any

from .nets import Nets, Pyramid, Tensor

MOST_WEIGHT = 20.0
"""Of one direction: what is hardly ever drawn must not outweigh the rest."""


def sampler_loss(torch: Any, nets: Nets, latents: Pyramid, random: Any, count: int) -> Tensor:
    """- E[light times cosine . log proposal], of `count` points of the finest level.

    Args:
        random: (*size) -> tensor of numbers in [0, 1).
    """
    uv, u = random(count, 2), random(count, 3)
    z_o = torch.where(u[:, 2] < 0.5, u[:, 1], u[:, 1].sqrt()).clamp(min=1e-4)
    w_o = _polar(torch, z_o, 2 * math.pi * u[:, 0])
    with torch.no_grad():
        z = latents.fine(uv)
        lobes = nets.propose(z, w_o)
        w_i, p = _mixed(torch, nets, random, lobes, w_o)
        light = nets.reflectance(z, w_i, w_o).sum(-1) * w_i[:, 2].clamp(min=0.0)
        weight = (light / p).clamp(max=MOST_WEIGHT)
    return -(weight * nets.density(nets.propose(z, w_o), w_i, w_o).clamp(min=1e-9).log()).mean()


def _mixed(torch: Any, nets: Nets, random: Any, lobes: Any, w_o: Tensor) -> tuple[Tensor, Tensor]:
    """Directions by the proposal and by the cosine, half each, and their density."""
    u = random(len(w_o), 4)
    angle = 2 * math.pi * u[:, 0]
    normal, alpha, share = lobes
    cos2 = (1 - u[:, 1]) / (1 + (alpha**2 - 1) * u[:, 1])
    rows = torch.stack(_basis(torch, normal), -2)
    half = (_polar(torch, cos2.sqrt(), angle)[:, :, None] * rows).sum(1)
    lobe = 2 * (w_o * half).sum(-1, keepdim=True) * half - w_o
    cosine = _polar(torch, (1 - u[:, 1]).sqrt(), angle)
    w_i = torch.where((u[:, 2:3] < 0.5) & (u[:, 3:] < share[:, None]), lobe, cosine)
    p = nets.density(lobes, w_i, w_o)
    return w_i, 0.5 * p + 0.5 * w_i[:, 2].clamp(min=0.0) / math.pi + 1e-6


def _polar(torch: Any, cosine: Tensor, angle: Tensor) -> Tensor:
    sine = (1 - cosine * cosine).clamp(min=0.0).sqrt()
    return torch.stack([sine * angle.cos(), sine * angle.sin(), cosine], -1)


def _basis(torch: Any, n: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, y, z = n.unbind(-1)
    a = -1 / (1 + z)
    b = x * y * a
    return torch.stack([1 + x * x * a, b, -x], -1), torch.stack([b, 1 + y * y * a, -y], -1), n
