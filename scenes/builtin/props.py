"""What is made: plinth, paving, vase and bowl, pot, armillary sphere, screen, lantern, incense."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .noise import Noise
from .shapes import (
    Part,
    disc,
    ellipsoid,
    frame,
    join,
    revolve,
    rotated,
    rotation,
    spline,
    tube,
    unit,
    wire,
)

Float = NDArray[np.float64]
Rng = np.random.Generator

BRASS = np.array([0.78, 0.52, 0.20])
CELADON = np.array([0.34, 0.52, 0.44])
INDIGO = np.array([0.035, 0.075, 0.17])
BAMBOO = np.array([0.55, 0.40, 0.18])
STONE = np.array([0.25, 0.245, 0.245])
WOOD = np.array([0.10, 0.042, 0.022])

RADIUS = 1.62  # of the plinth


def paving(noise: Noise, count: int) -> Part:
    """The top of the plinth: rings of flagstones with mossy joints."""
    part = disc(RADIUS - 0.03, count)
    x, z = part.points[:, 0], part.points[:, 2]
    wobble = 0.035 * (noise(part.points, 3.0, 2) - 0.5)
    r = np.hypot(x, z) + wobble
    ring = np.floor(r / 0.27)
    within = r / 0.27 - ring
    stones = np.maximum(np.round(2 * np.pi * (ring + 0.5) * 0.27 / 0.34), 3)
    turn = np.arctan2(z, x) / (2 * np.pi) + 0.37 * ring + 0.4 * wobble
    across = (turn * stones) % 1.0
    number = np.floor((turn % 1.0) * stones) + 37 * ring
    joint = np.minimum(
        np.minimum(within, 1 - within) * 0.27,
        np.minimum(across, 1 - across) * 2 * np.pi * np.maximum(r, 0.05) / stones,
    )
    grout = np.clip(1 - joint / 0.012, 0, 1)[:, None]
    shade = 0.72 + 0.5 * np.modf(np.abs(np.sin(number * 12.9898) * 43758.5453))[0]
    grain = 0.7 + 0.6 * noise(part.points, 38.0, 2)
    warm = np.stack([1 + 0.12 * np.sin(number), np.ones_like(number), 1 - 0.1 * np.sin(number)], 1)
    stone = STONE * warm * (shade * grain)[:, None]
    moss = np.array([0.055, 0.085, 0.025]) * (0.6 + 0.8 * noise(part.points, 50.0))[:, None]
    albedo = stone * (1 - grout) + moss * grout
    bevel = 0.006 * np.clip(joint / 0.02, 0, 1)
    part.points = part.points + np.stack([0 * x, bevel, 0 * x], 1)
    return part.look(albedo=albedo, gloss=0.10 * (1 - grout[:, 0]), sharpness=3.0)


def plinth(noise: Noise, count: int) -> Part:
    """A turned wooden base with a brass band."""
    edge = RADIUS
    outline = [(0.0, -0.26), (edge - 0.10, -0.26), (edge - 0.03, -0.235), (edge - 0.03, -0.20),
               (edge - 0.09, -0.17), (edge - 0.09, -0.12), (edge - 0.01, -0.075), (edge, -0.045),
               (edge, -0.008), (edge - 0.012, 0.006), (edge - 0.035, 0.006)]  # fmt: skip
    part = revolve(outline[1:], count, cover=0.74)
    angle = np.arctan2(part.points[:, 2], part.points[:, 0])
    y = part.points[:, 1]
    grain = noise(np.stack([3 * np.cos(angle), 34 * y, 3 * np.sin(angle)], 1), 2.0, 3)
    band = ((y > -0.172) & (y < -0.118))[:, None]
    albedo = np.where(band, 0.45 * BRASS, WOOD * (0.55 + 1.0 * grain)[:, None])
    tint = np.where(band, BRASS, 1.0)
    return part.look(
        albedo=albedo, gloss=np.where(band[:, 0], 0.55, 0.22), tint=tint, sharpness=6.0
    )


def vase(noise: Noise, count: int) -> Part:
    """Celadon, crackled, with a dark foot and lip."""
    outline = spline([(0.085, 0, 0), (0.10, 0.02, 0), (0.17, 0.12, 0), (0.205, 0.25, 0),
                      (0.18, 0.38, 0), (0.105, 0.48, 0), (0.06, 0.56, 0), (0.062, 0.62, 0),
                      (0.09, 0.665, 0)], 90)[:, :2]  # fmt: skip
    outside = revolve(outline, count)
    inside = revolve([(0.084, 0.665), (0.055, 0.61), (0.0, 0.55)], count // 14)
    part = join([outside, inside])
    y = part.points[:, 1:2]
    crackle = np.abs(noise(part.points, 15.0) - 0.5) < 0.016
    pool = 0.80 + 0.45 * noise(part.points * [1, 0.4, 1], 6.0, 2)
    albedo = CELADON * (pool * np.where(crackle, 0.62, 1.0))[:, None]
    albedo = np.where((y < 0.018) | (y > 0.655), [[0.16, 0.10, 0.06]], albedo)
    return part.look(albedo=albedo, gloss=0.62, sharpness=8.0)


def bowl(noise: Noise, count: int) -> Part:
    """A tea bowl with tea in it."""
    outline = spline([(0.05, 0, 0), (0.055, 0.018, 0), (0.11, 0.055, 0), (0.145, 0.12, 0),
                      (0.152, 0.155, 0)], 40)[:, :2]  # fmt: skip
    lip = [(0.152, 0.155), (0.148, 0.16), (0.143, 0.155), (0.132, 0.12)]
    clay = join([revolve(outline, count), revolve(lip, count // 4)])
    drip = clay.points[:, 1] > 0.055 + 0.05 * noise(clay.points, 9.0, 2)
    glaze = np.array([0.06, 0.055, 0.055]) * (1 + 0.8 * noise(clay.points, 40.0)[:, None])
    clay.look(
        albedo=np.where(drip[:, None], glaze, [[0.33, 0.17, 0.10]]),
        gloss=np.where(drip, 0.6, 0.04),
        sharpness=7.0,
    )
    tea = disc(0.134, count // 4).at((0, 0.122, 0))
    return join([clay, tea.look(albedo=[0.22, 0.30, 0.05], gloss=0.5, sharpness=8.0)])


def pot(noise: Noise, count: int) -> Part:
    """A shallow glazed bonsai pot on three feet, earth inside."""
    outline = spline([(0.27, 0.035, 0), (0.335, 0.055, 0), (0.37, 0.12, 0), (0.36, 0.175, 0),
                      (0.385, 0.20, 0), (0.375, 0.212, 0)], 40)[:, :2]  # fmt: skip
    body = join([revolve(outline, count), revolve([(0.375, 0.212), (0.34, 0.19)], count // 6)])
    run = noise(body.points * [1, 0.3, 1], 14.0, 2)
    albedo = INDIGO * (0.6 + 1.5 * run[:, None]) + 0.03 * np.clip(run - 0.6, 0, 1)[:, None]
    body.look(albedo=albedo, gloss=0.6, sharpness=7.0, tint=[0.85, 0.93, 1.0])
    feet = [
        ellipsoid((0.05, 0.035, 0.05), 350)
        .at((0.25 * np.cos(a), 0.03, 0.25 * np.sin(a)))
        .look(albedo=INDIGO, gloss=0.4)
        for a in (0.4, 2.5, 4.6)
    ]
    return join([body, *feet])


def armillary(count: int) -> Part:
    """Nested brass rings about a copper globe, on a turned foot; about 0.95 high."""
    t = np.linspace(0, 2 * np.pi, 161)
    circle = np.stack([np.cos(t), 0 * t, np.sin(t)], 1)
    center = np.array([0, 0.60, 0])
    rings = [
        (0.335, 0.0125, rotation((0, 0, 1), np.pi / 2)),
        (0.315, 0.0105, rotation((1, 0, 0.15), 0.42)),
        (0.290, 0.0095, rotation((0.3, 0, 1), 1.15)),
        (0.255, 0.0090, rotation((1, 0, -0.6), 1.30)),
        (0.215, 0.0080, rotation((1, 0.2, 0.5), 2.35)),
    ]
    brass = [
        tube(radius * rotated(circle, m) + center, thick, int(count * 0.11), stretch=1.8)
        for radius, thick, m in rings
    ]
    # The graduated horizon: a flat band, with a hair-thin wire above and below.
    band = revolve([(0.372, -0.006), (0.372, 0.006)], count // 8).at(center)
    flat = revolve([(0.372, 0.006), (0.342, 0.006)], count // 7).at(center)
    hairs = [wire(r * circle + center + [0, h, 0], 0.0016, 500)
             for r, h in ((0.36, 0.05), (0.36, -0.05), (0.30, 0.16), (0.30, -0.16))]  # fmt: skip
    axis = unit(np.array([0.42, 0.9, 0.1]))
    rod = tube(np.stack([center - 0.40 * axis, center + 0.40 * axis]), 0.0065, 900)
    tips = [ellipsoid((0.018, 0.018, 0.018), 160).at(center + s * 0.40 * axis) for s in (-1, 1)]
    foot = spline([(0.15, 0, 0), (0.155, 0.018, 0), (0.12, 0.04, 0), (0.045, 0.06, 0),
                   (0.022, 0.11, 0), (0.034, 0.15, 0), (0.018, 0.19, 0), (0.016, 0.225, 0)],
                  60)[:, :2]  # fmt: skip
    arms = [tube(spline([(0, 0.215, 0), (s * 0.2, 0.25, 0), (s * 0.35, 0.42, 0),
                         (s * 0.372, 0.6, 0)], 50), 0.010, 700) for s in (-1, 1)]  # fmt: skip
    metal = join([*brass, band, flat, *hairs, rod, *tips, revolve(foot, count // 6), *arms])
    metal.look(albedo=0.42 * BRASS, gloss=0.85, tint=[1.0, 0.78, 0.42], sharpness=8.0)
    globe = ellipsoid((0.105, 0.105, 0.105), count // 6).at(center)
    globe.look(albedo=[0.26, 0.085, 0.045], gloss=0.8, tint=[1.0, 0.62, 0.45], sharpness=8.0)
    return join([metal, globe])


def screen(rng: Rng, noise: Noise) -> Part:
    """A curved bamboo screen, tied with cord, behind everything."""
    parts = []
    span = np.linspace(-0.98, 0.82, 34)
    for k, a in enumerate(span):
        x, z = 1.42 * np.sin(a), -1.42 * np.cos(a)
        height = 0.98 + 0.05 * np.sin(5 * a) + 0.03 * rng.random()
        radius = 0.0165 + 0.003 * rng.random()
        foot = np.array([x, 0.0, z])
        lean = np.array([0.012 * rng.normal(), height, 0.012 * rng.normal()])
        cane = tube(np.stack([foot, foot + lean]), radius, 420, stretch=2.2)
        y = cane.points[:, 1]
        node = np.abs((y + 0.13 * np.sin(3.1 * k)) % 0.24 - 0.12) < 0.006
        tone = (0.62 + 0.55 * rng.random()) * (0.8 + 0.4 * noise(cane.points * [1, 0.1, 1], 60.0))
        albedo = BAMBOO * (tone * np.where(node, 0.5, 1.0))[:, None]
        parts.append(cane.look(albedo=albedo, gloss=0.16, sharpness=5.0))
    for y in (0.2, 0.52, 0.84):
        line = np.stack([1.395 * np.sin(span), 0 * span + y, -1.395 * np.cos(span)], 1)
        parts.append(tube(spline(line, 160), 0.011, 900).look(albedo=[0.10, 0.055, 0.03]))
    return join(parts)


def lantern(noise: Noise) -> Part:
    """A paper lantern with bamboo hoops, lit from within, hanging from a bent pole."""
    bend = [(0.16, -0.95, 0), (0.17, -0.2, 0), (0.15, 0.22, 0), (0.06, 0.36, 0), (0, 0.33, 0)]
    pole = tube(spline(bend, 60), 0.012, 1500).look(albedo=[0.09, 0.05, 0.03])
    cord = wire(np.array([[0, 0.33, 0], [0, 0.15, 0]]), 0.0025, 60).look(albedo=[0.1, 0.08, 0.06])
    h = np.linspace(-1, 1, 40)
    paper = revolve(np.stack([0.125 * np.sqrt(1 - 0.86 * h**2), 0.15 * h], 1), 7000)
    y = paper.points[:, 1] / 0.15
    warm = np.array([1.0, 0.40, 0.10]) * (1.15 - 0.75 * y**2)[:, None]
    fibre = 0.85 + 0.3 * noise(paper.points, 40.0, 2)
    paper.look(albedo=[0.30, 0.20, 0.11], glow=1.4 * warm * fibre[:, None])
    t = np.linspace(0, 2 * np.pi, 60)
    hoops = [
        wire(np.stack([r * np.cos(t), 0 * t + 0.15 * k, r * np.sin(t)], 1), 0.0024, 150)
        for k in np.linspace(-0.92, 0.92, 9)
        for r in [0.1275 * np.sqrt(1 - 0.86 * k * k)]
    ]
    caps = [revolve([(0.052, s * 0.148 - 0.008), (0.052, s * 0.148 + 0.008)], 350) for s in (-1, 1)]
    frame_parts = join([*hoops, *caps]).look(albedo=[0.07, 0.03, 0.015], glow=[0.10, 0.04, 0.01])
    return join([pole, cord, paper, frame_parts])


def pebbles(rng: Rng, places: Float, sizes: Float) -> Part:
    """River pebbles, wet and rounded."""
    parts = []
    for place, size in zip(places, sizes):
        radii = size * np.array([1.0, 0.55, 0.8]) * np.exp(rng.normal(size=3) * 0.12)
        tone = 0.55 + 0.9 * rng.random()
        stone = ellipsoid(radii, max(90, int(9e4 * size * size)))
        stone.turned(rotation((0, 1, 0), rng.uniform(0, 6.3))).at(place + [0, 0.45 * radii[1], 0])
        parts.append(stone.look(albedo=STONE * tone * [1.0, 0.97, 0.93], gloss=0.3, sharpness=5.0))
    return join(parts)


def incense(rng: Rng) -> Part:
    """A holder with a glowing stick, at the origin; the smoke starts at its tip."""
    outline = [(0.07, 0.03), (0.08, 0.04), (0.085, 0.035), (0.07, 0.014), (0.0, 0.012)]
    dish = revolve(outline, 1300)
    dish.normals = -dish.normals
    dish.look(albedo=0.3 * BRASS, gloss=0.6, tint=[1.0, 0.8, 0.45], sharpness=7.0)
    stick = wire(np.array([[0, 0.02, 0], [0.045, 0.29, 0.01]]), 0.0032, 60)
    tip = ellipsoid((0.005, 0.008, 0.005), 60).at((0.045, 0.292, 0.01))
    return join([
        dish, stick.look(albedo=[0.16, 0.07, 0.04]), tip.look(glow=[3.0, 0.55, 0.08])
    ])  # fmt: skip


def smoke(rng: Rng, path: Float, count: int) -> Part:
    """Smoke along a path: two braided threads that widen, thin out and drift."""
    t = np.sort(rng.random(count) ** 0.8)
    k = t * (len(path) - 1)
    center = np.stack([np.interp(k, np.arange(len(path)), path[:, c]) for c in range(3)], 1)
    wide = 0.007 + 0.10 * t**1.3
    turn = 14 * t + np.pi * rng.integers(0, 2, count)
    swirl = np.stack([np.cos(turn), 0.25 * np.sin(2 * turn), np.sin(turn)], 1)
    points = center + wide[:, None] * swirl + (0.34 * wide)[:, None] * rng.normal(size=(count, 3))
    along = unit(np.gradient(path, axis=0))[np.clip(k.astype(int), 0, len(path) - 1)]
    size = (0.008 + 0.040 * t) * np.exp(rng.normal(size=count) * 0.25)
    scales = np.stack([1.7 * size, size, 0.8 * size], 1)
    opacity = (0.075 * np.exp(-3.2 * t) + 0.009) * np.clip((1 - t) * 4, 0, 1)
    part = frame(points, unit(rng.normal(size=(count, 3)) + [0, 0.6, 0.6]), along, scales)
    return part.look(albedo=[0.78, 0.80, 0.84], opacities=np.maximum(opacity, 0.0045),
                     translucency=1.0)  # fmt: skip
