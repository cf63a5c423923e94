"""Image splats and their file: what is written is read, and nothing else is."""

import math
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from fuzz import MEGABYTE, Damage, check_error, damaged, damages
from hypothesis import given, settings
from hypothesis import strategies as st
from make_images import make_image

import voile
from voile.scenes import SceneFormatError
from voile.scenes.image_splats import ImageSplats, ImageSplatsError
from voile.scenes.io.vis import (
    HEADER,
    Bits,
    bits_for,
    encode,
    file_bytes,
    load_image,
    quantised,
    read_image,
    save_image,
)


def same(a: ImageSplats, b: ImageSplats) -> bool:
    columns = ("means", "inverse_scales", "rotations", "colors")
    return a.size == b.size and all(np.array_equal(getattr(a, c), getattr(b, c)) for c in columns)


@given(
    n=st.integers(0, 70),
    channels=st.integers(1, 4),
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    bits=st.builds(
        Bits, st.integers(2, 24), st.integers(2, 16), st.integers(2, 16), st.integers(2, 16)
    ),
    seed=st.integers(0, 9),
)
@settings(max_examples=60)
def test_round_trip(tmp_path_factory, n, channels, size, bits, seed):
    splats = make_image(n, size, channels, seed=seed)
    path = tmp_path_factory.mktemp("vis") / "a.vis"
    save_image(splats, path, bits)
    assert path.stat().st_size == file_bytes(n, bits, channels)
    found, kept = read_image(path)
    assert kept == bits
    assert same(found, quantised(splats, bits))
    # What a file holds it holds exactly.
    assert encode(found, bits) == path.read_bytes()


def test_usual_bits_keep_positions_to_an_eighth_of_a_pixel():
    for size in [(16, 16), (512, 512), (7680, 4320)]:
        splats = make_image(200, size)
        inside = np.clip(splats.means, 0, size).astype(np.float32)
        moved = quantised(splats, bits_for(size)).means - inside
        low = -np.array(size) / 16
        reachable = (splats.means >= low) & (splats.means <= np.array(size) - low)
        assert np.abs(moved[reachable & (splats.means == inside)]).max() <= 1 / 16 + 1e-3


def test_more_than_one_part(tmp_path):
    splats = make_image(40_000, (900, 700), 3)
    save_image(splats, tmp_path / "a.vis")
    assert same(load_image(tmp_path / "a.vis"), quantised(splats, bits_for(splats.size)))


def test_detail_covers_as_much():
    splats = make_image(400, (64, 64))
    coarse = splats.detail(100)
    assert len(coarse) == 100
    assert np.allclose(coarse.inverse_scales, splats.inverse_scales[:100] / 2)
    assert splats.detail(10**9) is not None
    assert len(splats.detail(10**9)) == 400
    assert len(splats.detail(-1)) == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"means": np.zeros((3, 3), np.float32)}, "means has shape"),
        ({"means": np.zeros((3, 2))}, "means is float64"),
        ({"inverse_scales": np.zeros((3, 2), np.float32)}, r"inverse_scales\[0\] must be positive"),
        ({"rotations": np.array([0, np.nan, 0], np.float32)}, r"rotations\[1\] is not finite"),
        ({"colors": np.zeros((3, 5), np.float32)}, "C from 1 to 4"),
        ({"colors": np.zeros(3, np.float32)}, "C from 1 to 4"),
        ({"size": (0, 4)}, "each side must be 1 to"),
        ({"size": (4, 10**6)}, "each side must be 1 to"),
    ],
)
def test_wrong_arrays(change, words):
    splats = make_image(3, (8, 8))
    arrays = {c: getattr(splats, c) for c in ("means", "inverse_scales", "rotations", "colors")}
    with pytest.raises(ImageSplatsError, match=words):
        ImageSplats(**{**arrays, "size": (8, 8), **change})


@pytest.mark.parametrize("bits", [(1, 8, 8, 8), (25, 8, 8, 8), (8, 17, 8, 8), (8, 8, 8, 0)])
def test_wrong_bits(bits):
    with pytest.raises(ValueError, match="bits; it may have 2 to"):
        Bits(*bits)


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "photo.vis"
    save_image(make_image(60, (40, 30), 4), path)
    return path


def load_cleanly(path):
    """Reads it or is refused as every file must be, in little memory."""
    tracemalloc.start()
    try:
        result = load_image(path)
    except SceneFormatError as error:
        result = error.with_traceback(None)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    if isinstance(result, SceneFormatError):
        check_error(result, path)
    assert peak <= 2 * path.stat().st_size + 64 * MEGABYTE
    return result


def refused(path, words=""):
    error = load_cleanly(path)
    assert isinstance(error, SceneFormatError)
    assert words in str(error)


def test_cut_anywhere(sample):
    data = sample.read_bytes()
    for k in range(len(data)):
        sample.write_bytes(data[:k])
        refused(sample)
    sample.write_bytes(data + b"\0")
    refused(sample, "count")


@given(damage=damages)
@settings(max_examples=500)
def test_flipped_bytes(sample, damage: Damage):
    data = sample.read_bytes()
    try:
        sample.write_bytes(damaged(data, damage))
        load_cleanly(sample)
    finally:
        sample.write_bytes(data)


FIELDS = ("magic", "version", "channels", "position", "scale", "rotation", "color", "reserved",
          "width", "height", "count", "crc")  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 2**32 - 1}, "count"),
        ({"count": 61}, "count"),
        ({"version": 2}, "version"),
        ({"reserved": 1}, "version"),
        ({"channels": 0}, "channels"),
        ({"channels": 200}, "channels"),
        ({"position": 25}, "bits"),
        ({"color": 0}, "bits"),
        ({"width": 0}, "size"),
        ({"height": 2**32 - 1}, "size"),
        ({"crc": 0}, "checksum"),
    ],
)
def test_header_that_lies(sample, changes, words):
    data = sample.read_bytes()
    fields = dict(zip(FIELDS, HEADER.unpack(data[: HEADER.size])))
    sample.write_bytes(HEADER.pack(*{**fields, **changes}.values()) + data[HEADER.size :])
    refused(sample, words)


@given(payload=st.binary(min_size=0, max_size=90), channels=st.integers(1, 4))
@settings(max_examples=50)
def test_any_payload_is_an_image(tmp_path_factory, payload, channels):
    """Every record is a Gaussian that `ImageSplats` accepts: no bits have to be refused."""
    bits = Bits(12, 7, 5, 9)
    count = len(payload) * 8 // bits.record(channels)
    payload = payload[: math.ceil(count * bits.record(channels) / 8)]
    head = HEADER.pack(b"VOILEVIS", 1, channels, 12, 7, 5, 9, 0, 50, 40, count, zlib.crc32(payload))
    path = tmp_path_factory.mktemp("any") / "a.vis"
    path.write_bytes(head + payload)
    assert len(load_image(path)) == count


def test_other_files(tmp_path):
    path = tmp_path / "a.vis"
    for content in [
        b"",
        b"\0",
        b"\xff" * 4096,
        b"\x89PNG\r\n",
        struct.pack("<8sH", b"VOILEVIS", 1),
    ]:
        path.write_bytes(content)
        refused(path)
    with pytest.raises(SceneFormatError, match="nothing"):
        load_image(tmp_path / "nothing.vis")


def test_a_scene_reader_says_what_it_is(sample):
    with pytest.raises(SceneFormatError, match="image made of splats"):
        voile.load(sample)


def test_writing_fails_whole(tmp_path):
    with pytest.raises(SceneFormatError, match="cannot be written"):
        save_image(make_image(3, (8, 8)), tmp_path / "no" / "a.vis")
