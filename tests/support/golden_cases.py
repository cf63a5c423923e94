"""The frozen pictures: small seeded scenes, each for one property, and the built-in scene.

They stand before a mid-grey so that a change of gamma shows. OpenGL draws them to the 32-bit
target, where another driver's rounding stays far below the gate; `builtin_half` alone is drawn to
the 16-bit one, whose rounding belongs to the driver.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from image_cases import photograph
from make_splats import make_splats, with_weights

from voile import Camera, Frame, Settings, Splats
from voile.render import FrameRequest
from voile.render.image.poster import make_poster
from voile.render.views import from_viewpoint
from voile.scenes import builtin
from voile.scenes.builtin.materials import builtin_material
from voile.scenes.content import Content
from voile.scenes.lights import Lamp, Lights
from voile.scenes.mesh import Mesh, make_mesh
from voile.scenes.placement import Placement, from_euler
from voile.scenes.poster import SEEN, PlacedPoster, Poster
from voile.scenes.scene import open_scene
from voile.scenes.texture import Texture

BACKENDS = ("cpu", "gl")
GREY = (0.36, 0.38, 0.42)
SIZE = (192, 128)
BUILTIN_SIZE = (320, 180)


@dataclass(frozen=True)
class Case:
    """A picture: the scene, where from, settings, whether it shows depth, and who draws it."""

    splats: Callable[[], Splats | Content]
    camera: Callable[[], Camera]
    settings: dict = field(default_factory=dict)
    depth: bool = False
    backends: tuple[str, ...] = BACKENDS

    def draw(self, renderer) -> np.ndarray:
        """(H, W, C) uint8 as the program would save it."""
        settings = Settings(**{"background": GREY, "precision": "float32", **self.settings})
        renderer.upload(self.splats())
        frame = renderer.render(FrameRequest(self.camera(), settings, depth=self.depth))
        if self.depth:
            return depth_picture(frame)
        return frame.to_rgba8() if settings.transparent else frame.to_rgb8(settings.background)


def depth_picture(frame: Frame) -> np.ndarray:
    """Expected depth 2 to 8 as light to dark, fading by alpha into blue."""
    assert frame.depth is not None
    shade = np.clip(1.0 - (frame.depth - 2.0) / 6.0, 0.0, 1.0)[..., None]
    picture = np.array([0.2, 0.3, 0.6]) + frame.alpha[..., None] * (shade - [0.2, 0.3, 0.6])
    return (picture * 255 + 0.5).astype(np.uint8)


def _splats(means, scales, colors, opacities, quats=None, **rest) -> Splats:
    means = np.asarray(means, np.float32)
    n = len(means)
    quats = np.tile([1.0, 0, 0, 0], (n, 1)) if quats is None else np.asarray(quats, np.float64)
    quats = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    sh = (np.broadcast_to(np.asarray(colors, np.float32), (n, 3)) - 0.5) / 0.28209479
    return Splats(
        means,
        quats.astype(np.float32),
        np.broadcast_to(np.asarray(scales, np.float32), (n, 3)).copy(),
        np.broadcast_to(np.asarray(opacities, np.float32), (n,)).copy(),
        sh[:, None].astype(np.float32),
        **rest,
    )


def single() -> Splats:
    """One turned ellipsoid."""
    return _splats([[0, 0, 0]], (0.9, 0.4, 0.2), (0.9, 0.5, 0.2), 0.95, [[0.9, 0.2, 0.1, 0.4]])


def gloss() -> Splats:
    """SH degree 4, strongly view dependent."""
    return make_splats(160, 4, seed=4)


def fine() -> Splats:
    """Splats smaller than a pixel, where the mip filter matters."""
    rng = np.random.default_rng(7)
    means = rng.uniform(-2, 2, (1500, 3))
    colors = rng.uniform(0.2, 1, (1500, 3))
    return _splats(means, (0.012, 0.006, 0.004), colors, 0.9, rng.normal(size=(1500, 4)))


def needles() -> Splats:
    """Thin splats a hundred times longer than wide."""
    rng = np.random.default_rng(11)
    means, colors = rng.uniform(-1.5, 1.5, (120, 3)), rng.uniform(0.1, 1, (120, 3))
    return _splats(means, (0.9, 0.009, 0.009), colors, 0.8, rng.normal(size=(120, 4)))


def huge() -> Splats:
    """One splat that covers the whole picture behind small ones, and one the camera is inside."""
    rng = np.random.default_rng(3)
    means = np.concatenate([[[0, 0, 30], [0, 0, -5.2]], rng.uniform(-1, 1, (60, 3))])
    scales = np.concatenate([[[40, 40, 1], [2, 2, 2]], np.full((60, 3), 0.12)])
    colors = np.concatenate([[[0.3, 0.5, 0.7], [0.8, 0.3, 0.2]], rng.uniform(0, 1, (60, 3))])
    return _splats(means, scales, colors, np.concatenate([[0.95, 0.3], np.full(60, 0.9)]))


def panes() -> Splats:
    """Translucent coloured panes, one behind the other: the order of compositing shows."""
    x = np.linspace(-1.1, 1.1, 5)
    means = np.stack([x, 0.25 * np.cos(3 * x), np.linspace(-1, 1, 5)], 1)
    colors = [[1, 0.2, 0.2], [0.2, 0.9, 0.2], [0.2, 0.4, 1], [1, 0.9, 0.2], [0.9, 0.3, 0.9]]
    return _splats(means, (0.8, 0.8, 0.02), colors, (0.6, 0.9, 0.5, 0.99, 0.7))


def surfels() -> Splats:
    """A floor of tiles that runs under the camera, a ball of discs on it, and ellipsoids."""
    rng = np.random.default_rng(31)
    x, z = np.meshgrid(np.linspace(-3, 3, 9), np.linspace(-5, 3, 11))
    floor = np.stack([x, np.full_like(x, 0.9), z], -1).reshape(-1, 3)
    normals = rng.normal(size=(90, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    free = rng.uniform(-1.6, 0.6, (20, 3))
    flat = [math.sqrt(0.5), math.sqrt(0.5), 0.0, 0.0]
    # From the z axis to each normal, half of the turn: 1 + n_z, z x n.
    facing = np.stack(
        [1.0 + normals[:, 2], -normals[:, 1], normals[:, 0], np.zeros(len(normals))], 1
    )
    quats = np.concatenate([np.tile(flat, (99, 1)), facing, rng.normal(size=(20, 4))])
    scales = np.concatenate(
        [
            np.tile([0.3, 0.3, 0.0], (99, 1)),
            np.tile([0.2, 0.12, 0.0], (90, 1)),
            np.full((20, 3), 0.1),
        ]
    )
    tint = 0.25 + 0.5 * ((np.arange(99) % 2)[:, None] * [1.0, 0.9, 0.7])
    colors = np.concatenate([tint, 0.5 + 0.5 * normals, rng.uniform(0.2, 1.0, (20, 3))])
    opacities = np.concatenate([np.full(99, 0.95), np.full(90, 0.9), np.full(20, 0.7)])
    return _splats(np.concatenate([floor, 0.9 * normals, free]), scales, colors, opacities, quats)


def clutter() -> Splats:
    """Clutter with solid and faint splats, and weights of both kinds: every mode shows."""
    return with_weights(make_splats(220, 1, seed=21))


def meshes_among() -> Content:
    """Two solid shapes, one of them far, amid the clutter, under the sky and a lamp."""
    up = (0.0, -1.0, 0.0)
    lights = Lights(lamps=(Lamp("point", (1.5, -1.5, -2.0), (1.0, 0.75, 0.5), 1.5),))
    turn = np.eye(4)
    turn[:3, 3] = -0.9, 0.3, 1.2
    shapes = (
        _torus(0.75, 0.28, (0.85, 0.82, 0.78)),
        _torus(0.9, 0.5, (0.3, 0.5, 0.8)).placed(turn),
    )
    return Content(replace(clutter(), up=up), shapes, lights=lights)


def posters_among() -> Content:
    """A photograph on a wall amid the clutter, and a veil before it that hides it by parts."""
    y, x = np.mgrid[:32, :32] / 31.0
    veil = np.stack([0.9 - 0.5 * x, 0.3 + 0.4 * y, 0.6 + 0 * x, 0.5 + 0.5 * np.cos(9 * x)], 2)
    texture = Texture((veil * 255).astype(np.uint8), ("clamp", "clamp"), SEEN)
    posters = (
        PlacedPoster(
            make_poster(photograph()), Placement(from_euler((180, 20, 0)), (-0.5, 0, 0.8), 4.0)
        ),
        PlacedPoster(Poster(texture), Placement(from_euler((180, -40, 0)), (0.5, 0.3, -0.3), 2.6)),
    )
    return Content(clutter(), posters=posters)


def relit() -> Content:
    """A ball of splats of one material, shapes of two others, under the sky and a lamp."""
    rng = np.random.default_rng(5)
    normals = rng.normal(size=(4000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # The shortest axis of each splat is z, turned to the normal.
    quats = np.stack([1 + normals[:, 2], -normals[:, 1], normals[:, 0], 0 * rng.random(4000)], 1)
    places = 0.8 * normals + [0.9, 0.5, -0.6]
    ball = _splats(places, (0.06, 0.06, 0.004), (0.6, 0.5, 0.4), 0.95, quats)
    ball = replace(ball, material=np.full(4000, 2, np.int32))
    turn = np.eye(4)
    turn[:3, 3] = -0.9, 0.2, 1.0
    near = replace(_torus(0.75, 0.28, (1.0, 1.0, 1.0)), material="brushed")
    far = replace(_torus(0.9, 0.5, (1.0, 1.0, 1.0)).placed(turn), material="ceramic")
    made = tuple(builtin_material(name) for name in ("brushed", "ceramic", "car-paint"))
    lights = Lights(lamps=(Lamp("point", (1.5, -1.5, -2.5), (1.0, 0.8, 0.6), 1.0),))
    return Content(ball, (near, far), made, lights)


def _torus(radius: float, width: float, color: tuple[float, float, float]) -> Mesh:
    a, b = np.meshgrid(np.arange(48) * np.pi / 24, np.arange(24) * np.pi / 12, indexing="ij")
    across = np.stack([np.cos(a), np.sin(a), 0 * a], -1)
    normals = np.cos(b)[..., None] * across + np.sin(b)[..., None] * np.array([0, 0, 1.0])
    k = np.arange(48 * 24).reshape(48, 24)
    right, down = np.roll(k, -1, 0), np.roll(k, -1, 1)
    both = np.roll(right, -1, 1)
    faces = np.concatenate([np.stack([k, right, both], -1), np.stack([k, both, down], -1)])
    points = radius * across + width * normals
    return make_mesh(
        *(points.reshape(-1, 3), faces.reshape(-1, 3), normals.reshape(-1, 3)),
        uvs=np.stack([3 * a / np.pi, b / np.pi], -1).reshape(-1, 2),
        color=color,
    )


@cache
def builtin_scene() -> Splats:
    return builtin.make_scene()


@cache
def builtin_materials() -> Content:
    return open_scene(builtin.MATERIALS).content


def _view(width: int = SIZE[0], height: int = SIZE[1], **changes) -> Camera:
    camera = Camera.look_at((1.2, -1.5, -5), (0, 0, 0), width=width, height=height)
    return Camera.from_dict({**camera.to_dict(), **changes})


def _builtin_view(index: int, scene: str = builtin.BUILTIN) -> Callable[[], Camera]:
    def camera() -> Camera:
        viewpoints = builtin.SCENES[scene].viewpoints
        return from_viewpoint(list(viewpoints.values())[index], *BUILTIN_SIZE)

    return camera


def _table_view(index: int) -> Callable[[], Camera]:
    return _builtin_view(index, builtin.MATERIALS)


CASES: dict[str, Case] = {
    "single": Case(single, _view),
    "gloss": Case(gloss, _view),
    "gloss_degree0": Case(gloss, _view, {"max_sh_degree": 0}),
    "fine": Case(fine, _view, {"antialiasing": "off"}),
    "fine_antialiased": Case(fine, _view, {"antialiasing": "on"}),
    "needles": Case(needles, _view),
    "huge": Case(huge, _view),
    "panes": Case(panes, _view),
    "panes_transparent": Case(panes, _view, {"transparent": True}),
    "off_centre": Case(gloss, lambda: _view(cx=45.0, cy=100.0)),
    "splat_scale": Case(gloss, _view, {"splat_scale": 0.4}),
    "depth": Case(gloss, _view, depth=True),
    "surfels": Case(surfels, _view),
    "surfels_depth": Case(surfels, _view, depth=True),
    "surfels_binned": Case(surfels, _view, {"mode": "binned", "bins": 8}),
    "binned": Case(clutter, _view, {"mode": "binned", "bins": 8}),
    "weighted": Case(clutter, _view, {"mode": "weighted", "weight": "exponential"}),
    "fitted": Case(clutter, _view, {"mode": "weighted"}),
    "learned": Case(clutter, _view, {"mode": "learned"}),
    "cells": Case(clutter, _view, {"mode": "cells"}),
    "meshes": Case(meshes_among, _view),
    "meshes_weighted": Case(
        meshes_among, _view, {"mode": "weighted", "weight": "exponential", "beta": 2.0}
    ),
    "posters": Case(posters_among, _view),
    "posters_weighted": Case(
        posters_among, _view, {"mode": "weighted", "weight": "exponential", "beta": 2.0}
    ),
    "relit": Case(relit, _view, {"light_samples": 16}),
    "materials": Case(builtin_materials, _table_view(0), {"light_samples": 16}),
    "materials_near": Case(builtin_materials, _table_view(1), {"light_samples": 16}),
    "materials_weighted": Case(
        builtin_materials,
        _table_view(0),
        {"light_samples": 16, "mode": "weighted", "weight": "exponential", "beta": 2.0},
    ),
    "materials_binned": Case(
        builtin_materials, _table_view(0), {"light_samples": 16, "mode": "binned", "bins": 8}
    ),
    "stochastic": Case(clutter, _view, {"mode": "stochastic", "samples": 16}),
    "builtin_binned": Case(builtin_scene, _builtin_view(0), {"mode": "binned", "bins": 8}),
    "builtin_start": Case(builtin_scene, _builtin_view(0)),
    "builtin_near": Case(builtin_scene, _builtin_view(1)),
    "builtin_half": Case(
        builtin_scene, _builtin_view(0), {"precision": "float16"}, backends=("gl",)
    ),
}
PICTURES = {f"{name}-{b}": (case, b) for name, case in CASES.items() for b in case.backends}
"""Every golden by name: what it shows and the backend that draws it."""
