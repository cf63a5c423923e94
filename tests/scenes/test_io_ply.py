"""PLY: every layout that is met in the wild, both ways, and clear refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fuzz import refused
from make_splats import make_splats
from scene_samples import ply_bytes

import voile
from voile.scenes import Cancelled, SceneFormatError, Splats

COLUMNS = ("means", "quats", "scales", "opacities", "sh")


def assert_same(got: Splats, expected: Splats) -> None:
    """Equal within float32 of logarithm and logit (|log| < 8: relative 8 * 2^-24 and rounding)."""
    assert len(got) == len(expected)
    assert got.kind == expected.kind
    np.testing.assert_array_equal(got.means, expected.means)
    np.testing.assert_array_equal(got.sh, expected.sh)
    np.testing.assert_allclose(got.quats, expected.quats, atol=3e-7)
    np.testing.assert_allclose(got.scales, expected.scales, rtol=1e-6)
    np.testing.assert_allclose(got.opacities, expected.opacities, rtol=2e-6)


def read(tmp_path: Path, data: bytes, name: str = "scene.ply", **options: bool) -> Splats:
    path = tmp_path / name
    path.write_bytes(data)
    return voile.load(path, **options)


@pytest.mark.parametrize("degree", range(5))
@pytest.mark.parametrize("kind", ["3d", "2d", "mixed"])
def test_round_trip(tmp_path: Path, degree: int, kind):
    # More rows than a chunk of the reader and of the writer, and no multiple of either.
    splats = make_splats(9001, degree, kind, seed=degree)
    voile.save(splats, tmp_path / "a.ply")
    assert_same(voile.load(tmp_path / "a.ply"), splats)


def test_round_trip_of_what_the_comments_hold(tmp_path: Path):
    voile.save(make_splats(5, 0, antialiased=True, up=(0.0, 0.6, 0.8)), tmp_path / "a.ply")
    again = voile.load(tmp_path / "a.ply")
    assert again.antialiased
    np.testing.assert_allclose(again.up, (0.0, 0.6, 0.8))


def test_inria_layout_is_62_floats(tmp_path: Path):
    voile.save(make_splats(7, 3), tmp_path / "a.ply")
    data = (tmp_path / "a.ply").read_bytes()
    assert len(data) - data.index(b"end_header\n") - len(b"end_header\n") == 7 * 248


def test_opacity_0_and_1_stay_finite(tmp_path: Path):
    splats = make_splats(2, 0)
    splats.opacities[:] = 0.0, 1.0
    voile.save(splats, tmp_path / "a.ply")
    opacities = voile.load(tmp_path / "a.ply").opacities
    assert opacities[0] <= 2e-38
    assert opacities[1] == 1.0


@pytest.mark.parametrize("encoding", ["binary_little_endian", "binary_big_endian", "ascii"])
@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("drop", [(), ("nx", "ny", "nz")])
def test_layouts(tmp_path: Path, encoding: str, kind: str, extra: bool, drop: tuple[str, ...]):
    splats = make_splats(50, 2)
    data = ply_bytes(splats, encoding=encoding, kind=kind, extra=extra, drop=drop)
    assert_same(read(tmp_path, data), splats)


def test_without_scale_2_it_is_surfels(tmp_path: Path):
    splats = make_splats(20, 0, "2d")
    assert_same(read(tmp_path, ply_bytes(splats, drop=("scale_2",))), splats)


def test_detected_by_content_not_by_name(tmp_path: Path):
    splats = make_splats(20, 1)
    for name in ("scene.splat", "scene.spz", "scene.sog", "scene"):
        assert_same(read(tmp_path, ply_bytes(splats), name), splats)


@pytest.mark.parametrize(
    ("comment", "field", "value"),
    [
        ("SplatRenderMode: mip", "antialiased", True),
        ("SplatRenderMode: default", "antialiased", False),
        ("SplatRenderMode: 2dgs", "kind", "2d"),
        ("antialiased 1", "antialiased", True),
        ("antialiased 0", "antialiased", False),
        ("Vertical axis: 0 0 2", "up", (0.0, 0.0, 1.0)),
        ("Vertical axis: y", "up", (0.0, -1.0, 0.0)),
        ("Vertical axis: 0 0 0", "up", (0.0, -1.0, 0.0)),
    ],
)
def test_comments(tmp_path: Path, comment: str, field: str, value: object):
    assert getattr(read(tmp_path, ply_bytes(comments=(comment,))), field) == value


def test_plain_point_cloud(tmp_path: Path):
    path = tmp_path / "points.ply"
    head = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
    path.write_text(head + "property float z\nproperty uchar red\nend_header\n0 0 0 255\n")
    assert "plain point cloud of 1 points" in str(refused(path))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d.replace(b"property float rot_3\n", b""), "rot_3"),
        (lambda d: d.replace(b"property float f_rest_8\n", b""), "f_rest"),
        (lambda d: d.replace(b"end_header", b"no_header"), "header"),
        (lambda d: d.replace(b"property float x", b"property half x"), "header"),
        (lambda d: d.replace(b"property float x", b"property list uchar int x"), "x"),
        (lambda d: d[:-1], "element vertex"),
    ],
)
def test_refusals_name_the_field(tmp_path: Path, change, field: str):
    path = tmp_path / "bad.ply"
    path.write_bytes(change(ply_bytes()))
    assert field in refused(path).field


def test_header_without_end_is_not_read_on(tmp_path: Path):
    path = tmp_path / "endless.ply"
    path.write_bytes(b"ply\nformat ascii 1.0\n" + b"comment x\n" * 2_000_000)
    assert refused(path, resident=True).field == "header"


@pytest.mark.parametrize(
    ("array", "value", "field"),
    [
        ("means", np.nan, "x y z"),
        ("means", np.inf, "x y z"),
        ("sh", -np.inf, "f_dc, f_rest"),
        ("quats", 0.0, "rot_0..3"),
    ],
)
@pytest.mark.parametrize("encoding", ["binary_little_endian", "ascii"])
def test_invalid_splats(tmp_path: Path, array: str, value: float, field: str, encoding: str):
    splats = make_splats(20, 1)
    getattr(splats, array)[7] = value  # after the checks of `Splats`
    path = tmp_path / "bad.ply"
    path.write_bytes(ply_bytes(splats, encoding=encoding))
    error = refused(path)
    assert error.field == field
    assert "splat 7" in str(error)
    kept = voile.load(path, drop_invalid=True)
    assert_same(kept, make_splats(20, 1).take([i for i in range(20) if i != 7]))
    assert any("1 splats" in note for note in kept.notes)


def test_cancelled_while_reading_and_writing(tmp_path: Path):
    splats = make_splats(3000, 0)
    path = tmp_path / "a.ply"
    voile.save(splats, path)
    before = path.read_bytes()

    def cancel(fraction: float, stage: str, /) -> None:
        raise Cancelled(stage)

    with pytest.raises(Cancelled):
        voile.load(path, cancel)
    with pytest.raises(Cancelled):
        voile.save(make_splats(10, 0), path, progress=cancel)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_unwritable_folder(tmp_path: Path):
    with pytest.raises(SceneFormatError, match="cannot be written"):
        voile.save(make_splats(3, 0), tmp_path / "no such folder" / "a.ply")
