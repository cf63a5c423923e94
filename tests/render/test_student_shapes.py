"""Slopes by learned shapes, against the operator of torch with shapes and weights written in it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from make_splats import make_splats, with_weights

import voile
from voile import kernels
from voile.render.modes.weighted import depth_offset
from voile.render.scene_facts import facts_of
from voile.render.student import Student
from voile.scenes.relearn import relearned, reshaped

CAMERA = voile.Camera.look_at((1, -1, -5), (0, 0, 0), width=64, height=48)


@pytest.fixture(params=["3d", "mixed"])
def splats(request):
    return with_weights(make_splats(150, 1, request.param, seed=4), seed=2)


def product(p, q):
    """Of quaternions wxyz, (N, 4)."""
    w, v, a, u = p[:, :1], p[:, 1:], q[:, :1], q[:, 1:]
    real = w * a - (v * u).sum(1, keepdim=True)
    return torch.cat([real, w * u + a * v + torch.linalg.cross(v, u)], 1)


def reshaped_tensors(splats, shapes):
    """Centres, rotations (of any length) and scales: `relearn.reshaped` by products alone."""
    means, quats, scales = (
        torch.tensor(getattr(splats, name), dtype=torch.float64)
        for name in ("means", "quats", "scales")
    )
    one, none = torch.ones(len(splats), 1, dtype=torch.float64), torch.zeros(len(splats), 1)
    shift = torch.cat([none, scales * shapes[:, :3]], 1)
    back = quats * torch.tensor([1.0, -1.0, -1.0, -1.0])
    moved = means + product(product(quats, shift), back)[:, 1:]
    return moved, product(quats, torch.cat([one, shapes[:, 3:6]], 1)), scales * shapes[:, 6:].exp()


def log_weights_of(weights, means, facts):
    """(N,) l(d) - beta u."""
    eye = torch.tensor(CAMERA.position)
    x, y, z = d = ((means - eye) / (means - eye).norm(dim=1, keepdim=True)).T
    l = torch.tensor(weights.log_weights, dtype=torch.float64).T  # noqa: E741
    harmonics = (
        1.0925484305920792 * (l[4] * x * y - l[5] * y * z - l[7] * x * z)
        + 0.31539156525252005 * l[6] * (2 * z * z - x * x - y * y)
        + 0.5462742152960396 * l[8] * (x * x - y * y)
    )
    depth = means @ torch.tensor(CAMERA.world_to_camera[2, :3]) + CAMERA.world_to_camera[2, 3]
    u = (depth - depth_offset(facts, CAMERA)).clamp(min=0) / facts.radius
    return l[0] + (l[1:4] * d).sum(0) + harmonics - weights.beta * u


def test_shapes_are_products_of_rotations(splats):
    shapes = torch.tensor(splats.learned.shapes, dtype=torch.float64)
    means, quats, scales = reshaped_tensors(splats, shapes)
    quats = quats / quats.norm(dim=1, keepdim=True)
    for found, expected in zip(reshaped(splats, splats.learned.shapes), (means, quats, scales)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_shapes_are_along_axes_of_one_length(splats):
    """By what a scene is drawn and by what it is learned, also of quaternions that are not quite
    unit: a shift of 16 widths must not depend on it."""
    shapes = splats.learned.shapes
    longer = replace(splats, quats=splats.quats * np.float32(1.0009**0.5))
    expected = reshaped(splats, shapes)
    for found in (reshaped(longer, shapes), Student(longer)._reshaped(shapes)):
        for one, other in zip(found, expected):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_slopes_by_shapes(splats):
    weights, student, rng = splats.learned, Student(splats), np.random.default_rng(0)
    color, alpha = student.draw(CAMERA, weights)
    color_slope = rng.normal(size=color.shape).astype(np.float32)
    alpha_slope = rng.normal(size=alpha.shape).astype(np.float32)
    found = student.gradients(color_slope, alpha_slope)

    shapes = torch.tensor(weights.shapes, dtype=torch.float64, requires_grad=True)
    means, quats, scales = reshaped_tensors(splats, shapes)
    drawn = relearned(splats, weights)
    opacities, sh = (
        torch.tensor(column, dtype=torch.float64) for column in (drawn.opacities, drawn.sh)
    )
    picture = kernels.rasterize(
        *(means, quats, scales, opacities, sh, CAMERA),
        mode="weighted",
        log_weights=log_weights_of(weights, means, facts_of(splats)),
    )
    np.testing.assert_allclose(color, picture.color.detach(), atol=1e-4)
    loss = (picture.color * torch.tensor(color_slope)).sum()
    (loss + (picture.alpha * torch.tensor(alpha_slope)).sum()).backward()
    assert shapes.grad is not None
    largest = float(shapes.grad.abs().max())
    assert largest > 1
    np.testing.assert_allclose(found.shapes, shapes.grad, rtol=1e-2, atol=1e-4 * largest)


def test_surfels_stay_surfels_and_ellipsoids_ellipsoids():
    splats = make_splats(40, 0, "mixed")
    thin = replace(splats, scales=np.where(splats.scales > 0, np.float32(1e-38), np.float32(0)))
    _, quats, scales = reshaped(thin, np.full((40, 9), -16, np.float32))
    assert (scales[:, :2] > 0).all()
    np.testing.assert_array_equal(scales[:, 2] == 0, splats.surfels)
    np.testing.assert_allclose(np.linalg.norm(quats, axis=1), 1, atol=1e-6)
