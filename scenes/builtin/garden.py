"""The composition: a tea garden on a round plinth in late light."""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from ..splats import Splats
from ..viewpoint import Viewpoint
from . import plants, props
from .light import shade
from .noise import Noise
from .pack import eye, packed
from .shapes import Part, join, rotation, spline

BONSAI = np.array([-0.52, 0.0, -0.30])
ARMILLARY = np.array([0.58, 0.0, 0.30])
VASE = np.array([0.62, 0.0, -0.62])
BOWL = np.array([-0.02, 0.0, 0.86])
LANTERN = np.array([1.12, 0.95, -0.52])
INCENSE = np.array([-0.72, 0.0, 0.72])

SMOKE = np.array([
    (0.045, 0.29, 0.01), (0.05, 0.45, 0.03), (0.02, 0.62, 0.06), (0.12, 0.78, 0.02),
    (0.34, 0.86, -0.10), (0.64, 0.84, -0.20), (0.96, 0.78, -0.50), (1.26, 0.82, -0.80),
    (1.48, 1.06, -1.02), (1.42, 1.40, -1.20), (1.30, 1.70, -1.30),
])  # fmt: skip
"""Path of the smoke from the stick's tip: past the tree in front, behind the brass sphere."""


VIEWPOINTS: dict[str, Viewpoint] = {
    "garden": eye(0.80, 1.42, 4.3, at=(0.06, 0.40, 0.0), fov=36.0),
    "sphere": eye(1.15, 0.98, 1.75, at=(0.50, 0.52, 0.1), fov=42.0),
    "tree": eye(-1.75, 1.05, 1.55, at=(-0.45, 0.62, -0.25), fov=42.0),
    "through smoke": eye(-1.35, 0.95, 1.75, at=(0.35, 0.62, -0.35), fov=45.0),
    "above": eye(0.4, 3.7, 2.1, at=(0.0, 0.15, 0.0), fov=40.0),
}
"""Places to look from; the first is where the scene opens."""


def build(seed: int, progress: Progress) -> Splats:
    """The scene as splats in INRIA's axes (y down)."""
    rng, noise = np.random.default_rng(seed), Noise(seed)
    progress(0.05, "Building the garden")
    solids = _solids(rng, noise)
    progress(0.45, "Growing the tree")
    tree = plants.bonsai(rng, noise, 27000).turned(rotation((0, 1, 0), 0.5))
    solids.append(tree.at(BONSAI + [0, 0.185, 0]))
    smoke = props.smoke(rng, spline(SMOKE, 240) + INCENSE, 2400)
    every = join([*solids, smoke])
    solid = np.arange(len(every)) < len(every) - len(smoke)
    progress(0.6, "Lighting")
    sh = shade(every, every.points[solid])
    progress(0.95, "Packing")
    return packed(every, sh)


def _solids(rng: np.random.Generator, noise: Noise) -> list[Part]:
    angle, radius = rng.uniform(0, 6.3, 60), np.sqrt(rng.random(60)) * 0.34
    near = np.stack([radius * np.cos(angle), 0 * angle, 0.6 * radius * np.sin(angle)], 1)
    places = near + np.where(np.arange(60)[:, None] < 34, [0.02, 0, -0.98], [-1.05, 0, 0.25])
    leaf_angle, leaf_r = rng.uniform(0, 6.3, 230), np.sqrt(rng.random(230)) * 1.5
    leaves = np.stack([leaf_r * np.cos(leaf_angle), 0 * leaf_r, leaf_r * np.sin(leaf_angle)], 1)
    under = rng.random(230) < 0.55  # most lie near the tree
    leaves[under] = BONSAI + 0.42 * leaves[under] + [0.15, 0, 0.28]
    return [
        props.paving(noise, 44000),
        props.plinth(noise, 14000),
        props.pot(noise, 7500).at(BONSAI),
        plants.moss(rng, noise, BONSAI + [0, 0.165, 0], 0.355, 0.07, 6500),
        plants.moss(rng, noise, (0.98, 0.0, 0.78), 0.30, 0.10, 5000),
        plants.moss(rng, noise, (-1.12, 0.0, -0.42), 0.33, 0.10, 5000),
        plants.moss(rng, noise, (0.12, 0.0, -1.02), 0.36, 0.09, 5000),
        plants.grass(rng, (-1.13, 0.05, -0.40), 150, 0.34),
        plants.grass(rng, (1.02, 0.05, 0.74), 110, 0.22),
        plants.grass(rng, (0.24, 0.05, -1.05), 150, 0.36),
        props.vase(noise, 9000).at(VASE),
        props.bowl(noise, 4200).at(BOWL),
        props.armillary(12500).at(ARMILLARY),
        props.screen(rng, noise),
        props.lantern(noise).at(LANTERN),
        props.incense(rng).at(INCENSE),
        props.pebbles(rng, places, rng.uniform(0.022, 0.055, 60)),
        plants.fallen(rng, leaves),
    ]
