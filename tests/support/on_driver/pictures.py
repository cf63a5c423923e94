"""What is drawn by way of the driver is what the host draws, and who draws waits for nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import prove_gpu
import pytest
import torch
import torch_on_driver as gpu
from make_images import make_image
from make_materials import make_material
from make_splats import make_splats
from rich.console import Console

from voile import Camera, FrameRequest, Settings
from voile.render.cuda.device import GPULauncher
from voile.render.cuda.gradients import Gradients
from voile.render.cuda.image import CUDAImageRenderer
from voile.render.cuda.renderer import CUDARenderer
from voile.render.cuda.work import Work
from voile.render.device_frame import Canvas
from voile.render.image.view import whole
from voile.scenes.content import Content
from voile.scenes.lights import Lamp, Lights, uniform
from voile.scenes.mesh import make_mesh

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=40, height=30)


@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "cells", "stochastic"])
def test_frames_are_those_of_the_host_also_when_a_graph_draws_them(mode, kind, host_work):
    renderers = CUDARenderer(), CUDARenderer(host_work)
    gpu.calls()
    for renderer in renderers:
        renderer.upload(make_splats(100, 1, kind))
    for step in range(4):
        camera = Camera.look_at((1.0, -1.2, -5.0 + 0.1 * step), (0, 0, 0), width=32, height=20)
        request = FrameRequest(camera, Settings(mode=mode), depth=True, seed=step)
        frame, expected = (renderer.render(request) for renderer in renderers)
        np.testing.assert_array_equal(frame.premultiplied(), expected.premultiplied())
        np.testing.assert_array_equal(frame.depth, expected.depth)
        assert min(frame.timings.values()) >= 0
    assert gpu.asked(gpu.calls()).count("cuGraphLaunch") == 2


def test_a_host_that_does_not_wait_learns_of_a_frame_when_the_device_has_come_to_it():
    renderer, pixels = CUDARenderer(), torch.full((30, 40, 4), float("nan"), device="cuda:0")
    renderer.upload(make_splats(100, 1))
    expected = renderer.render(FrameRequest(CAMERA)).premultiplied()
    canvas = Canvas((40, 30), pixels.data_ptr(), lambda: None)
    frame = renderer.draw(FrameRequest(CAMERA), canvas)
    assert frame.outcome(False) is None
    outcome = frame.outcome(False)  # time has passed
    assert outcome is not None
    assert outcome.whole
    np.testing.assert_array_equal(pixels.cpu().numpy(), expected)


def test_images_are_those_of_the_host(host_work):
    drawn = []
    for renderer in (CUDAImageRenderer(), CUDAImageRenderer(host_work)):
        splats = make_image(60, (40, 50), 3)
        renderer.upload(splats)
        drawn.append(renderer.render(whole(splats)).color)
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "cells"])
def test_gradients_are_those_of_the_host(mode, host_work):
    splats = make_splats(60, 1)
    rng = np.random.default_rng(0)
    columns = [splats.means, splats.quats, splats.scales, splats.opacities, splats.sh]
    columns.append(rng.normal(size=60 if mode == "weighted" else 0).astype(np.float32))
    cells = np.arange(60 if mode == "cells" else 0) % 4, splats.means[: 4 * (mode == "cells")]
    pose = [*np.ravel(CAMERA.world_to_camera), CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy]
    camera = torch.tensor([*pose, CAMERA.near], dtype=torch.float64)
    found = []
    for work, device in ((Work(torch, GPULauncher()), "cuda:0"), (host_work, "cpu")):
        given = [torch.from_numpy(column.copy()).to(device) for column in columns]
        grouped = [torch.from_numpy(part.copy()).to(device) for part in cells]
        how = camera.to(device), 40, 30, mode, False, True, 8, 2, 8.0
        gradients = Gradients(work)
        drawn = gradients.draw(*given, *grouped, *how)
        slopes = [torch.ones_like(part) for part in drawn[:3]]
        back = gradients.go_back(*given, *how, list(drawn), slopes, True)
        found.append([part.cpu().numpy() for part in (*drawn[:3], *back)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shown", ["colour", "depth", "error", *prove_gpu.PROJECTED])
def test_frames_and_views_that_nobody_waits_for_are_what_comes_as_arrays(shown):
    mode = "weighted" if shown == "error" else "sorted"
    renderer, request = CUDARenderer(), FrameRequest(CAMERA, Settings(mode=mode, shown=shown))
    renderer.upload(make_splats(100, 1))
    expected = renderer.render(request).premultiplied()
    gpu.calls()
    drawn = [prove_gpu._drawn(renderer, request) for _ in range(5)]
    assert all(frame.outcome(True).whole for frame, _ in drawn)
    assert "cuGraphLaunch" in gpu.asked(gpu.calls())
    for frame, pixels in drawn:
        # Views are worked out in another order on the GPU, in float32.
        assert np.abs(pixels.cpu().numpy() - expected).max() <= prove_gpu.CANVAS_ERROR
        np.testing.assert_array_equal(frame.picture.frame().premultiplied(), pixels.cpu().numpy())


def lit_scene():
    """Splats that wear materials, before a pane that wears one."""
    splats = make_splats(60, 1)
    which = np.random.default_rng(1).integers(-1, 2, 60).astype(np.int32)
    named = tuple(replace(make_material(seed=k), name=f"m{k}") for k in range(2))
    corners = np.float64([[-1, -1, 0.4], [1, -1, 0.4], [1, 1, 0.4], [-1, 1, 0.4]])
    uvs = np.float64([[0, 0], [1, 0], [1, 1], [0, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    pane = make_mesh(corners, faces, None, uvs, material="m1")
    lights = Lights(uniform(0.3), (Lamp("point", (-1, 1, -2)),))
    return Content(replace(splats, material=which), (pane,), named, lights)


def test_materials_and_meshes_are_those_of_the_host(host_work):
    content, request = lit_scene(), FrameRequest(CAMERA, Settings(), depth=True)
    host, renderer = CUDARenderer(host_work), CUDARenderer()
    for each in (host, renderer):
        each.upload(content)
    expected = host.render(request)
    gpu.calls()
    for _ in range(4):
        frame = renderer.render(request)
        np.testing.assert_array_equal(frame.premultiplied(), expected.premultiplied())
        np.testing.assert_array_equal(frame.depth, expected.depth)
    assert gpu.asked(gpu.calls()).count("cuGraphLaunch") == 2
    for _ in range(4):
        prove_gpu._drawn(renderer, request)[0].outcome(True)
    gpu.calls()
    _, pixels = prove_gpu._drawn(renderer, request)
    assert not [name for name in gpu.asked(gpu.calls()) if "Synchronize" in name]
    np.testing.assert_array_equal(pixels.cpu().numpy(), expected.premultiplied())


VIEWS = ("depth", "alpha", "normals", "ids", "cells", "error", *prove_gpu.PROJECTED)


@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "cells", "stochastic", *VIEWS])
def test_who_draws_waits_for_nothing(mode):
    how = {"shown": mode, "mode": "weighted"} if mode in VIEWS else {"mode": mode}
    renderer, request = CUDARenderer(), FrameRequest(CAMERA, Settings(**how))
    renderer.upload(make_splats(60, 1))
    for _ in range(2):  # room, what is kept of the scene, and kernels
        prove_gpu._drawn(renderer, request)[0].outcome(True)
    for _ in range(3):  # two graphs are made, and one is launched again
        gpu.calls()
        frame, _ = prove_gpu._drawn(renderer, request)
        assert not [name for name in gpu.asked(gpu.calls()) if "Synchronize" in name]
        frame.outcome(True)


def test_means_and_differences_are_those_of_the_host():
    with_what = make_splats(60, 1), CAMERA, Console(quiet=True)
    assert prove_gpu._mean_holds(CUDARenderer, *with_what, "depth")
    assert prove_gpu._difference_holds(CUDARenderer, *with_what)
