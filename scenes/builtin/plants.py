"""What grows: a maple bonsai, moss, grass, and fallen leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .noise import Noise
from .shapes import GOLDEN, Part, frame, join, spline, tube, unit

Float = NDArray[np.float64]
Rng = np.random.Generator

BARK = np.array([0.20, 0.125, 0.08])
MAPLE = np.array([[0.62, 0.10, 0.035], [0.78, 0.22, 0.045], [0.85, 0.42, 0.07], [0.50, 0.06, 0.04]])
GREENS = np.array([[0.10, 0.20, 0.035], [0.19, 0.30, 0.06], [0.30, 0.36, 0.10]])

TRUNK = [(0, 0, 0), (0.05, 0.16, 0.02), (-0.06, 0.33, 0.05), (0.02, 0.52, -0.02), (0.1, 0.7, 0.0),
         (0.06, 0.86, 0.03)]  # fmt: skip
PADS = [  # centre and radii of the foliage pads, relative to the foot
    ((-0.40, 0.52, 0.10), (0.27, 0.085, 0.22)),
    ((0.36, 0.62, 0.08), (0.25, 0.08, 0.21)),
    ((-0.16, 0.78, -0.16), (0.25, 0.085, 0.22)),
    ((0.24, 0.90, -0.10), (0.22, 0.08, 0.19)),
    ((0.06, 1.04, 0.05), (0.26, 0.11, 0.23)),
    ((-0.06, 0.62, 0.30), (0.20, 0.065, 0.15)),
]


def bonsai(rng: Rng, noise: Noise, leaves: int) -> Part:
    """A Japanese maple in autumn, foot at the origin, about 1.15 high."""
    trunk = spline(TRUNK)
    thick = np.interp(np.linspace(0, 1, len(trunk)), [0, 0.08, 0.5, 1], [0.085, 0.06, 0.045, 0.018])
    wood = [tube(trunk, thick, 6500)]
    for center, _ in PADS:
        foot = trunk[int(np.clip((center[1] - 0.16) / 0.9, 0.2, 0.95) * (len(trunk) - 1))]
        end = np.asarray(center) - [0, 0.03, 0]
        middle = 0.5 * (foot + end) + [0, 0.045, 0]
        line = spline([foot, middle, end], 40)
        wood.append(tube(line, np.linspace(0.026, 0.008, 40), 900))
        for _ in range(7):
            tip = end + rng.normal(size=3) * [0.10, 0.03, 0.09]
            twig = spline([line[rng.integers(14, 38)], 0.5 * (line[-1] + tip), tip], 12)
            wood.append(tube(twig, np.linspace(0.007, 0.003, 12), 90, stretch=2.5))
    bark = join(wood)
    ridge = noise(bark.points * [1, 0.25, 1], 26, 3)
    bark.look(albedo=BARK * (0.45 + 1.2 * ridge)[:, None])
    # Roughen: ridges lift the splats off the smooth tube.
    bark.points = bark.points + bark.normals * (0.012 * (ridge - 0.5))[:, None]
    areas = np.array([r[0] * r[2] for _, r in PADS])
    counts = np.maximum((areas / areas.sum() * leaves).astype(int), 50)
    pads = [_pad(rng, center, radii, n) for (center, radii), n in zip(PADS, counts)]
    return join([bark, *pads])


def _pad(rng: Rng, center, radii, count: int) -> Part:
    """A flat cloud of leaves, denser at its upper side, each tilted a little its own way."""
    ball = unit(rng.normal(size=(count, 3))) * rng.random((count, 1)) ** 0.42
    ball[:, 1] = np.abs(ball[:, 1]) * 1.25 - 0.35
    lumps = 1 + 0.22 * np.sin(7 * ball[:, :1] + center[0] * 9) * np.cos(6 * ball[:, 2:] + center[2])
    points = np.asarray(center) + ball * lumps * np.asarray(radii)
    normals = unit(rng.normal(size=(count, 3)) * 0.55 + [0, 0.85, 0] + 0.5 * ball)
    tangents = rng.normal(size=(count, 3))
    size = 0.0108 * np.exp(rng.normal(size=count) * 0.28)
    scales = np.stack([1.25 * size, 0.62 * size, 0.06 * size], 1)
    which = rng.integers(0, len(MAPLE), count)
    inner = 0.3 + 0.7 * np.clip(np.linalg.norm(ball, axis=1), 0, 1)
    albedo = 0.8 * MAPLE[which] * (inner * np.exp(rng.normal(size=count) * 0.3))[:, None]
    return frame(points, normals, tangents, scales).look(
        albedo=albedo, opacities=0.86 + 0.12 * rng.random(count), translucency=0.55,
        gloss=0.10, sharpness=4.0,
    )  # fmt: skip


def moss(rng: Rng, noise: Noise, center, radius: float, height: float, count: int) -> Part:
    """A mound of moss: short upright tufts over a low dome."""
    r = radius * np.sqrt((np.arange(count) + 0.5) / count)
    angle = GOLDEN * np.arange(count)
    x, z = r * np.cos(angle), r * np.sin(angle)
    flat = np.stack([x, 0 * x, z], 1) + np.asarray(center)
    bump = noise(flat, 7, 3)
    edge = np.clip(1 - (r / radius) ** 2, 0, 1) ** 0.7
    y = height * edge * (0.35 + 0.9 * bump)
    points = np.stack([x, y, z], 1) + rng.normal(size=(count, 3)) * 0.004 + np.asarray(center)
    normals = unit(np.stack([1.4 * x / radius, np.ones(count), 1.4 * z / radius], 1)
                   + 0.5 * rng.normal(size=(count, 3)))  # fmt: skip
    size = 0.0085 * np.exp(rng.normal(size=count) * 0.2) * radius / 0.45
    scales = np.stack([size, 0.8 * size, 0.35 * size], 1)
    mix = np.clip(bump + 0.25 * rng.normal(size=count), 0, 1)[:, None]
    albedo = GREENS[0] * (1 - mix) + GREENS[1] * mix
    albedo += np.where(rng.random((count, 1)) < 0.07, GREENS[2] * 0.5, 0.0)
    keep = edge > 0.02 + 0.18 * rng.random(count)
    part = frame(points[keep], normals[keep], rng.normal(size=(int(keep.sum()), 3)), scales[keep])
    return part.look(albedo=0.75 * albedo[keep], translucency=0.25)


def grass(rng: Rng, center, blades: int, length: float) -> Part:
    """A tuft: bent blades, each a chain of five narrow splats."""
    joints = 5
    lean = unit(rng.normal(size=(blades, 3)) * [1, 0, 1]) * rng.uniform(0.1, 0.75, (blades, 1))
    long = length * rng.uniform(0.55, 1.15, (blades, 1))
    foot = np.asarray(center) + rng.normal(size=(blades, 3)) * [0.035, 0, 0.035]
    parts = []
    for k in range(joints):
        t = (k + 0.5) / joints
        middle = foot + long * (t * np.array([0, 1, 0]) + t * t * lean * 0.9)
        along = unit(np.array([0, 1, 0]) + 1.8 * t * lean)
        normals = np.cross(along, rng.normal(size=(blades, 3)))
        width = 0.0042 * (1.15 - t)
        scales = np.concatenate([0.62 * long / joints, 0 * long + width, 0 * long + 0.0012], 1)
        mix = rng.random((blades, 1)) * 0.6 + 0.4 * t
        part = frame(middle, normals, along, scales)
        parts.append(part.look(albedo=GREENS[0] * (1 - mix) + GREENS[2] * mix, translucency=0.4))
    return join(parts)


def fallen(rng: Rng, points: Float) -> Part:
    """Maple leaves that lie about: three lobes each."""
    n = len(points)
    turn = rng.uniform(0, 2 * np.pi, n)
    normals = unit(rng.normal(size=(n, 3)) * 0.28 + [0, 1, 0])
    albedo = MAPLE[rng.integers(0, len(MAPLE), n)] * rng.uniform(0.55, 1.0, (n, 1))
    parts = []
    for lobe in (-0.75, 0.0, 0.75):
        a = turn + lobe
        along = np.stack([np.cos(a), 0 * a, np.sin(a)], 1)
        part = frame(points + 0.014 * along + [0, 0.006, 0], normals, along, (0.013, 0.006, 0.0012))
        parts.append(part.look(albedo=albedo, translucency=0.3, gloss=0.12))
    return join(parts)
