"""The composition: things in every material that comes with Voile, on a stage of plain splats.

The stage is captured: its light is in its colours, the sun where the key lamp is, with the shadows
of everything on it. What stands on it takes the light of the scene, some of it meshes and some
splats that carry the column `material`.
"""

from __future__ import annotations

import numpy as np

from ..content import Content
from ..lights import Lamp, Lights
from ..progress import Progress, silent
from ..viewpoint import Viewpoint
from . import plants, props
from .light import TO_SUN, shade, turn
from .materials import NAMES, builtin_material
from .noise import Noise
from .pack import eye, packed
from .shapes import Float, Part, disc, ellipsoid, frame, join, revolve, spline, tube
from .solids import lathe, loop, placed

RADIUS = 1.22  # of the table

PLASTER = np.array([0.50, 0.485, 0.46])
SLATE = np.array([0.115, 0.12, 0.13])

DRAPED = np.array([-0.66, 0.0, -0.10])
TALL = np.array([0.02, 0.0, -0.52])
LOW = np.array([0.60, 0.0, 0.12])

SMOKE = np.array([
    (0.42, 0.05, 0.66), (0.36, 0.30, 0.60), (0.20, 0.52, 0.40), (0.10, 0.75, 0.10),
    (-0.08, 0.95, -0.20), (-0.20, 1.25, -0.45), (-0.30, 1.6, -0.60),
])  # fmt: skip
"""Path of a wisp of smoke, before the knot and then behind it."""

CAPTURED = {
    "fabric": (0.16, 0.10, 0.07),
    "car-paint": (0.35, 0.05, 0.05),
    "brushed": (0.40, 0.40, 0.42),
    "ceramic": (0.45, 0.47, 0.55),
}
"""What splats of a material show where they are not relit, as linear reflectance."""

VIEWPOINTS: dict[str, Viewpoint] = {
    "showcase": eye(0.28, 1.15, 3.5, at=(-0.02, 0.43, -0.05), fov=33.0),
    "paint": eye(1.45, 0.80, 2.0, at=(0.32, 0.50, 0.0), fov=36.0),
    "glaze": eye(-1.30, 1.05, 1.85, at=(-0.45, 0.66, -0.1), fov=34.0),
    "knot": eye(-0.35, 1.15, 1.75, at=(-0.02, 0.82, -0.5), fov=38.0),
    "through grass": eye(0.55, 0.32, 2.1, at=(0.05, 0.42, -0.1), fov=40.0),
}
"""Places to look from; the first is where the scene opens."""


def build(seed: int = 0, progress: Progress = silent) -> Content:
    """The scene, the same bytes for the same seed, whatever the processor.

    Args:
        seed: places leaves, grass and smoke, and draws the textures.
        progress: reports progress; may raise Cancelled.
    """
    rng, noise = np.random.default_rng(seed), Noise(seed)
    progress(0.1, "Setting up the stage")
    worn = [
        ("fabric", drape(0.21, 0.42, 12000).at(DRAPED)),
        ("car-paint", ellipsoid((0.07, 0.07, 0.07), 1400).at((-0.22, 0.07, 0.62))),
        ("brushed", ellipsoid((0.095, 0.095, 0.095), 2400).at((-0.02, 0.095, 0.52))),
        ("ceramic", ellipsoid((0.065, 0.065, 0.065), 1300).at((0.16, 0.065, 0.64))),
    ]
    vase, knot, ball = _outline(), _trefoil(0.118), _ball(0.27)
    meshes = (
        placed(lathe(vase, 64, (3.0, 2.0), "ceramic"), DRAPED + [0, 0.425, 0], "vase"),
        placed(loop(knot, 0.062, 24, (9, 1), "brushed"), TALL + [0, 0.97, 0], "knot"),
        placed(lathe(ball, 72, (18.0, 9.0), "car-paint"), LOW + [0, 0.45, 0], "ball"),
    )
    blockers = [
        revolve(vase, 5000).at(DRAPED + [0, 0.425, 0]),
        tube(knot, 0.062, 5000).at(TALL + [0, 0.97, 0]),
        ellipsoid((0.27, 0.27, 0.27), 6000).at(LOW + [0, 0.45, 0]),
    ]
    for name, part in worn:
        part.look(albedo=CAPTURED[name])
    solid = join([*_stage(rng, noise), *(part for _, part in worn)])
    smoke = props.smoke(rng, spline(SMOKE, 200), 900)
    every = join([solid, smoke])
    progress(0.4, "Lighting")
    sh = shade(every, np.concatenate([part.points for part in (solid, *blockers)]))
    progress(0.9, "Packing")
    column = np.full(len(every), -1, np.int32)
    first = len(solid)
    for name, part in reversed(worn):
        column[first - len(part) : first] = NAMES.index(name)
        first -= len(part)
    key = Lamp("directional", tuple(turn(TO_SUN)), (1.0, 0.90, 0.76), 1.1, "Key")
    materials = tuple(map(builtin_material, NAMES))
    return Content(packed(every, sh, column), meshes, materials, Lights(lamps=(key,)))


def drape(radius: float, height: float, count: int) -> Part:
    """A cloth over a round pedestal: flat on top, with folds that deepen towards the hem."""
    outline = [
        (radius + 0.085, 0.03), (radius + 0.07, 0.12), (radius + 0.045, 0.25),
        (radius + 0.022, height - 0.05), (radius + 0.008, height - 0.012),
        (radius - 0.02, height), (0.0, height),
    ]  # fmt: skip
    smooth = spline([(r, y, 0.0) for r, y in outline], 90)[:, :2]
    part = revolve(smooth, count)
    x, y, z = part.points.T
    r, angle = np.hypot(x, z), np.arctan2(z, x)
    depth = 0.045 * np.clip((height - y) / height, 0.0, 1.0) ** 0.8
    phase = 9.0 * angle + 1.1 * np.sin(2.0 * angle) + 0.6 * np.sin(3.0 * angle + 1.0)
    slope = 9.0 + 2.2 * np.cos(2.0 * angle) + 1.8 * np.cos(3.0 * angle + 1.0)
    out = np.stack([np.cos(angle), 0.0 * angle, np.sin(angle)], 1)
    around = np.stack([-np.sin(angle), 0.0 * angle, np.cos(angle)], 1)
    # r + depth cos(phase) has the slope -depth sin(phase) phase' around.
    tilt = depth * np.sin(phase) * slope / np.maximum(r, 0.05)
    points = part.points + (depth * np.cos(phase))[:, None] * out
    facing = np.sum(part.normals * out, axis=1, keepdims=True)
    normals = part.normals + facing * tilt[:, None] * around
    scales = part.scales * np.stack([np.sqrt(1.0 + tilt**2), 1.0 + 0 * tilt, 1.0 + 0 * tilt], 1)
    return frame(points, normals, around, scales)


def _stage(rng: np.random.Generator, noise: Noise) -> list[Part]:
    """A round slate table with brass inlays, pedestals, and what grows between them."""
    floor = disc(RADIUS - 0.025, 26000, cover=0.85)
    floor.look(
        albedo=SLATE * (0.85 + 0.3 * noise(floor.points, 5.0, 3))[:, None],
        gloss=0.16,
        sharpness=6.0,
    )
    inlay = revolve([(0.945 * RADIUS, 0.003), (0.93 * RADIUS, 0.003)], 4000)
    moss = [
        plants.moss(rng, noise, (0.42, 0.0, 0.62), 0.20, 0.06, 2600),
        plants.moss(rng, noise, (-0.80, 0.0, 0.46), 0.15, 0.05, 2000),
    ]
    grass = [
        plants.grass(rng, (0.44, 0.04, 0.64), 90, 0.26),
        plants.grass(rng, (-0.80, 0.03, 0.46), 60, 0.20),
    ]
    angle, radius = rng.uniform(0, 6.3, 26), np.sqrt(rng.random(26)) * 1.1
    leaves = np.stack([radius * np.cos(angle), 0 * angle, radius * np.sin(angle)], 1)
    return [
        floor,
        inlay.look(albedo=0.5 * props.BRASS, gloss=0.5, tint=props.BRASS, sharpness=6.0),
        _edge(),
        _pedestal(noise, 0.20, 0.60, 9000).at(TALL),
        _pedestal(noise, 0.30, 0.18, 7000).at(LOW),
        *moss,
        *grass,
        plants.fallen(rng, leaves),
    ]


def _edge() -> Part:
    """The side of the table: slate over a recessed band of brass."""
    outline = [
        (RADIUS - 0.10, -0.22), (RADIUS - 0.05, -0.22), (RADIUS - 0.05, -0.13),
        (RADIUS - 0.012, -0.12), (RADIUS, -0.10), (RADIUS, -0.014), (RADIUS - 0.014, 0.0),
        (RADIUS - 0.03, 0.0),
    ]  # fmt: skip
    part = revolve(outline, 12000, cover=0.6)
    band = (part.points[:, 1] < -0.125)[:, None]
    return part.look(
        albedo=np.where(band, 0.45 * props.BRASS, SLATE),
        gloss=np.where(band[:, 0], 0.6, 0.2),
        tint=np.where(band, props.BRASS, 1.0),
        sharpness=6.0,
    )


def _pedestal(noise: Noise, radius: float, height: float, count: int) -> Part:
    """A plaster cylinder with a small chamfer."""
    outline = [(radius, 0.0), (radius, height - 0.014), (radius - 0.014, height), (0.0, height)]
    part = revolve(outline, count)
    return part.look(albedo=PLASTER * (0.95 + 0.1 * noise(part.points, 30.0, 2))[:, None])


def _outline() -> Float:
    """(M, 2) of a bottle with a narrow neck, from its foot to its lip."""
    points = [(0.075, 0.0), (0.12, 0.03), (0.165, 0.12), (0.16, 0.21), (0.10, 0.30),
              (0.048, 0.38), (0.040, 0.47), (0.052, 0.535), (0.075, 0.555)]  # fmt: skip
    return spline([(r, y, 0.0) for r, y in points], 72)[:, :2]


def _ball(radius: float) -> Float:
    """(M, 2) outline of a ball."""
    angle = np.linspace(-0.499 * np.pi, 0.499 * np.pi, 25)
    return radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def _trefoil(size: float) -> Float:
    """(M, 3) of a trefoil knot that faces z; the last point is the first."""
    t = np.linspace(0.0, 2.0 * np.pi, 241)
    x, y = np.sin(t) + 2.0 * np.sin(2.0 * t), np.cos(t) - 2.0 * np.cos(2.0 * t)
    return size * np.stack([x, y, -np.sin(3.0 * t)], 1)
