"""Seeded random scenes for tests: valid, varied, small."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from voile.scenes import Splats
from voile.scenes.oit import OitWeights
from voile.scenes.splats import SH_COEFFICIENTS


def make_splats(
    n: int = 100,
    sh_degree: int = 3,
    kind: Literal["3d", "2d", "mixed"] = "3d",
    seed: int = 0,
    **rest: Any,
) -> Splats:
    """A random valid scene inside [-2, 2]^3.

    Scales span 1e-3 to 0.5 (log-uniform), opacities the open interval (0, 1), colours the display
    range, higher SH bands +-0.5. Of a mixed scene every other splat is a surfel. `rest` goes to
    `Splats`.
    """
    rng = np.random.default_rng(seed)

    def uniform(low: float, high: float, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, shape).astype(np.float32)

    quats = rng.normal(size=(n, 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    # In float32 the last digit of exp is another one by other instructions.
    scales = np.exp(rng.uniform(np.log(1e-3), np.log(0.5), (n, 3))).astype(np.float32)
    if kind != "3d":
        scales[:: 2 if kind == "mixed" else 1, 2] = 0.0
    sh = uniform(-0.5, 0.5, n, SH_COEFFICIENTS[sh_degree], 3)
    sh[:, 0] = uniform(-1.7, 1.7, n, 3)
    return Splats(
        means=uniform(-2.0, 2.0, n, 3),
        quats=quats.astype(np.float32),
        scales=scales,
        opacities=uniform(0.01, 0.99, n),
        sh=sh,
        **rest,
    )


def with_weights(splats: Splats, seed: int = 0, *, shapes: bool = True) -> Splats:
    """The scene with random weights for `weighted`, and weights and shapes for `learned`.

    Without `shapes` splats stay what and where they are in every mode.
    """
    rng = np.random.default_rng(seed)
    n = len(splats)
    fitted = OitWeights(8.0, rng.normal(size=(n, 4)).astype(np.float32))
    learned = OitWeights(
        12.0,
        rng.normal(size=(n, 9)).astype(np.float32),
        rng.uniform(0, 1, n).astype(np.float32),
        rng.normal(size=(n, 3)).astype(np.float32) * np.float32(0.1),
        rng.normal(size=(n, 9)).astype(np.float32) * np.float32(0.3) if shapes else None,
    )
    return replace(splats, fitted=fitted, learned=learned)
