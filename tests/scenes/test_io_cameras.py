"""Cameras of captures: what was written is read; whatever a file holds, it is read or refused."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path

import camera_samples
import numpy as np
import pytest
from camera_samples import CAMERAS, NAMES, SAMPLES
from fuzz import MEGABYTE, check_error, damaged, files_of, size_of
from PIL import Image

from voile.render.captured import load_cameras
from voile.scenes import SceneFormatError
from voile.scenes.io.cameras import FORMATS, load_views, recognised


def read_cleanly(path: Path) -> list | SceneFormatError:
    """The views, or the error that refused the file; anything else, or much memory, fails."""
    tracemalloc.start()
    try:
        return load_views(path)
    except SceneFormatError as error:
        check_error(error, path)
        return error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= 2 * size_of(path) + 64 * MEGABYTE


@pytest.mark.parametrize("name", SAMPLES)
def test_what_was_written_is_read(name, tmp_path):
    path = SAMPLES[name](tmp_path)
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "b.png")
    assert recognised(path)
    views = load_views(path)
    assert [Path(view.name).name for view in views] == NAMES
    assert [view.image is not None for view in views] == [False, True, False]
    for view, camera, again in zip(views, CAMERAS, load_cameras(path)):
        np.testing.assert_allclose(view.world_to_camera, camera.world_to_camera, atol=1e-9)
        np.testing.assert_allclose(view.position, camera.position, atol=1e-9)
        assert (view.width, view.height) == (camera.width, camera.height)
        np.testing.assert_allclose((view.fx, view.fy), (camera.fx, camera.fy), rtol=1e-9)
        assert (view.cx, view.cy, view.bent) == (camera.cx, camera.cy, 0.0)
        assert again.fov_y == pytest.approx(camera.fov_y)


def test_every_format_has_a_sample():
    assert {name.partition("/")[0] for name in SAMPLES} == set(FORMATS)


@pytest.mark.parametrize("below", ["", "sparse", "sparse/0", "sparse/0/images.bin"])
def test_a_colmap_model_is_found_from_above_and_by_its_files(tmp_path, below):
    camera_samples.colmap_bin(tmp_path)
    assert len(load_views(tmp_path / below)) == 3


def test_a_blender_scene_asks_its_photographs_for_their_size(tmp_path):
    path = camera_samples.transforms_json(tmp_path, shared=True)
    with pytest.raises(SceneFormatError, match="photograph is not there"):
        load_views(path)
    (tmp_path / "images").mkdir()
    for name in NAMES:
        Image.new("RGB", (40, 20)).save(tmp_path / "images" / name)
    view = load_views(path)[0]
    assert (view.width, view.height, view.cx, view.cy) == (40, 20, 20, 10)
    assert view.fx == view.fy == pytest.approx(20 / np.tan(0.35))


def test_distortion_is_left_out_and_said(tmp_path):
    # OpenCV's k1 moves the corner by k1 r^3 f.
    view = load_views(camera_samples.colmap_bin(tmp_path, 4, (0.1, 0, 0, 0)))[0]
    corner = np.hypot(view.cx / view.fx, view.cy / view.fy)
    assert view.bent == pytest.approx(0.1 * corner**3 * view.fx, rel=1e-6)


@pytest.mark.parametrize(("model", "name"), [(5, "OPENCV_FISHEYE"), (7, "FOV")])
def test_a_lens_that_is_no_pinhole_is_refused_with_the_remedy(tmp_path, model, name):
    extra = (0.0,) * (4 if model == 5 else 1)
    with pytest.raises(SceneFormatError, match=name) as caught:
        load_views(camera_samples.colmap_bin(tmp_path, model, extra))
    assert "undistort" in str(caught.value)
    nerf = json.loads(camera_samples.transforms_json(tmp_path).read_text())
    nerf["camera_model"] = "OPENCV_FISHEYE"
    (tmp_path / "transforms.json").write_text(json.dumps(nerf))
    with pytest.raises(SceneFormatError, match="OPENCV_FISHEYE"):
        load_views(tmp_path / "transforms.json")


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off(name, tmp_path):
    path = SAMPLES[name](tmp_path)
    for file in files_of(path):
        data = file.read_bytes()
        for part in range(64):
            file.write_bytes(data[: len(data) * part // 64])
            read_cleanly(path)
        file.write_bytes(data)
    assert isinstance(read_cleanly(path), list)


@pytest.mark.parametrize("name", SAMPLES)
def test_flipped_bytes(name, tmp_path):
    copy = SAMPLES[name](tmp_path)
    files = files_of(copy)
    originals = [file.read_bytes() for file in files]
    rng = np.random.default_rng(7)
    for _ in range(250):
        which = rng.integers(len(files))
        hits = rng.integers(1, 5)
        damage = [
            (bool(a), int(b), int(c))
            for a, b, c in zip(
                *(rng.integers(0, 2, hits), rng.integers(0, 2**20, hits)),
                rng.integers(1, 256, hits),
            )
        ]
        files[which].write_bytes(damaged(originals[which], damage))
        read_cleanly(copy)
        files[which].write_bytes(originals[which])


@pytest.mark.parametrize("file", ["cameras.bin", "images.bin"])
@pytest.mark.parametrize("count", [2**32, 2**63, 100_000])
def test_counts_are_held_against_the_bytes(tmp_path, file, count):
    path = camera_samples.colmap_bin(tmp_path)
    data = (path / file).read_bytes()
    (path / file).write_bytes(struct.pack("<Q", count) + data[8:])
    assert isinstance(read_cleanly(path), SceneFormatError)


def test_features_beyond_the_end(tmp_path):
    path = camera_samples.colmap_bin(tmp_path)
    data = bytearray((path / "images.bin").read_bytes())
    at = data.index(b"a.png\0") + 6
    data[at : at + 8] = struct.pack("<Q", 2**62)
    (path / "images.bin").write_bytes(data)
    assert "bytes where" in str(read_cleanly(path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rotation": [[1, 0, 0], [0, 1, 0], [0, 0, -1]]}, "no rotation"),
        ({"rotation": [[1, 0, 0], [0, 1, 0]]}, "length"),
        ({"rotation": [[1e308] * 3] * 3}, "not finite"),
        ({"width": 0}, "pixels"),
        ({"fx": -1.0}, "no lens"),
        ({"position": [0, 0]}, "length"),
        ({"position": "here"}, "array"),
        ({"height": 2**40}, "pixels"),
        ({"width": 10**400}, "pixels"),
        ({"position": [1e308, 0, 0]}, "not finite"),
    ],
)
def test_numbers_that_make_no_camera(tmp_path, change, words):
    path = camera_samples.cameras_json(tmp_path)
    entries = json.loads(path.read_text())
    entries[1] |= change
    path.write_text(json.dumps(entries))
    error = read_cleanly(path)
    assert words in str(error)
    assert "1" in error.field


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"[" * 100_000, b"\xff" * 100, b'[{"rotation": ', b"null"]
)
@pytest.mark.parametrize("name", ["cameras.json", "transforms.json", "images.bin", "x.txt"])
def test_not_cameras(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    assert isinstance(read_cleanly(tmp_path / name), SceneFormatError)


def test_missing_and_empty_folder(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.json"):
        assert isinstance(read_cleanly(path), SceneFormatError)
        assert not recognised(path)
