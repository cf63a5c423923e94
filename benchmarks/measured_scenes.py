"""The scenes that benchmarks draw, and the views they are drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

import voile
from voile.render.views import from_viewpoint
from voile.scenes.builtin import BUILTIN
from voile.scenes.scene import open_scene

DATA = Path(voile.__file__).parent.parent / "shared" / "data"
"""Real scenes and cameras, which need not be there."""

Size = tuple[int, int]
Setup = tuple[voile.Splats, list[voile.Camera]]


def builtin(size: Size) -> Setup:
    """The built-in scene from its start view, and from where smoke hides half of it."""
    scene = open_scene(BUILTIN)
    points = scene.viewpoints["garden"], scene.viewpoints["through smoke"]
    return scene.splats, [from_viewpoint(point, *size) for point in points]


def anchors(name: str) -> list[voile.Camera]:
    """Where a scene says that it is looked at from: the built-in scene's viewpoints."""
    if name != "built-in":
        return []
    return [from_viewpoint(p, 320, 180) for p in open_scene(BUILTIN).viewpoints.values()]


def captured(file: str, view: str) -> Callable[[Size], Setup]:
    """A real scene from its cameras A and B."""

    def make(size: Size) -> Setup:
        names = [DATA / "refs" / f"{view}_{letter}_640x360.json" for letter in "AB"]
        cameras = [voile.Camera.load(name).resized(*size) for name in names]
        return voile.load(DATA / "scenes" / file), cameras

    return make


def random(size: Size, n: int = 20_000) -> Setup:
    """Ellipsoids of all sizes, turned at random, of any opacity and colour."""
    rng = np.random.default_rng(0)
    quats = rng.normal(size=(n, 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    splats = voile.Splats(
        rng.uniform(-2, 2, (n, 3)).astype(np.float32),
        quats.astype(np.float32),
        np.exp(rng.uniform(np.log(2e-3), np.log(0.08), (n, 3))).astype(np.float32),
        rng.uniform(0.05, 0.99, n).astype(np.float32),
        rng.uniform(-1.7, 1.7, (n, 1, 3)).astype(np.float32),
    )
    eyes = (1.0, -1.5, -6.0), (5.0, -2.5, 2.0)
    return splats, [
        voile.Camera.look_at(eye, (0, 0, 0), width=size[0], height=size[1]) for eye in eyes
    ]


def tiled(splats: voile.Splats, count: int) -> voile.Splats:
    """The scene with `count` splats: thinned, or copies of it side by side."""
    if count <= len(splats):
        return splats.take(np.linspace(0, len(splats) - 1, count).astype(np.int64))
    copies = -(-count // len(splats))
    low, high = splats.bounds()
    side = int(np.ceil(np.sqrt(copies)))
    parts = []
    for k in range(copies):
        shift = np.array([k % side - (side - 1) / 2, 0, k // side], np.float32) * (high - low)
        parts.append(splats.means + shift.astype(np.float32))
    rows = np.tile(np.arange(len(splats)), copies)[:count]
    return replace(splats.take(rows), means=np.concatenate(parts)[:count])


SCENES: dict[str, Callable[[Size], Setup]] = {"built-in": builtin, "random": random}
for _name, _file, _view in (
    ("biker", "biker.spz", "biker_spz"),
    ("playbot", "playbot/0_0/meta.json", "playbot_lod2"),
):
    if (DATA / "scenes" / _file).exists():
        SCENES[_name] = captured(_file, _view)
"""What can be measured here: size of the pictures to splats and two views."""
