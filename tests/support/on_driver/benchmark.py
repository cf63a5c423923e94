"""The benchmark on the stand-in driver, with a stand-in of the signature of gsplat 1.5.3."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import gpu as benchmark
import torch


def rasterization(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height, near_plane=0.01,
    far_plane=1e10, radius_clip=0.0, eps2d=0.3, sh_degree=None, packed=True, tile_size=16,
    backgrounds=None, render_mode="RGB", sparse_grad=False, absgrad=False,
    rasterize_mode="classic", channel_chunk=32, distributed=False, camera_model="pinhole",
    segmented=False, covars=None, with_ut=False, with_eval3d=False, **distortion,
):  # fmt: skip
    """Of gsplat 1.5.3, as far as its arguments."""
    assert not distortion
    assert rasterize_mode == "classic"
    return picture_of(means, quats, scales, opacities, colors, viewmats, Ks, width, height,
                      sh_degree)  # fmt: skip


def rasterization_2dgs(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height, near_plane=0.01,
    far_plane=1e10, radius_clip=0.0, eps2d=0.3, sh_degree=None, packed=False, tile_size=16,
    backgrounds=None, render_mode="RGB", sparse_grad=False, absgrad=False, distloss=False,
    depth_mode="expected",
):  # fmt: skip
    """As above."""
    picture = picture_of(means, quats, scales, opacities, colors, viewmats, Ks, width, height,
                         sh_degree)  # fmt: skip
    return *picture, *5 * [None]


def picture_of(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height, sh_degree
):  # fmt: skip
    count = len(means)
    shapes = [(count, 3), (count, 4), (count, 3), (count,)]
    for tensor, shape in zip((means, quats, scales, opacities), shapes, strict=True):
        assert tensor.shape == shape
        assert tensor.dtype == torch.float32
        assert tensor.device.type == "cuda"
    assert viewmats.shape == (1, 4, 4)
    assert Ks.shape == (1, 3, 3)
    assert colors.shape[0] == count
    assert colors.shape[2] == 3
    assert (sh_degree + 1) ** 2 <= colors.shape[1]
    return torch.zeros(1, height, width, 3, device="cuda"), torch.zeros(1, height, width, 1)


def test_the_benchmark_runs(monkeypatch, tmp_path):
    peer = SimpleNamespace(rasterization=rasterization, rasterization_2dgs=rasterization_2dgs)
    monkeypatch.setitem(sys.modules, "gsplat", peer)
    monkeypatch.setattr(benchmark, "SCENES", {})
    file = tmp_path / "out.json"
    arguments = ["--counts", "60", "--sizes", "24x16", "--frames", "2", "--json", str(file)]
    assert benchmark.main(arguments, bandwidth=lambda: benchmark.copy_bandwidth(torch, 1)) == 0
    report = json.loads(file.read_text())
    assert report["device"] == "stand-in"
    assert [*report["scenes"]] == ["synthetic 60 at 24x16", "surfels 60 at 24x16"]
    for result in report["scenes"].values():
        assert result["gsplat_ms"] >= 0
        assert result["ms"] > 0
        assert result["in_a_row_ms"] > 0
