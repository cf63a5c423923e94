"""Compressed PLY and SOG as Voile writes them: how far what is read back is from what was saved."""

from __future__ import annotations

import io
import json
import math
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import shared_data
from hypothesis import given, settings
from hypothesis import strategies as st
from make_splats import make_splats
from PIL import Image

import voile
from voile.render.metrics import psnr
from voile.scenes import SceneFormatError
from voile.scenes.io import detect
from voile.scenes.io.codebook import levels_of, nearest, palette_of
from voile.scenes.io.compressed_ply_layout import C0
from voile.scenes.morton import morton_order

FEW = settings(max_examples=12)
SCENES = {
    "n": st.one_of(st.integers(0, 3), st.integers(250, 520)),
    "degree": st.integers(0, 4),
    "seed": st.integers(0, 99),
    "reach": st.sampled_from([1e-4, 1.0, 3e5]),
    "kind": st.sampled_from(["3d", "2d"]),
}


def scene(n, degree, seed, reach, kind):
    splats = make_splats(n, degree, kind, seed)
    return replace(splats, means=splats.means * np.float32(reach))


def saved(splats, path):
    """The scene in the order of the file, and as it is read back."""
    voile.save(splats, path)
    found = voile.load(path)
    assert detect(path).name == {".ply": "compressed_ply", ".sog": "sog"}[path.suffix]
    assert len(found) == len(splats)
    assert found.sh_degree == (min(splats.sh_degree, 3) if len(splats) else found.sh_degree)
    return splats.take(morton_order(splats.means)), found


def near(found, wanted, error):
    """Within an error, and float32's own rounding."""
    assert (np.abs(found.astype(float) - wanted) <= error + 1e-6 + 2e-6 * np.abs(wanted)).all()


@FEW
@given(**SCENES)
def test_compressed_ply_keeps_what_its_chunks_can_hold(tmp_path, n, degree, seed, reach, kind):
    wanted, found = saved(scene(n, degree, seed, reach, kind), tmp_path / "a.compressed.ply")
    halves = np.array([0.5 / 2047, 0.5 / 1023, 0.5 / 2047])
    for start in range(0, n, 256):
        rows = slice(start, start + 256)
        near(found.means[rows], wanted.means[rows], np.ptp(wanted.means[rows], axis=0) * halves)
        kept = slice(0, 2 if kind == "2d" else 3)
        logs = np.log(wanted.scales[rows, kept])
        near(np.log(found.scales[rows, kept]), logs, np.ptp(logs, axis=0) * halves[kept])
        color = wanted.sh[rows, 0]
        near(found.sh[rows, 0], color, np.ptp(color, axis=0) * 0.5 / 255 + 1e-5 / C0)
    assert (found.surfels == (kind == "2d")).all()
    near(found.opacities, wanted.opacities, 0.5 / 255)
    turned = np.abs((found.quats * wanted.quats).sum(axis=1))
    assert (turned >= 1 - 3e-6).all()
    if n:
        terms = found.sh.shape[1]
        near(found.sh[:, 1:], wanted.sh[:, 1:terms], 1 / 64)


@FEW
@given(**SCENES)
def test_sog_keeps_what_its_codebooks_can_hold(tmp_path, n, degree, seed, reach, kind):
    wanted, found = saved(scene(n, degree, seed, reach, kind), tmp_path / "a.sog")
    if not n:
        return
    logs = np.log1p(np.abs(wanted.means)) * np.sign(wanted.means)
    step = np.ptp(logs, axis=0) / 65535 / 2 * (1 + np.abs(wanted.means))
    near(found.means, wanted.means, 1.01 * step + 1e-6 * reach)
    kept = slice(0, 2 if kind == "2d" else 3)
    sizes = np.log(wanted.scales[:, kept])
    near(np.log(found.scales[:, kept]), sizes, np.ptp(sizes) / 256)
    assert (found.surfels == (kind == "2d")).all()
    near(found.opacities, wanted.opacities, 0.5 / 255)
    near(found.sh[:, 0], wanted.sh[:, 0], np.ptp(wanted.sh[:, 0]) / 256)
    turned = np.abs((found.quats * wanted.quats).sum(axis=1))
    assert (turned >= 1 - 3e-5).all()
    harmonics = wanted.sh[:, 1 : found.sh.shape[1]]
    if harmonics.size:  # fewer splats than entries: each has its own
        near(found.sh[:, 1:], harmonics, np.ptp(harmonics) / 256)


def test_sog_is_as_other_programs_want_it(tmp_path):
    """Every image is lossless, has room for all splats and sides that 4 divides."""
    splats = make_splats(2500, 2, antialiased=True)
    voile.save(splats, tmp_path / "a.sog")
    again = (tmp_path / "a.sog").read_bytes()
    voile.save(splats, tmp_path / "a.sog")
    assert (tmp_path / "a.sog").read_bytes() == again
    with zipfile.ZipFile(tmp_path / "a.sog") as archive:
        meta = json.loads(archive.read("meta.json"))
        names = [name for key in ("means", "quats", "scales", "sh0", "shN")
                 for name in meta[key]["files"]]  # fmt: skip
        assert sorted([*names, "meta.json"]) == sorted(archive.namelist())
        sizes = {name: Image.open(io.BytesIO(archive.read(name))).size for name in names}
        for name in names:
            assert archive.read(name)[12:16] in (b"VP8L", b"VP8X")
    centroids = sizes.pop("shN_centroids.webp")
    assert set(sizes.values()) == {(52, 52)}
    assert (meta["version"], meta["count"], meta["antialias"]) == (2, 2500, True)
    assert meta["shN"]["count"] == 2048
    assert centroids == (64 * 8, 2048 // 64)
    assert all(len(meta[key]["codebook"]) == 256 for key in ("scales", "sh0", "shN"))


def test_a_palette_halves_where_the_error_is_largest():
    rng = np.random.default_rng(3)
    corners = rng.normal(size=(16, 9)).astype(np.float32) * 4
    which = rng.integers(0, 16, 4000)
    vectors = corners[which] + rng.normal(size=(4000, 9)).astype(np.float32) * 0.01
    palette, labels = palette_of(vectors, 64)
    assert np.abs(palette[labels] - vectors).max() < 0.1, "no entry stands for two heaps"
    exact, labels = palette_of(corners[which], 1000)
    assert len(exact) == 16
    np.testing.assert_allclose(exact[labels], corners[which], rtol=1e-6)
    errors = [np.square(p[n] - vectors).mean() for p, n in
              (palette_of(vectors, entries) for entries in (1, 4, 64, 1024))]  # fmt: skip
    assert errors == sorted(errors, reverse=True)


@given(st.integers(0, 50), st.sampled_from([0.0, 1.0, 1e4]))
@settings(max_examples=20)
def test_a_level_is_never_far(seed, far):
    rng = np.random.default_rng(seed)
    values = np.append(rng.normal(size=3000), far).astype(np.float32)
    levels = levels_of(values)
    assert (np.diff(levels) >= 0).all()
    found = levels[nearest(levels, values)]
    assert np.abs(found - values).max() <= np.ptp(values) / 256
    if far == 0.0:  # better on the whole than levels that are spread evenly
        assert np.sqrt(np.mean((found - values) ** 2)) < np.ptp(values) / 256 / math.sqrt(12)


@pytest.mark.parametrize("name", ["a.compressed.ply", "a.sog"])
def test_what_does_not_fit_is_told_before_a_file_is_there(tmp_path, name):
    with pytest.raises(SceneFormatError, match="surfels among ellipsoids") as told:
        voile.save(make_splats(10, 0, "mixed"), tmp_path / name)
    assert told.value.path == tmp_path / name
    splats = make_splats(10, 0)
    with pytest.raises(SceneFormatError, match=r"positions.*ply"):
        voile.save(replace(splats, means=splats.means * np.float32(1e37)), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.ply", "a.compressed.ply", "a.sog", "a.spz", "a.splat"])
def test_progress_tells_the_name_of_the_file_that_was_asked_for(tmp_path, name):
    texts: list[str] = []
    voile.save(make_splats(10, 1), tmp_path / name, progress=lambda done, text: texts.append(text))
    assert any(name in text for text in texts)
    assert not any("part" in text for text in texts)


def test_morton_order_is_a_walk():
    points = np.random.default_rng(0).uniform(size=(4000, 3)).astype(np.float32)
    order = morton_order(points)
    assert sorted(order) == list(range(4000))
    steps = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert steps.mean() < 0.15 * np.linalg.norm(np.diff(points, axis=0), axis=1).mean() * 1.5
    assert len(morton_order(points[:0])) == 0
    assert list(morton_order(np.zeros((3, 3), np.float32))) == [0, 1, 2]


def test_a_capture_is_small_and_looks_the_same(tmp_path):
    splats = voile.load(shared_data.scene_path("biker.compressed.ply"))
    camera = voile.Camera.look_at((0.0, -0.6, 3.0), (0.0, -0.4, 0.0), width=200, height=150)
    wanted = voile.render(splats, camera, backend="cpu").color
    for name, least in (("a.compressed.ply", 70), ("a.sog", 60)):
        voile.save(splats, tmp_path / name)
        found = voile.render(voile.load(tmp_path / name), camera, backend="cpu").color
        assert psnr(found, wanted) > least, f"{name}: {psnr(found, wanted):.1f} dB"
