"""Groups of splats are culled and sorted on the GPU: on the host, against `Cells.visible`."""

import numpy as np
import pytest
from cuda_host import shared_launcher
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings
from voile.render.cells import build_cells
from voile.render.cuda.groups import blur_of, proxies_of
from voile.render.cuda.plan import Buffers, Plan
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.cuda.sorting import scan_words, sort
from voile.render.cuda.view import pack_view
from voile.render.metrics import psnr
from voile.render.reference import ReferenceRenderer

torch = pytest.importorskip("torch")

VIEWS = {
    "outside": {},
    "off centre": {"cx": -12.0, "cy": 60.0},
    "a part": {"fx": 600.0, "fy": 500.0},
    "near plane": {"near": 5.5},
}


def camera(eye=(1.0, -1.2, -5.0), **view) -> Camera:
    seen = Camera.look_at(eye, (0, 0, 0), width=70, height=50)
    return Camera.from_dict({**seen.to_dict(), **view})


def on_device(cells, seen: Camera, splat_scale: float):
    """Groups front to back, as the kernels cull and sort them."""
    buffers = Buffers(torch, "cpu")
    plan = Plan(buffers)
    counts, most = plan.zeros(4), len(cells)
    view = buffers.send("view", pack_view(seen, Settings(splat_scale=splat_scale)))
    centers, axes = map(torch.from_numpy, proxies_of(cells))
    keys, found = (buffers.get(name, most, dtype="int32") for name in ("keys", "found"))
    plan.scan(
        "cull_groups", most, centers, axes, most, blur_of(cells), view, *scan_words(plan, most),
        counts, keys, found,
    )  # fmt: skip
    _, order = sort(plan, "depth", keys, found, counts, most, 32)
    plan.finish()
    plan.run(shared_launcher(), lambda stage: None)
    return order[: int(plan.piece(counts)[0])].numpy()


@pytest.mark.parametrize("splat_scale", [0.5, 2.0])
@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("name", [*VIEWS, "inside"])
def test_groups_that_touch_the_image_are_found_front_to_back(name, kind, splat_scale):
    splats = make_splats(3000, 0, kind, seed=3)
    splats.scales[:] *= np.float32(0.2)
    cells = build_cells(splats)
    seen = camera((0.2, 0.1, -0.3)) if name == "inside" else camera(**VIEWS[name])
    wanted, found = cells.visible(seen, splat_scale), on_device(cells, seen, splat_scale)
    assert len(set(found)) == len(found)
    assert set(wanted) <= set(found)
    assert len(found) <= 1.03 * len(wanted) + 1, "hardly any more"
    depths = cells.bounds(seen)[2][found]
    assert (np.diff(depths) >= -1e-5).all()
    assert name not in ("a part", "near plane") or 0 < len(wanted) < len(cells)


def test_far_from_the_origin_rounding_loses_no_group():
    splats = make_splats(1000, 0, seed=5)
    splats.means[:] += np.float32([4e4, -2e4, 9e4])
    cells = build_cells(splats)
    middle = np.array([4e4, -2e4, 9e4])
    seen = Camera.look_at(middle + [1, -1.2, -4], middle, width=70, height=50)
    seen = Camera.from_dict({**seen.to_dict(), "fx": 300.0, "fy": 300.0})
    assert set(cells.visible(seen)) <= set(on_device(cells, seen, 1.0))


def test_the_frame_tells_how_many_groups_were_sorted():
    splats, seen = make_splats(3000, 0, seed=3), camera(fx=400.0, fy=300.0)
    request = FrameRequest(seen, Settings(mode="cells", storage="float32"))
    frames = []
    for each in (ReferenceRenderer(), CUDARenderer(Work(torch, shared_launcher()))):
        each.upload(splats)
        frames.append(each.render(request))
        each.close()
    expected, actual = frames
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= 60
    cells = build_cells(splats)
    assert actual.stats["keys"] == len(on_device(cells, seen, 1.0))
    assert 0 < actual.stats["keys"] < len(cells)
