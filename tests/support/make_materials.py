"""Neural materials with random nets, for tests that need any."""

from __future__ import annotations

import numpy as np

from voile.scenes.material import Dense, NetShape, NeuralMaterial, level_shapes


def make_material(
    shape: NetShape | None = None, *, width: int = 8, height: int = 4, half: bool = True, seed=0
) -> NeuralMaterial:
    """A material whose reflectance is about 0.3 and changes with everything that it may."""
    shape = shape or NetShape()
    rng = np.random.default_rng(seed)
    levels = tuple(
        rng.normal(0, 1, each).astype(np.float16 if half else np.float32)
        for each in level_shapes(width, height, shape.latents)
    )
    layers = {
        name: Dense(
            rng.normal(0, np.sqrt(2 / inputs), (rows, inputs)).astype(np.float32),
            rng.normal(0, 0.1, rows).astype(np.float32),
        )
        for name, (rows, inputs) in shape.dense().items()
    }
    last = f"decoder.{len(shape.hidden)}"
    layers[last] = Dense(0.3 * layers[last].weight, layers[last].bias - np.float32(1.2))
    return NeuralMaterial("random", shape, levels, layers, (0.2, 0.3, 0.4), "a test")


def directions(count: int, seed: int = 0) -> np.ndarray:
    """(count, 3) unit vectors over the upper half of the sphere."""
    rng = np.random.default_rng(seed)
    v = rng.normal(size=(count, 3))
    v[:, 2] = np.abs(v[:, 2]) + 1e-3
    return v / np.linalg.norm(v, axis=1, keepdims=True)
