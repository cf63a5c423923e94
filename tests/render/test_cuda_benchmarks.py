"""The benchmark and the proof that need a GPU: their logic, at tiny sizes on the host."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cuda_host import HostCanvas, shared_launcher
from rich.console import Console

from voile import FrameRequest
from voile.render import BackendUnavailable, create_renderer
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.projection import quats_to_matrices
from voile.render.renderer import BackendFailed

torch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import gpu  # noqa: E402
import kernel_loops  # noqa: E402
import measured_scenes  # noqa: E402
import prove_gpu  # noqa: E402
import synthetic  # noqa: E402

pytestmark = pytest.mark.slow


def on_host():
    return CUDARenderer(Work(torch, shared_launcher()))


def no_gpu():
    raise BackendUnavailable("there is no NVIDIA driver.")


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch):
    """No real scenes, and a small random one."""
    small = {"random": lambda size: measured_scenes.random(size, 120)}
    for module in (gpu, prove_gpu):
        monkeypatch.setattr(module, "SCENES", small)


def test_the_benchmark_measures_and_writes(tmp_path, capsys):
    def peer(splats):
        renderer = create_renderer("reference")
        renderer.upload(splats)
        return lambda camera: (renderer.render(FrameRequest(camera)).color, 12.5)

    file = tmp_path / "out.json"
    arguments = ["--counts", "150", "--sizes", "48x32", "--frames", "2", "--json", str(file)]
    assert gpu.main(arguments, on_host, lambda: 1e9, peer) == 0
    report = json.loads(file.read_text())
    assert [*report["scenes"]] == ["synthetic 150 at 48x32", "surfels 150 at 48x32"]
    result, flat = report["scenes"].values()
    assert result["gsplat_ms"] == 12.5
    assert min(result["psnr"], flat["psnr"]) > 50
    with_discs = flat["bytes"]["rasterize"] - 16 * 48 * 32
    assert with_discs == flat["counts"]["instances"] * (4 + 48 + 48)
    total = sum(result["stages_ms"].values())
    assert result["ms"] == pytest.approx(total), "medians of two frames are their means"
    assert result["floor_ms"] == pytest.approx(sum(result["bytes"].values()) / 1e6)
    assert result["counts"]["splats"] == 150
    assert result["in_a_row_ms"] > 0
    assert result["instances_per_second"] > 0
    assert "synthetic 150" in capsys.readouterr().out


def test_without_the_peer_its_columns_are_empty(tmp_path, capsys):
    arguments = ["--counts", "200", "--sizes", "32x32", "--frames", "1"]
    assert gpu.main(arguments, on_host, lambda: 1e9, lambda splats: None) == 0
    assert "gsplat is not installed" in capsys.readouterr().out


def test_a_scene_or_a_peer_that_fails_does_not_end_the_others(tmp_path, monkeypatch, capsys):
    def peer(splats):
        def draw(camera):
            raise RuntimeError("out of memory\nmore")

        return draw

    rendered = CUDARenderer.render

    def small(self, request):
        if len(self.shown_scene.splats) > 100:
            raise BackendFailed("cuda", "the GPU has too little memory.")
        return rendered(self, request)

    monkeypatch.setattr(CUDARenderer, "render", small)
    file = tmp_path / "out.json"
    arguments = ["--counts", "150,90", "--sizes", "48x32", "--frames", "1", "--json", str(file)]
    assert gpu.main(arguments, on_host, lambda: 1e9, peer) == 1
    said = capsys.readouterr().out
    assert "synthetic 150 at 48x32: not measured: the GPU has too little memory." in said
    assert "gsplat does not draw this scene: out of memory\n" in said
    assert [*json.loads(file.read_text())["scenes"]] == [
        "synthetic 90 at 48x32",
        "surfels 90 at 48x32",
    ]


@pytest.mark.parametrize("main", [gpu.main, prove_gpu.main])
def test_without_a_gpu_they_say_so(main, capsys):
    assert main([], make=no_gpu) == 2
    assert "NVIDIA GPU: there is no NVIDIA driver." in capsys.readouterr().out


def test_bytes_grow_with_what_they_are_of():
    base = gpu.bytes_moved(1000, 500, 2000, 10_000, 96)
    more = gpu.bytes_moved(1000, 500, 4000, 10_000, 96)
    assert more["project"] == base["project"]
    assert more["bin"] > base["bin"]
    assert more["rasterize"] - base["rasterize"] == 2000 * 52


def test_the_proof_holds_on_the_host(capsys):
    assert prove_gpu.main(["--small", "--part", prove_gpu.PARTS], on_host) == 0
    said = capsys.readouterr().out
    assert "everything holds" in said
    assert "'shown': 'depth'}: 8 frames" in said
    assert "mean of 8 frames, depth" in said
    assert "surfels, overdraw: 0.00% of pixels differ" in said
    assert "difference of two pictures: the same" in said
    assert "light, sorted: " in said
    for mode in ("sorted", "binned", "cells", "stochastic"):
        assert f"canvas, {{'mode': '{mode}'}}: 8 frames" in said
        for scene in ("random", "surfels"):
            assert f"{scene}, {mode}:" in said


def test_a_picture_that_is_wrong_or_not_the_same_twice_fails_the_proof(monkeypatch, capsys):
    class Noisy(CUDARenderer):
        made = 0

        def __init__(self):
            super().__init__(Work(torch, shared_launcher()))
            Noisy.made += 1
            self.noise = 0.1 * Noisy.made

        def render(self, request):
            frame = super().render(request)
            frame.color[0, 0] += self.noise
            frame.color[...] += 0.05
            return frame

    assert prove_gpu.main(["--small", "--part", "same"], Noisy) == 1
    assert "4 differ [0, 1, 2, 3]" in capsys.readouterr().out
    assert prove_gpu.main(["--small", "--part", "parity"], Noisy) == 1
    assert "TOO LITTLE" in capsys.readouterr().out
    assert prove_gpu.main(["--small", "--part", "views"], Noisy) == 1
    assert "TOO MANY" in capsys.readouterr().out


def test_a_gpu_that_fails_is_told_and_the_other_parts_are_run(monkeypatch, capsys):
    def fails(*arguments):
        raise BackendFailed("cuda", "the driver does not load kernel project.")

    monkeypatch.setattr(prove_gpu, "parity", fails)
    assert prove_gpu.main(["--small", "--part", "parity,same"], on_host) == 1
    said = capsys.readouterr().out
    assert "parity: failed: the driver does not load kernel project." in said
    assert "0 differ" in said
    with pytest.raises(SystemExit):
        prove_gpu.main(["--part", "parity,sane"], on_host)
    assert "there is no sane" in capsys.readouterr().err


def test_a_frame_that_is_not_drawn_to_its_canvas_fails_the_proof(monkeypatch, capsys):
    drawn = CUDARenderer.draw

    def elsewhere(self, request, place, **how):
        return drawn(self, request, HostCanvas(*place.size), **how)

    monkeypatch.setattr(CUDARenderer, "draw", elsewhere)
    assert prove_gpu.main(["--small", "--part", "canvas"], on_host) == 1
    assert "nan off, TOO MUCH" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "holds"), [(0, True), (9, False)])
def test_the_sanitizers_verdict_counts(monkeypatch, status, holds):
    ran = []

    def run(command, env):
        assert env["PYTORCH_NO_CUDA_MEMORY_CACHING"] == "1"
        ran.append(command[2])
        return type("Done", (), {"returncode": status})

    console = Console(quiet=True)
    monkeypatch.setattr(prove_gpu.shutil, "which", lambda name: "/bin/x")
    assert prove_gpu.sanitizer(console, run) is holds
    assert ran == list(prove_gpu.TOOLS)
    monkeypatch.setattr(prove_gpu.shutil, "which", lambda name: None)
    assert prove_gpu.sanitizer(console, run) is False, "what was not run is not proved"


def test_the_peer_has_no_kernels_for_both_kinds_at_once(monkeypatch):
    peer = SimpleNamespace(rasterization=None, rasterization_2dgs=None)
    monkeypatch.setitem(sys.modules, "gsplat", peer)
    monkeypatch.setattr(torch.Tensor, "cuda", lambda self: self)
    draws = [gpu.gsplat_peer(synthetic.capture(50, 0, kind=kind)) for kind in ("3d", "2d", "mixed")]
    assert [draw is not None for draw in draws] == [True, True, False]


def test_surfels_are_the_ellipsoids_without_their_thinnest_axis():
    solid, flat, mixed = (synthetic.capture(60, 0, 3, kind) for kind in ("3d", "2d", "mixed"))
    assert (solid.kind, flat.kind, mixed.kind) == ("3d", "2d", "mixed")
    axes, turned = (quats_to_matrices(each.quats.astype(float)) for each in (solid, flat))
    np.testing.assert_allclose(turned[:, :, 2], axes[:, :, 0], atol=1e-6)
    np.testing.assert_allclose(np.abs(turned[:, :, 0]), np.abs(axes[:, :, 2]), atol=1e-6)
    np.testing.assert_array_equal(flat.scales[:, :2], solid.scales[:, :0:-1])
    np.testing.assert_array_equal(mixed.scales[1::2], solid.scales[1::2])


def test_synthetic_scenes_have_the_statistics_they_claim():
    splats = synthetic.capture(8_000, 1)
    again = synthetic.capture(8_000, 1)
    np.testing.assert_array_equal(splats.means, again.means)
    scales = np.sort(splats.scales, axis=1)
    assert 0.2 < np.median(scales[:, 1] / scales[:, 2]) < 0.36
    assert 0.03 < np.median(scales[:, 0] / scales[:, 2]) < 0.08
    assert 0.7 < np.std(np.log2(scales[:, 2])) < 2.0
    assert 0.15 < np.quantile(splats.opacities, 0.25) < np.quantile(splats.opacities, 0.75) < 0.9
    # Splats get smaller as there are more, and so cover about the same.
    dense = synthetic.capture(32_000, 0)
    ratio = np.median(splats.scales.max(axis=1)) / np.median(dense.scales.max(axis=1))
    assert ratio == pytest.approx(2.0, rel=0.05)
    # Normals: the least scale is along the ground's.
    renderer = create_renderer("cpu")
    renderer.upload(splats)
    frame = renderer.render(FrameRequest(synthetic.view((160, 90))))
    assert frame.alpha.mean() > 0.5
    assert 1.0 < frame.stats["instances"] / frame.stats["visible"] < 8.0


def test_loops_are_counted():
    """What a branch backwards spans, whatever is in it; one forwards is none."""
    assembly = """
.type           blend,@function
blend:
        /*0000*/                   MOV R1, c[0x0][0x28] ;
.L_x_1:
        /*0010*/                   LDS.128 R4, [R2] ;
        /*0020*/              @P0 BRA `(.L_x_3) ;
.L_x_2:
        /*0030*/                   MUFU.EX2 R3, R4 ;
        /*0040*/              @P1 BRA `(.L_x_2) ;
.L_x_3:
        /*0050*/                   MUFU.RCP R3, R3 ;
        /*0060*/              @P2 BRA `(.L_x_1) ;
        /*0070*/                   EXIT ;
"""
    found = kernel_loops.loops(assembly)
    assert found == [("blend", 2, 1, 0, 1), ("blend", 6, 2, 1, 1)]
