"""Compilation: all of it happens in warm_up, and it works without a folder to cache in."""

import importlib
import os
import pkgutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from make_images import picture
from make_materials import make_material
from numba.core.dispatcher import Dispatcher

import voile
from voile.kernels import cpu
from voile.kernels.cpu import jit
from voile.kernels.cpu.warm import STAGE, warm_up
from voile.kernels.cpu.workers import Workers
from voile.render.image.cpu import CPUImageRenderer
from voile.render.image.fit import Plan
from voile.render.image.fitting import fit_image
from voile.render.image.source import Source
from voile.render.image.view import whole
from voile.render.materials.decode import decode
from voile.render.meshes.cpu import draw_meshes
from voile.scenes.material import NetShape
from voile.scenes.mesh import make_mesh
from voile.scenes.texture import Texture

pytestmark = pytest.mark.slow


def compiled() -> dict[str, int]:
    """Number of compiled signatures by kernel."""
    modules = [importlib.import_module(m.name)
               for m in pkgutil.walk_packages(cpu.__path__, f"{cpu.__name__}.")]  # fmt: skip
    return {
        f"{module.__name__}.{name}": len(value.signatures)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher) and value.targetoptions.get("nogil")
    }


def draw_and_fit_an_image() -> None:
    """In the window and by `voile fit`, with a level of detail and single pixels."""
    source = Source(picture(40, 30))
    splats = fit_image(source, Plan(30, 12)).splats
    renderer = CPUImageRenderer(2)
    for image in (splats, splats.detail(9)):
        renderer.upload(image)
        renderer.render(whole(image, 0.4, k=3))
        renderer.pixels([(3, 4)])


def draw_a_mesh_and_decode_a_material() -> None:
    corners = np.float64([[-1, -1, 0], [1, -1, 0], [0, 1, 0]])
    for texture in (None, Texture(np.zeros((4, 4, 4), np.uint8), cutoff=0.5)):
        mesh = make_mesh(corners, np.array([[0, 1, 2]]), texture=texture)
        draw_meshes([mesh], voile.Camera.look_at((0, 0, -4), (0, 0, 0), width=40, height=30))
    for shape in (NetShape(), NetShape(frames=0)):
        decode(make_material(shape), np.zeros(8), np.eye(3), np.eye(3), np.float32)


def test_warm_up_leaves_nothing_to_compile():
    reports: list[tuple[float, str]] = []
    warm_up(lambda fraction, stage: reports.append((fraction, stage)))
    fractions = [f for f, _ in reports]
    assert len(fractions) > 20
    assert fractions == pytest.approx(np.linspace(0, 1, len(fractions)))
    assert {s for _, s in reports} == {STAGE}
    before = compiled()
    assert before["voile.kernels.cpu.modes.sorted.rasterize"] >= 1
    rng = np.random.default_rng(0)
    quats = np.tile(np.float32([1, 0, 0, 0]), (70_000, 1))
    quats.setflags(write=False)
    splats = voile.Splats(
        rng.normal(size=(70_000, 3)).astype(np.float32),
        quats,
        np.full((70_000, 3), 0.01, np.float32),
        np.full(70_000, 0.5, np.float32),
        np.zeros((70_000, 16, 3), np.float32),
    )
    discs = replace(splats, scales=splats.scales * np.float32([1, 1, 0]))
    camera = voile.Camera.look_at((0, 0, -4), (0, 0, 0), width=90, height=70)
    for mode in ("sorted", "weighted", "binned", "stochastic"):
        for depth in (False, True):
            settings = voile.Settings(mode=mode, antialiasing="on")
            for scene in (splats, discs):
                voile.render(scene, camera, settings, depth=depth)
    for shown in ("centres", "ellipsoids", "overdraw", "bins"):
        voile.render(splats, camera, voile.Settings(shown=shown))
    draw_and_fit_an_image()
    draw_a_mesh_and_decode_a_material()
    cpu_sort = importlib.import_module("voile.kernels.cpu.sort")
    cpu_sort.depth_order(splats.means, camera.world_to_camera, 1, Workers(2))
    assert compiled() == before


def test_cache_folder_follows_numba_and_may_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    assert jit.cache_folder() == tmp_path / "kernels"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert jit.cache_folder() is None
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(jit.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    folder = jit.cache_folder()
    assert folder is not None
    assert folder.parent == tmp_path / "voile" / "numba"
    monkeypatch.setattr(jit, "ROOM", 1 << 60)
    assert jit.cache_folder() is None


def test_kernels_work_without_a_cache_and_leave_no_files(tmp_path):
    (tmp_path / "file").write_text("")
    script = (
        "import numpy as np\n"
        "from voile.kernels.cpu.sort import depth_order\n"
        "means = np.array([[0, 0, 3], [0, 0, 2]], np.float32)\n"
        "print(depth_order(means, np.eye(4), 0.1)[0].tolist())\n"
    )
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "file" / "below")}
    run = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[1, 0]"
    assert not list(importlib.import_module("pathlib").Path(cpu.__path__[0]).rglob("*.nbi"))
