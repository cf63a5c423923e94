"""Scenes of any size with the statistics of real captures, for benchmarks; the same each time.

What is set is what two captures of the shared test data have (biker and playbot, measured): splats
lie on surfaces; their largest scale is 1.5 times the distance between neighbours at the median,
spread by 0.9 powers of 2; the other two are 0.28 and 0.05 of it, spread by 1.3 and 1.5; opacities
are even between a thin and an opaque half. A fifth of the splats is ground, most are on objects
around the middle, a few make a far shell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import voile

OBJECTS = 40
SHARES = {"ground": 0.2, "objects": 0.75, "shell": 0.05}
RADIUS = 6.0
"""Of the ground, world units; objects are within half of it, the shell is at 8 times it."""

_CHUNK = 1 << 20


def capture(count: int, degree: int = 3, seed: int = 0, kind: str = "3d") -> voile.Splats:
    """A scene of `count` splats, -Y up, around the origin.

    `kind`: "3d"; "2d" makes surfels of all of them, the thinnest axis gone, "mixed" of every other.
    """
    rng = np.random.default_rng(seed)
    bodies = _bodies(rng)
    parts = [
        _part(rng, bodies, min(_CHUNK, count - first), count, degree)
        for first in range(0, count, _CHUNK)
    ]
    means, quats, scales, opacities, sh = (np.concatenate(column) for column in zip(*parts))
    flat = {"3d": slice(0, 0), "2d": slice(None), "mixed": slice(None, None, 2)}[kind]
    quats[flat], scales[flat] = _flattened(quats[flat], scales[flat])
    return voile.Splats(means, quats, scales, opacities, sh)


def view(size: tuple[int, int], step: int = 0, steps: int = 8) -> voile.Camera:
    """A camera on a circle around the objects, slightly above."""
    turn = 2 * np.pi * step / steps
    eye = (1.1 * RADIUS * np.cos(turn), -0.25 * RADIUS, 1.1 * RADIUS * np.sin(turn))
    return voile.Camera.look_at(eye, (0, -0.5, 0), width=size[0], height=size[1])


def _bodies(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (B, 3) and radii (B,) of what stands on the ground."""
    radii = np.exp(rng.uniform(np.log(0.1), np.log(0.9), OBJECTS))
    turn, far = (
        rng.uniform(0, 2 * np.pi, OBJECTS),
        0.5 * RADIUS * np.sqrt(rng.uniform(size=OBJECTS)),
    )
    centers = np.column_stack([far * np.cos(turn), -radii, far * np.sin(turn)])
    return centers, radii


def _part(
    rng: np.random.Generator,
    bodies: tuple[NDArray[np.float64], NDArray[np.float64]],
    n: int,
    total: int,
    degree: int,
) -> tuple[NDArray[np.float32], ...]:
    """Columns of n of the splats."""
    kind = rng.choice(3, n, p=list(SHARES.values()))
    means, normals, areas = np.empty((n, 3)), rng.normal(size=(n, 3)), np.empty(n)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)

    ground = kind == 0
    turn, far = rng.uniform(0, 2 * np.pi, n), RADIUS * np.sqrt(rng.uniform(size=n))
    flat = np.column_stack([far * np.cos(turn), np.zeros(n), far * np.sin(turn)])
    centers, radii = bodies
    body = rng.choice(len(radii), n, p=radii**2 / (radii**2).sum())
    # Bumps: nothing that was captured is a smooth ball.
    bumps = 1 + 0.1 * np.sin(9 * normals @ np.array([1.0, 0.7, 0.4]))[:, None]
    balls = centers[body] + radii[body][:, None] * bumps * normals
    shell = kind == 2
    means[:] = np.where(ground[:, None], flat, balls)
    means[shell] = 8 * RADIUS * normals[shell] * [1, 0.3, 1]
    normals[ground] = (0, 1, 0)
    areas[:] = 4 * np.pi * (radii**2).sum() / SHARES["objects"]
    areas[ground] = np.pi * RADIUS**2 / SHARES["ground"]
    areas[shell] = 4 * np.pi * (8 * RADIUS) ** 2 * 0.5 / SHARES["shell"]

    largest = 1.5 * np.sqrt(areas / total) * np.exp2(rng.normal(0, 0.9, n))
    middle = largest * np.minimum(0.28 * np.exp2(rng.normal(0, 1.3, n)), 1)
    least = middle * np.minimum(0.2 * np.exp2(rng.normal(0, 1.5, n)), 1)
    thin = rng.uniform(size=n) < 0.5
    opacities = np.where(thin, rng.beta(1.0, 4.0, n), rng.beta(4.0, 1.0, n))
    sh = np.zeros((n, (degree + 1) ** 2, 3))
    sh[:, 0] = rng.normal(0, 0.8, (n, 3)) + np.sin(3 * means) * 0.5
    sh[:, 1:] = rng.normal(0, 0.12, (n, sh.shape[1] - 1, 3))
    columns = (
        means,
        _facing(normals, rng.uniform(0, 2 * np.pi, n)),
        np.column_stack([least, middle, largest]),
        np.clip(opacities, 0.004, 0.999),
        sh,
    )
    return tuple(column.astype(np.float32) for column in columns)


def _flattened(
    quats: NDArray[np.float32], scales: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Splats whose first axis, the thinnest, becomes the third, and has no thickness."""
    w, x, y, z = quats.T * np.float32(np.sqrt(0.5))  # then a quarter turn about y: z to x
    turned = np.column_stack([w - y, x - z, w + y, x + z])
    flat = np.column_stack([scales[:, 2], scales[:, 1], np.zeros_like(scales[:, 0])])
    return turned, flat


def _facing(normals: NDArray[np.float64], spin: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 4) unit quaternions that turn x to the normals, after a turn about x."""
    # Half way between x and the normal; where they are opposite, a turn about z.
    turn = np.column_stack(
        [1 + normals[:, 0], np.zeros(len(normals)), -normals[:, 2], normals[:, 1]]
    )
    length = np.linalg.norm(turn, axis=1, keepdims=True)
    turn = np.where(length > 1e-6, turn / np.maximum(length, 1e-6), [0.0, 0.0, 0.0, 1.0])
    w, _, y, z = turn.T
    c, s = np.cos(spin / 2), np.sin(spin / 2)
    return np.column_stack([w * c, w * s, y * c + z * s, z * c - y * s])
