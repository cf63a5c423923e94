"""Small frames that launch every CUDA kernel, for the checks of `recording.py`.

Splats and their instances are more than a block takes at once, lists of tiles longer than a batch,
and in some frames there is too little room for either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from cuda_host import HostCanvas
from make_images import make_image
from make_materials import make_material
from make_splats import make_splats, with_weights
from recording import Recorder

from voile import Camera, FrameRequest, Settings
from voile.render.accumulate import Accumulator
from voile.render.cuda.frame import Room
from voile.render.cuda.gradients import Gradients
from voile.render.cuda.image import CUDAImageRenderer
from voile.render.cuda.plan import Buffers, Plan
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.cuda.resident import Resident
from voile.render.cuda.sorting import sort
from voile.render.image.view import whole
from voile.render.inspect import BLENDED, PROJECTED
from voile.render.modes import MODES
from voile.render.paint import Paint
from voile.scenes.content import Content
from voile.scenes.lights import Lamp, Lights, uniform
from voile.scenes.mesh import make_mesh
from voile.scenes.texture import Texture

SIZE = 44, 36
CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=SIZE[0], height=SIZE[1])
SPLATS = 420
BINNED = tuple(("binned", bins) for bins in (4, 8, 16, 32))


def launch_everything(torch: Any, recorder: Recorder) -> None:
    """Everything that the backend can launch, on a recorder."""
    array, send = Resident.array, Buffers.send

    # Meshes are sent as rows that hold addresses of arrays that are kept.
    def named_array(self: Resident, *given: Any) -> Any:
        tensor = array(self, *given)
        recorder.name_tensor(tensor)
        return tensor

    def named_send(self: Buffers, name: str, *given: Any) -> Any:
        tensor = send(self, name, *given)
        if name == "meshes":
            recorder.name_holder(tensor)
        return tensor

    with patch.object(Resident, "array", named_array), patch.object(Buffers, "send", named_send):
        _launch_everything(Work(torch, recorder), recorder)


def _launch_everything(work: Work, recorder: Recorder) -> None:
    for kind, storage in (("3d", "float32"), ("mixed", "float16")):
        splats = with_weights(make_splats(SPLATS, 1, kind, seed=3))
        for mode in MODES:
            for bins in (4, 8, 16, 32) if mode == "binned" else (8,):
                chosen = {"mode": mode, "bins": bins, "samples": 2, "refine": 1}
                _draw(work, splats, storage=storage, splat_scale=3.0, **chosen)
        _draw(work, splats, "median", storage="uint8")
        with patch.object(Room, "for_scene", classmethod(lambda cls, splats: cls(300, 700))):
            _draw(work, splats, mode="sorted", storage="float32")
            _draw(work, splats, mode="cells", storage="float32")
        _draw(work, Content(splats, (_pane(), _net())), storage="float32")
        _go_back(work, splats)
    _draw(work, _wall(), storage="float32")
    _draw(work, _wall(), mode="cells", splat_scale=4.0, max_sh_degree=0)
    _keep_on_the_device(work, recorder)
    _develop(work)
    _light(work)
    _sort_wide_keys(work)
    images, image = CUDAImageRenderer(work), make_image(700, (30, 41), 3)
    images.upload(image)
    images.render(whole(image))


def _draw(work: Work, content: Any, depth_kind: Any = "mean", **settings: Any) -> None:
    """A frame by a renderer of its own, whose memory nobody has used before."""
    renderer = CUDARenderer(work)
    renderer.upload(content)
    chosen = Settings(**settings)
    renderer.render(FrameRequest(CAMERA, chosen, depth=True, seed=3, depth_kind=depth_kind))
    renderer.close()


def _wall() -> Any:
    """Layers over every pixel, so that tiles end early."""
    splats = make_splats(400, 0, seed=4)
    splats.scales[:] = 2.0
    splats.opacities[:] = 0.2
    return splats


def _pane() -> Any:
    corners = np.float64([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    return make_mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), color=(0.3, 0.6, 0.9))


def _net(side: int = 9) -> Any:
    """Small triangles, of which a texture leaves out some parts."""
    u, v = (axis.ravel() for axis in np.meshgrid(*[np.linspace(0, 1, side)] * 2))
    corners = np.column_stack([1.5 * u - 0.5, 1.5 * v - 1.0, 0.3 * u - 1.0])
    first = np.arange(side * (side - 1)).reshape(-1, side)[:, :-1].ravel()
    faces = np.concatenate([first[:, None] + [0, 1, side], first[:, None] + [1, side + 1, side]])
    pixels = np.random.default_rng(2).integers(0, 256, (12, 20, 4)).astype(np.uint8)
    texture = Texture(pixels, ("repeat", "mirror"), cutoff=0.4)
    return make_mesh(corners, faces, None, np.column_stack([3 * u - 1, 2 * v]), texture=texture)


def _keep_on_the_device(work: Work, recorder: Recorder) -> None:
    """Debug views, means of frames, and paint."""
    splats = make_splats(100, 1, seed=2)
    paint = Paint(np.random.default_rng(1).uniform(0, 1, (100, 6)).astype(np.float32))
    request = FrameRequest(CAMERA, Settings(storage="float32"), depth=True)
    views = [{"shown": shown} for shown in (*BLENDED, *PROJECTED, "error")]
    views += [{"shown": "bins", "bins": bins} for bins in (4, 16, 32)]
    requests = [replace(request, paint=paint)]
    requests += [replace(request, settings=replace(request.settings, **view)) for view in views]
    for each in requests:
        renderer, canvas = CUDARenderer(work), HostCanvas(*SIZE)
        recorder.name_memory(canvas.pixels)
        renderer.upload(splats)
        renderer.draw(each, canvas)
        renderer.close()
    renderer, mean = CUDARenderer(work), Accumulator()
    renderer.upload(splats)
    kept = renderer.new_mean()
    for _ in range(2):
        canvas = HostCanvas(*SIZE)
        recorder.name_memory(canvas.pixels)
        mean.add_to(kept, renderer.draw(mean.next(request), canvas, averaged=True))
    renderer.close()


def _light(work: Work) -> None:
    """Splats and a mesh with materials."""
    splats = make_splats(150, 1, seed=8)
    which = np.random.default_rng(1).integers(-1, 2, 150).astype(np.int32)
    named = tuple(replace(make_material(seed=k), name=f"m{k}") for k in range(2))
    lights = Lights(uniform(0.3), (Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6),))
    mesh = replace(_pane(), material="m1")
    _draw(work, Content(replace(splats, material=which), (mesh,), named, lights))


def _go_back(work: Work, splats: Any) -> None:
    """Both operators of `voile.kernels.rasterize`, from a loss of random slopes."""
    torch, rng = work.torch, np.random.default_rng(0)
    columns = [splats.means, splats.quats, splats.scales, splats.opacities, splats.sh]
    columns.append(rng.normal(size=len(splats)).astype(np.float32))
    columns += [np.arange(len(splats)) % 20, splats.means[:20]]  # cells, and where they are
    pose = [*np.ravel(CAMERA.world_to_camera), CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy]
    seen = torch.tensor([*pose, CAMERA.near], dtype=torch.float64)
    for mode, bins in (("sorted", 8), ("weighted", 8), ("cells", 8), *BINNED):
        given = [torch.from_numpy(np.array(column)) for column in columns]
        for k in (5,) * (mode != "weighted") + (6, 7) * (mode != "cells"):
            given[k] = given[k][:0]
        rest = seen, *SIZE, mode, True, True, bins, 1, 8.0
        gradients = Gradients(work)
        drawn = gradients.draw(*given, *rest)
        slopes = [torch.from_numpy(rng.normal(size=d.shape).astype(np.float32)) for d in drawn[:3]]
        gradients.go_back(*given[:6], *rest, list(drawn), slopes, True)


def _develop(work: Work) -> None:
    """Frames as a display shows them."""
    rng = np.random.default_rng(6)
    frame = work.send(rng.uniform(0, 1.5, (*SIZE, 4)).astype(np.float32))
    for curve in range(4):
        shown = work.new_picture(*SIZE[::-1])
        work.each_pixel("develop", frame, curve > 0, 1.5, curve, 0.1, 0.2, 0.3, shown)


def _sort_wide_keys(work: Work) -> None:
    """As of a picture of more than 2^16 tiles."""
    room, rng = 7000, np.random.default_rng(1)
    buffers = Buffers(work.torch, "cpu")
    keys = buffers.send("keys", rng.integers(0, 1 << 17, room).astype(np.int32))
    values = buffers.send("values", np.arange(room, dtype=np.int32))
    counts = buffers.send("counts", np.full(4, room - 500, np.int32))
    plan = Plan(buffers)
    sort(plan, "tile", keys, values, counts, room, 17)
    plan.finish()
    plan.run(work.launcher, lambda stage: None)
