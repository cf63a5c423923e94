"""Environments and lamps: what they are, files of them, and what is wrong with bad ones."""

import sys

import numpy as np
import pytest
from fuzz import check_error
from PIL import Image

from voile.render.shading.environment import environment_frame, irradiance, pixel_directions
from voile.scenes import SceneFormatError
from voile.scenes.io.hdr import load_environment, read_hdr
from voile.scenes.lights import Environment, Lamp, LightError, sky, uniform

RUNS = b"\x02\x02\x00\x08" + b"\x88\x80" + b"\x08" + bytes(range(8)) + b"\x88\x40" + b"\x88\x81"
"""A row of 8 pixels: runs of red, blue and exponent, green as it is."""


def hdr(rows: bytes, size=b"-Y 2 +X 8", head=b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n") -> bytes:
    return head + size + b"\n" + rows


def test_runs_and_plain_pixels_are_read(tmp_path):
    plain = b"".join(bytes([k, 128, 0, 130]) for k in range(8))
    path = tmp_path / "sky.hdr"
    path.write_bytes(hdr(RUNS + plain))
    light = load_environment(path).image
    assert light.shape == (2, 8, 3)
    np.testing.assert_allclose(light[0, :, 0], 128.5 / 128)
    np.testing.assert_allclose(light[0, :, 1], (np.arange(8) + 0.5) / 128)
    np.testing.assert_allclose(light[1, :, 1], 128.5 / 64)


def test_display_images_become_light(tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((4, 8, 3), 188, np.uint8)).save(path)
    np.testing.assert_allclose(load_environment(path).image, 0.5029, atol=1e-3)


@pytest.fixture
def openexr():
    return pytest.importorskip("OpenEXR")


def save_exr(openexr, path, channels, **header):
    what = {"compression": openexr.PIZ_COMPRESSION, "type": openexr.scanlineimage, **header}
    with openexr.File(what, channels) as file:
        file.write(str(path))
    return path


def test_openexr_is_read(openexr, tmp_path):
    rng = np.random.default_rng(0)
    made = rng.uniform(0, 40, (6, 12, 3)).astype(np.float16)
    made[0, 0] = (-0.5, np.inf, 60000)
    path = save_exr(openexr, tmp_path / "sky.exr", {"RGB": made})
    light = load_environment(path).image
    np.testing.assert_array_equal(light[1:], made[1:])
    np.testing.assert_array_equal(light[0, 0], (0.0, 1e6, made[0, 0, 2]))
    grey = save_exr(openexr, tmp_path / "grey.exr", {"Y": made[..., 2].astype(np.float32)})
    np.testing.assert_array_equal(load_environment(grey).image, np.repeat(made[..., 2:], 3, axis=2))


def test_bad_openexr_files_are_told(openexr, tmp_path, monkeypatch):
    picture = np.ones((4, 8, 3), np.float32)
    hole = picture.copy()
    hole[1, 2] = np.nan
    around = np.array([0, 0], np.int32), np.array([15, 7], np.int32)
    bad = {
        "nan": save_exr(openexr, tmp_path / "nan.exr", {"RGB": hole}),
        "Z": save_exr(openexr, tmp_path / "depth.exr", {"Z": picture[..., 0]}),
        "cropping": save_exr(openexr, tmp_path / "c.exr", {"RGB": picture}, displayWindow=around),
    }
    whole = save_exr(openexr, tmp_path / "whole.exr", {"RGB": picture})
    data = whole.read_bytes()
    for name, corner in (("large", 15999), ("huge", 2**31 - 1)):
        cut = bytearray(data)
        for name_of in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
            at = data.index(name_of) + len(name_of) + 4 + 8
            cut[at : at + 8] = np.array([corner, corner], "<i4").tobytes()
        bad[name] = tmp_path / f"{name}.exr"
        bad[name].write_bytes(cut)
    for path in bad.values():
        with pytest.raises(SceneFormatError) as told:
            load_environment(path)
        check_error(told.value, path)
    rng = np.random.default_rng(0)
    for _ in range(60):
        flipped = bytearray(data)
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            flipped[at] ^= rng.integers(1, 256)
        whole.write_bytes(flipped[: rng.integers(1, 2 * len(data))])
        try:
            load_environment(whole)
        except SceneFormatError as error:
            check_error(error, whole)
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    whole.write_bytes(data)
    with pytest.raises(SceneFormatError, match="exr"):
        load_environment(whole)


BAD = {
    "empty.hdr": b"",
    "text.hdr": b"no picture",
    "no size.hdr": hdr(b"", b"Y 2 X 8"),
    "bottom up.hdr": hdr(RUNS + RUNS, b"+Y 2 +X 8"),
    "xyz.hdr": hdr(RUNS + RUNS, head=b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n"),
    "cut.hdr": hdr(RUNS + RUNS[:9]),
    "huge.hdr": hdr(RUNS, b"-Y 999999 +X 999999"),
    "large.hdr": hdr(RUNS, b"-Y 16000 +X 16000"),
    "long run.hdr": hdr(b"\x02\x02\x00\x08\xff\x80" + 40 * b"\x00"),
    "no run.hdr": hdr(b"\x02\x02\x00\x08\x00\x80" + 40 * b"\x00"),
    "cut.png": b"\x89PNG\r\n\x1a\n123",
    "sky.exr": b"v/1\x01",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_told(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BAD[name])
    with pytest.raises(SceneFormatError) as told:
        load_environment(path)
    check_error(told.value, path)


def test_no_file_at_all(tmp_path):
    with pytest.raises(SceneFormatError, match=r"none\.hdr"):
        load_environment(tmp_path / "none.hdr")


def test_flipped_bytes_are_read_or_refused(tmp_path):
    whole = hdr(RUNS + RUNS)
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(300):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            data[at] ^= rng.integers(1, 256)
        try:
            Environment("", np.minimum(read_hdr(bytes(data), tmp_path / "x.hdr"), 1e6))
            read += 1
        except SceneFormatError as error:
            check_error(error, tmp_path / "x.hdr")
    assert 0 < read < 300


def test_uniform_light_is_the_same_on_every_surface():
    normals = np.random.default_rng(1).normal(size=(50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    light = irradiance(uniform(2.0), np.eye(3), normals)
    np.testing.assert_allclose(light, 2 * np.pi, rtol=2e-3)


def test_irradiance_is_the_integral_of_light_over_the_hemisphere():
    made = sky()
    directions, angles = pixel_directions(64, 128)
    for normal in np.eye(3).tolist() + [[0, -1, 0], [0.6, 0.8, 0]]:
        cosine = np.maximum(directions @ normal, 0)[..., None]
        exact = (made.image * cosine * angles[..., None]).sum(axis=(0, 1))
        found = irradiance(made, np.eye(3), np.array(normal))
        np.testing.assert_allclose(found, exact, rtol=0.09)  # what degree 2 leaves out
    up = irradiance(made, np.eye(3), np.array([0.0, 1.0, 0.0])).mean() / np.pi
    assert up == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("up", [(0, -1, 0), (0, 1, 0), (0, 0, 1), (0.6, 0.0, -0.8)])
def test_the_environment_stands_on_the_up_vector_and_turns_about_it(up):
    for degrees in (0.0, 35.0, -180.0):
        turn = environment_frame(up, degrees)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1.0)
        np.testing.assert_allclose(turn @ up, (0, 1, 0), atol=1e-12)
    first, second = environment_frame(up, 0.0)[0], environment_frame(up, 90.0)[0]
    assert abs(first @ second) < 1e-12


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "spot"}, "spot"),
        ({"place": (0, 0, float("nan"))}, "place"),
        ({"place": (0, 0, 0)}, "no direction"),
        ({"color": (1, 2, 1)}, "color"),
        ({"intensity": -1.0}, "intensity"),
        ({"intensity": float("inf")}, "intensity"),
    ],
)
def test_bad_lamps_are_named(change, word):
    with pytest.raises(LightError, match=word):
        Lamp(**change)


@pytest.mark.parametrize(
    "image", [np.zeros((2, 2)), np.zeros((2, 2, 3)), np.full((2, 2, 3), -1, np.float32),
              np.full((2, 2, 3), np.nan, np.float32), np.zeros((0, 2, 3), np.float32)]
)  # fmt: skip
def test_bad_environments_are_refused(image):
    with pytest.raises(LightError):
        Environment("", image)


def test_numbers_of_a_lamp_are_pythons_own():
    x = np.float32(0.5)
    lamp = Lamp("point", tuple(np.array([1.0, 2.0, 3.0])), (x, x, x), x)
    numbers = (*lamp.place, *lamp.color, lamp.intensity)
    assert all(type(number) is float for number in numbers)
    assert numbers == (1.0, 2.0, 3.0, 0.5, 0.5, 0.5, 0.5)


def test_large_pictures_are_read_in_silence_and_larger_ones_refused(tmp_path, recwarn):
    path = tmp_path / "sky.png"
    Image.new("L", (10_000, 9000), 255).save(path)  # more than Pillow takes without a warning
    light = load_environment(path).image
    assert light.shape == (9000, 10_000, 3)
    assert light.min() == light.max() == 1.0
    path = tmp_path / "sky.hdr"
    path.write_bytes(hdr(RUNS, b"-Y 16384 +X 16384"))
    with pytest.raises(SceneFormatError, match="134,217,728 at most"):
        load_environment(path)
    assert not recwarn.list
