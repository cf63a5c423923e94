"""The nets of a neural material in PyTorch, for training; the equations are those of `decode.py`
and `proposal.py`, to which tests hold them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...kernels.constants import (
    LOBE_LEAST_ALPHA,
    LOBE_LEAST_SHARE,
    LOBE_MOST_SLOPE,
    NEURAL_LEAST_SQUARE,
    NEURAL_MOST_LOG,
)
from ...scenes.material import Dense, NetShape, level_shapes

Tensor = Any  # torch.Tensor; torch is imported by whoever trains


class Nets:
    """The linear layers of a material and of its encoder, as leaves of torch's graph.

    Args:
        torch: the module.
        shape: sizes of the nets.
        inputs: numbers of a texel that the encoder takes.
        seed: of the random beginning.
        device: where the tensors live.

    Attributes:
        layers: weight and bias by the names of `NetShape.dense`, and of the encoder.
    """

    def __init__(self, torch: Any, shape: NetShape, inputs: int, seed: int, device: str) -> None:
        self._torch = torch
        self._shape = shape
        sizes = shape.dense()
        widths = (inputs, 64, 64, shape.latents)
        sizes |= {f"encoder.{k}": (widths[k + 1], widths[k]) for k in range(3)}
        rng = np.random.default_rng(seed)

        def leaf(array: Any) -> Tensor:
            return torch.tensor(np.float32(array), device=device).requires_grad_()

        self.layers: dict[str, tuple[Tensor, Tensor]] = {}
        for name, (rows, columns) in sizes.items():
            weight, bias = rng.normal(0, math.sqrt(2 / columns), (rows, columns)), np.zeros(rows)
            if name == "frames":  # near the surface's own frame
                weight *= 0.1
                bias = np.tile([0.0, 0.0, 1.0, 1.0, 0.0, 0.0], shape.frames)
            elif name == f"decoder.{len(shape.hidden)}":
                weight *= 0.3
                bias -= 2.0
            elif name == f"sampler.{len(shape.sampler)}":
                weight *= 0.1
            self.layers[name] = leaf(weight), leaf(bias)

    def parameters(self, *kinds: str) -> list[Tensor]:
        """Weights and biases of the layers whose names begin so."""
        return [t for name, pair in self.layers.items() if name.startswith(kinds) for t in pair]

    def dense(self) -> dict[str, Dense]:
        """A copy of the layers of the material, without the encoder."""
        return {
            name: Dense(*(t.detach().cpu().numpy().copy() for t in self.layers[name]))
            for name in self._shape.dense()
        }

    def encode(self, texels: Tensor) -> Tensor:
        """Latents (..., L) of texels of the reference."""
        return self._perceptron("encoder", 2, texels)

    def reflectance(self, z: Tensor, w_i: Tensor, w_o: Tensor) -> Tensor:
        """As `decode`, for directions above the surface."""
        y = self._perceptron(
            "decoder", len(self._shape.hidden), self._torch.cat([z, *self._local(z, w_i, w_o)], -1)
        )
        return y.clamp(-NEURAL_MOST_LOG, NEURAL_MOST_LOG).exp()

    def propose(self, z: Tensor, w_o: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normal, roughness and share of the lobe, as `proposal.propose`."""
        torch = self._torch
        y = self._perceptron("sampler", len(self._shape.sampler), torch.cat([z, w_o], -1))
        slopes = y[..., :2].clamp(-LOBE_MOST_SLOPE, LOBE_MOST_SLOPE)
        normal = self._unit(torch.cat([slopes, torch.ones_like(slopes[..., :1])], -1))
        alpha = LOBE_LEAST_ALPHA + (1 - LOBE_LEAST_ALPHA) * y[..., 2].sigmoid()
        return normal, alpha, LOBE_LEAST_SHARE + (1 - 2 * LOBE_LEAST_SHARE) * y[..., 3].sigmoid()

    def density(self, lobes: tuple[Tensor, Tensor, Tensor], w_i: Tensor, w_o: Tensor) -> Tensor:
        """As `proposal.density`."""
        normal, alpha, share = lobes
        half = self._unit(w_i + w_o)
        cos_n = (half * normal).sum(-1).clamp(min=0.0)
        cos_o = (half * w_o).sum(-1).abs().clamp(min=1e-6)
        square = alpha * alpha
        spread = cos_n * cos_n * (square - 1) + 1
        lobe = square * cos_n / (math.pi * spread * spread) / (4 * cos_o)
        return share * lobe + (1 - share) * w_i[..., 2].clamp(min=0.0) / math.pi

    def _local(self, z: Tensor, w_i: Tensor, w_o: Tensor) -> list[Tensor]:
        if not self._shape.frames:
            return [w_i, w_o]
        weight, bias = self.layers["frames"]
        raw = z @ weight.T + bias
        found = []
        for k in range(0, 6 * self._shape.frames, 6):
            n = self._unit(raw[..., k : k + 3])
            t = raw[..., k + 3 : k + 6]
            t = self._unit(t - (t * n).sum(-1, keepdim=True) * n)
            axes = self._torch.stack([t, self._torch.linalg.cross(n, t), n], -2)
            found += [(axes * w[..., None, :]).sum(-1) for w in (w_i, w_o)]
        return found

    def _perceptron(self, net: str, hidden: int, x: Tensor) -> Tensor:
        linear = self._torch.nn.functional.linear
        for k in range(hidden):
            x = linear(x, *self.layers[f"{net}.{k}"]).relu()
        return linear(x, *self.layers[f"{net}.{hidden}"])

    def _unit(self, v: Tensor) -> Tensor:
        return v / (v * v).sum(-1, keepdim=True).clamp(min=NEURAL_LEAST_SQUARE).sqrt()


class Pyramid:
    """A texture (size, size, C) with levels, as one tensor (texels, C), finest level first.

    Attributes:
        texels: the tensor; may be replaced by another of the same shape.
    """

    def __init__(self, torch: Any, finest: Tensor) -> None:
        self._torch = torch
        self._size = finest.shape[0]
        levels = [finest]
        while levels[-1].shape[0] > 1:
            s = levels[-1].shape[0] // 2
            levels.append(levels[-1].reshape(s, 2, s, 2, -1).mean((1, 3)))
        shapes = level_shapes(self._size, self._size, finest.shape[2])
        starts = np.cumsum([0, *(h * w for h, w, _ in shapes)])[: len(shapes)]
        self.levels = len(levels)
        self._starts = torch.tensor(starts, dtype=torch.int64, device=finest.device)
        self.texels = torch.cat([level.reshape(-1, finest.shape[2]) for level in levels])

    def fine(self, uv: Tensor) -> Tensor:
        """(N, C) of the finest level at (N, 2), bilinear."""
        return self._bilinear(uv, self._torch.zeros_like(uv[:, 0], dtype=self._torch.int64))

    def at(self, uv: Tensor, level: Tensor) -> Tensor:
        """(N, C) at (N, 2), bilinear within levels and linear between them."""
        low = level.floor().clamp(0, self.levels - 1).long()
        share = (level - low)[:, None]
        above = (low + 1).clamp(max=self.levels - 1)
        return (1 - share) * self._bilinear(uv, low) + share * self._bilinear(uv, above)

    def arrays(self) -> list[Any]:
        """The levels as numpy arrays (H, W, C), copies."""
        flat, at, found = self.texels.detach().cpu().numpy(), 0, []
        for shape in level_shapes(self._size, self._size, flat.shape[1]):
            count = shape[0] * shape[1]
            found.append(flat[at : at + count].reshape(shape).copy())
            at += count
        return found

    def _bilinear(self, uv: Tensor, level: Tensor) -> Tensor:
        side = self._size >> level
        at = uv * side[:, None] - 0.5
        corner = at.floor()
        f = at - corner
        x, y = corner.long().unbind(-1)
        x0, x1, y0, y1 = x % side, (x + 1) % side, y % side, (y + 1) % side
        fx, fy = f[:, :1], f[:, 1:]
        start = self._starts[level]

        def texel(x: Tensor, y: Tensor) -> Tensor:
            return self._torch.nn.functional.embedding(start + y * side + x, self.texels)

        top = texel(x0, y0) * (1 - fx) + texel(x1, y0) * fx
        return top * (1 - fy) + (texel(x0, y1) * (1 - fx) + texel(x1, y1) * fx) * fy
