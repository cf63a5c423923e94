"""No popping: over a slow orbit nothing jumps that does not jump in each pixel's exact order."""

import functools

import numpy as np
import pytest
from pixel_order import draw_in_pixel_order

from voile import Camera, FrameRequest, Settings, Splats
from voile.render.cpu.renderer import CPURenderer
from voile.render.popping import popping

STEP, FRAMES, STARTS = 0.05, 60, (0.0, 40.0, 80.0)
"""Degrees between frames, frames of an orbit, and where the orbits begin."""

ALLOWED = 0.05
"""Popping above that of the exact order, 1/255 of the range, mean over the picture."""


def camera(degrees: float) -> Camera:
    a = np.radians(degrees)
    eye = 4 * np.sin(a), -0.8, -4 * np.cos(a)
    return Camera.look_at(eye, (0, 0, 0), width=96, height=64)


@functools.cache
def scene() -> Splats:
    """Made to pop: large, bright splats that pass through each other, their centres close by."""
    rng, n = np.random.default_rng(3), 24
    quats = rng.normal(size=(n, 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    return Splats(
        means=(rng.normal(size=(n, 3)) * [0.5, 0.3, 0.25]).astype(np.float32),
        quats=quats.astype(np.float32),
        scales=np.exp(rng.uniform(np.log(0.15), np.log(0.5), (n, 3))).astype(np.float32),
        opacities=np.full(n, 0.8, np.float32),
        sh=rng.uniform(-1.7, 1.7, (n, 1, 3)).astype(np.float32),
    )


def worst(draw) -> float:
    return max(popping([draw(camera(start + STEP * k)) for k in range(FRAMES)]) for start in STARTS)


@functools.cache
def exact() -> float:
    return worst(lambda view: draw_in_pixel_order(scene(), view))


def drawn(settings: Settings) -> float:
    renderer = CPURenderer()
    renderer.upload(scene())
    return worst(lambda view: renderer.render(FrameRequest(view, settings)).color)


def test_sorting_by_centres_pops():
    assert drawn(Settings(mode="sorted")) > exact() + 3 * ALLOWED


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "weighted"},
        {"mode": "weighted", "weight": "linear"},
        *({"mode": "binned", "bins": bins} for bins in (4, 8, 16, 32)),
        {"mode": "binned", "bins": 8, "refine": 0},
    ],
    ids=str,
)
def test_these_do_not(settings):
    assert drawn(Settings(**settings)) <= exact() + ALLOWED


def test_the_measure_sees_a_jump_and_not_a_steady_change():
    steady = [np.full((4, 4, 3), 0.01 * k, np.float32) for k in range(8)]
    assert popping(steady) == pytest.approx(0.0, abs=1e-4)
    jump = [np.full((4, 4, 3), 0.5 * (k > 3), np.float32) for k in range(8)]
    assert popping(jump) == pytest.approx(127.5)
    half = [np.where(np.arange(4)[:, None] < 2, frame, 0) for frame in jump]
    assert popping(half) == pytest.approx(63.75)
    with pytest.raises(ValueError, match="four frames"):
        popping(jump[:3])
