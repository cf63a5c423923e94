"""The built-in scene: what it promises to be for looking at and for testing with."""

import os
import subprocess
import sys

import numpy as np
import pytest

from voile import Cancelled, FrameRequest, Settings
from voile.render import create_renderer
from voile.render.views import from_viewpoint
from voile.scenes import builtin
from voile.scenes.scene import open_scene
from voile.scenes.sh import sh_basis

PLAIN = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 X86_V3 AVX512F X86_V4 AVX512_SKX AVX512_ICL AVX512_SPR",
}
"""Has NumPy round as on a processor of 2009; another BLAS than OpenBLAS does not hear it."""

DIGEST = """
import hashlib
from voile.scenes.scene import open_scene
splats = open_scene("{}").splats
names = "means", "quats", "scales", "opacities", "sh"
print(hashlib.sha256(b"".join(getattr(splats, name).tobytes() for name in names)).hexdigest())
"""


@pytest.fixture(scope="module")
def splats():
    return builtin.make_scene()


def test_size_and_degree(splats):
    assert 180_000 < len(splats) < 220_000
    assert splats.sh_degree == 3
    assert splats.up == (0.0, -1.0, 0.0)


def test_same_bytes_for_a_seed_and_others_for_another(splats):
    again, other = builtin.make_scene(), builtin.make_scene(seed=1)
    for name in ("means", "quats", "scales", "opacities", "sh"):
        assert getattr(splats, name).tobytes() == getattr(again, name).tobytes()
    assert splats.means.tobytes() != other.means.tobytes()


@pytest.mark.parametrize("name", builtin.SCENES)
def test_same_bytes_by_other_instructions(name):
    """A session of one machine names its splats by a digest that another machine checks."""
    command = [sys.executable, "-c", DIGEST.format(name)]
    digests = {
        subprocess.run(command, env={**os.environ, **more}, capture_output=True, check=True).stdout
        for more in ({}, PLAIN)
    }
    (digest,) = digests
    assert len(digest.strip()) == 64


def test_spread_of_scales_and_opacities(splats):
    """As demanding as a trained scene: hairs and clouds, opaque and hardly there."""
    longest = splats.scales.max(axis=1)
    assert longest.max() / longest.min() > 10
    assert (splats.scales.max(axis=1) > 5 * splats.scales.min(axis=1)).mean() > 0.5
    assert (splats.opacities < 0.1).sum() > 1000
    assert (splats.opacities > 0.9).mean() > 0.5


def test_gloss_depends_on_the_view(splats):
    glossy = np.abs(splats.sh[:, 1:]).max(axis=(1, 2)) > 0.15
    assert glossy.mean() > 0.07
    rng = np.random.default_rng(0)
    d = rng.normal(size=(64, 3))
    basis = sh_basis(d / np.linalg.norm(d, axis=1, keepdims=True), 3)
    seen = np.einsum("dk,nkc->ndc", basis, splats.sh[glossy][::50].astype(np.float64))
    assert np.median(np.ptp(seen, axis=1).max(axis=1)) > 0.25


@pytest.mark.parametrize("viewpoint", builtin.VIEWPOINTS)
def test_every_viewpoint_shows_the_scene(splats, viewpoint):
    camera = from_viewpoint(builtin.VIEWPOINTS[viewpoint], 160, 90)
    renderer = create_renderer("cpu")
    renderer.upload(splats)
    frame = renderer.render(FrameRequest(camera, Settings()))
    assert (frame.alpha > 0.9).mean() > 0.3
    assert frame.color.std() > 0.1


def test_smoke_is_in_front_of_and_behind_solids(splats):
    """From the start view: pixels where smoke veils a solid, and where a solid hides smoke."""
    camera = from_viewpoint(next(iter(builtin.VIEWPOINTS.values())), 160, 90)
    faint = splats.opacities < 0.08
    renderer = create_renderer("cpu")
    depth = {}
    for name, rows in (("smoke", faint), ("solid", ~faint)):
        renderer.upload(splats.take(rows))
        frame = renderer.render(FrameRequest(camera, Settings(), depth=True))
        depth[name] = np.where(frame.alpha > (0.1 if name == "smoke" else 0.9), frame.depth, np.nan)
    both = np.isfinite(depth["smoke"]) & np.isfinite(depth["solid"])
    assert (depth["smoke"] < depth["solid"])[both].sum() > 30
    assert (depth["smoke"] > depth["solid"])[both].sum() > 30


def test_progress_and_cancel():
    seen = []
    builtin.make_scene(progress=lambda fraction, stage: seen.append((fraction, stage)))
    assert [f for f, _ in seen] == sorted(f for f, _ in seen)
    assert all(stage for _, stage in seen)

    def cancel(fraction, stage):
        raise Cancelled

    with pytest.raises(Cancelled):
        builtin.make_scene(progress=cancel)


def test_opens_by_name():
    scene = open_scene("builtin")
    assert scene.path is None
    assert list(scene.viewpoints) == list(builtin.VIEWPOINTS)
