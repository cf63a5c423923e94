"""SPZ against an encoder written independently, and its hostile forms."""

import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest
import shared_data
import zstandard
from encode_spz import spz_bytes
from fuzz import refused
from make_splats import make_splats

import voile
from voile.scenes import SceneFormatError
from voile.scenes.io import FORMATS, detect
from voile.scenes.io.spz_layout import turn_signs
from voile.scenes.sh import sh_basis


def assert_close(found, expected, *, version, bits=12, sh_step=0.5 / 128):
    position = 2e-3 if version == 1 else 0.5 / 2**bits
    np.testing.assert_allclose(found.means, expected.means, atol=position + 1e-6)
    np.testing.assert_allclose(found.opacities, expected.opacities, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(np.log(found.scales), np.log(expected.scales), atol=0.5 / 16 + 1e-4)
    same = np.abs(np.sum(found.quats * expected.quats, axis=1))
    # Versions 1 and 2 leave w to the norm of 8-bit xyz: near w = 0 that is sqrt(2 * 0.007) off.
    assert same.min() > (0.993 if version < 3 else 0.99999)
    np.testing.assert_allclose(found.sh[:, 0], expected.sh[:, 0], atol=0.5 / 255 / 0.15 + 1e-5)
    np.testing.assert_allclose(found.sh[:, 1:], expected.sh[:, 1:], atol=sh_step + 1e-6)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize("degree", range(5))
def test_reads_every_version_and_degree(tmp_path, version, degree):
    splats = make_splats(40, degree, seed=degree, antialiased=version % 2 == 0)
    path = tmp_path / "scene.bin"
    path.write_bytes(spz_bytes(splats, version))
    found = voile.load(path)
    assert detect(path).name == "spz"
    assert found.antialiased == splats.antialiased
    assert found.sh_degree == degree
    assert_close(found, splats, version=version)


@pytest.mark.parametrize("degree", range(4))
def test_round_trip_of_version_3(tmp_path, degree):
    splats = make_splats(200, degree, antialiased=True)
    voile.save(splats, tmp_path / "scene.spz")
    found = voile.load(tmp_path / "scene.spz")
    header = gzip.decompress((tmp_path / "scene.spz").read_bytes())[:16]
    assert (header[4], header[13]) == (3, 12)  # version; fractional bits as Niantic writes them
    assert found.antialiased
    # Harmonics are cut to 4 bits.
    assert_close(found, splats, version=3, bits=12, sh_step=8.5 / 128)


def test_far_positions_get_fewer_fractional_bits(tmp_path):
    splats = make_splats(50, 0)
    far = replace(splats, means=splats.means * np.float32(1e5))
    voile.save(far, tmp_path / "far.spz")
    np.testing.assert_allclose(voile.load(tmp_path / "far.spz").means, far.means, atol=0.04)
    beyond = replace(splats, means=splats.means * np.float32(1e8))
    with pytest.raises(SceneFormatError, match="positions"):
        voile.save(beyond, tmp_path / "beyond.spz")


def test_degree_4_is_cut_to_3_on_writing(tmp_path):
    assert FORMATS["spz"].max_sh_degree == 3
    voile.save(make_splats(10, 4), tmp_path / "a.spz")
    assert voile.load(tmp_path / "a.spz").sh_degree == 3


def test_half_a_turn_of_harmonics_is_a_turn_of_directions():
    rng = np.random.default_rng(0)
    d = rng.normal(size=(50, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    turned = sh_basis(d * [1, -1, -1], 4)
    np.testing.assert_allclose(turned, sh_basis(d, 4) * turn_signs(4), atol=1e-12)


def head(version=3, count=4, degree=0, bits=12, streams=0):
    return struct.pack("<4sII4B", b"NGSP", version, count, degree, bits, 0, streams)


def version_4(count, degree, streams):
    """A file of (frame, raw size) streams."""
    table = b"".join(struct.pack("<QQ", len(frame), raw) for frame, raw in streams)
    start = head(4, count, degree, streams=len(streams)) + struct.pack("<I12x", 32)
    return start + table + b"".join(frame for frame, _ in streams)


def noise(size, noisy):
    """`size` bytes, the first `noisy` of which do not compress."""
    return np.random.default_rng(0).bytes(noisy) + bytes(size - noisy)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (head(version=9), "version"),
        (head(degree=5), "shDegree"),
        (head(bits=60), "fractionalBits"),
        (b"NGSP", "header"),
        (head(version=4, streams=2) + struct.pack("<I12x", 32), "streams"),
        (head(version=4, streams=5) + struct.pack("<I12x", 3_000_000_000), "table"),
    ],
)
def test_bad_headers_name_the_field(tmp_path, bad, field):
    path = tmp_path / "bad.spz"
    path.write_bytes(bad)
    assert field in refused(path).field


def test_gzip_bomb(tmp_path):
    """A consistent header over zeros that compress a thousandfold."""
    count = 20_000_000
    packer = gzip.zlib.compressobj(wbits=31)
    data = packer.compress(head(count=count))
    for _ in range(count * 20 // (1 << 20) + 1):
        data += packer.compress(bytes(1 << 20))
    path = tmp_path / "bomb.spz"
    path.write_bytes(data + packer.flush())
    assert "bomb" in str(refused(path, resident=True))


def test_gzip_stream_longer_than_the_header_says(tmp_path):
    path = tmp_path / "long.spz"
    path.write_bytes(gzip.compress(head(count=1) + bytes(200 << 20)))
    assert refused(path, resident=True).field == "gzip"


def test_zstd_bomb(tmp_path):
    stream = zstandard.compress(bytes(300 << 20))
    path = tmp_path / "bomb.spz"
    count = (300 << 20) // 9
    table = struct.pack("<QQ", len(stream), count * 9) * 5
    path.write_bytes(head(4, count, streams=5) + struct.pack("<I12x", 32) + table + stream * 5)
    refused(path, resident=True)


def test_zstd_stream_longer_than_the_table_says(tmp_path):
    stream = zstandard.compress(bytes(300 << 20))
    rest = [bytes(size) for size in (1, 3, 3, 4)]
    path = tmp_path / "long.spz"
    path.write_bytes(
        version_4(1, 0, [(stream, 9), *((zstandard.compress(r), len(r)) for r in rest)])
    )
    assert "positions" in refused(path, resident=True).field


def test_zstd_stream_broken_behind_large_ones(tmp_path):
    """Nothing large is kept before every stream is known to be sound."""
    count = 8_000_000
    columns = [noise(9 * count, 1 << 20), *(bytes(k * count) for k in (1, 3, 3, 4))]
    streams = [(zstandard.compress(column), len(column)) for column in columns]
    streams[-1] = (streams[-1][0][:-5], streams[-1][1])
    path = tmp_path / "broken.spz"
    path.write_bytes(version_4(count, 0, streams))
    assert refused(path, resident=True).field == "rotations"


def test_constant_columns_are_no_bomb(tmp_path):
    """Equal scales and no view dependence take almost no room, which is no reason to refuse."""
    count = 60_000
    columns = [noise(9 * count, 9 * count), *(bytes([128]) * k * count for k in (1, 3, 3, 4, 45))]
    path = tmp_path / "constant.spz"
    path.write_bytes(version_4(count, 3, [(zstandard.compress(c), len(c)) for c in columns]))
    assert len(voile.load(path)) == count


def test_float16_position_that_is_not_finite(tmp_path):
    count = 3_000_000
    positions = bytearray(noise(6 * count, 1 << 20))
    positions[1::2] = bytes(b & 0x3F for b in positions[1::2])
    positions[-6:] = struct.pack("<3e", 0, float("inf"), 0)
    path = tmp_path / "infinite.spz"
    payload = head(1, count) + positions + bytes(10 * count)
    for data in (gzip.compress(payload, 1), payload):
        path.write_bytes(data)
        error = refused(path, resident=True)
        assert error.field == "positions"
        assert f"splat {count - 1} " in error.problem
    small = head(1, 2) + struct.pack("<6e", 1, 2, 3, 0, float("nan"), 0) + bytes(20)
    path.write_bytes(gzip.compress(small))
    assert "splat 1 " in refused(path).problem
    assert len(voile.load(path, drop_invalid=True)) == 1


@pytest.mark.parametrize("packed", [True, False])
def test_extension_records_are_left_alone(tmp_path, packed):
    splats = make_splats(20, 1)
    payload = bytearray(spz_bytes(splats, 3, packed=False))
    record = struct.pack("<III", 0xADBE0003, 4, 1)
    path = tmp_path / "extended.spz"

    def load():
        path.write_bytes(gzip.compress(payload + record) if packed else payload + record)
        return voile.load(path)

    with pytest.raises(SceneFormatError):  # no flag announces the bytes behind the columns
        load()
    payload[14] |= 2
    found = load()
    assert_close(found, splats, version=3)
    assert any("extension" in note for note in found.notes)


def test_extension_records_of_version_4(tmp_path):
    splats = make_splats(20, 1)
    data = bytearray(spz_bytes(splats, 4))
    data[14] |= 2
    data[16:20] = struct.pack("<I", 32 + 12)
    path = tmp_path / "extended.spz"
    path.write_bytes(data[:32] + struct.pack("<III", 0xADBE0003, 4, 1) + data[32:])
    assert_close(voile.load(path), splats, version=4)


def test_version_4_inside_gzip_is_refused(tmp_path):
    path = tmp_path / "four.spz"
    payload = bytearray(spz_bytes(make_splats(5, 0), 3, packed=False))
    payload[4] = 4
    path.write_bytes(gzip.compress(payload))
    assert refused(path).field == "version"


def test_shared_fixtures_hold_the_same_scene():
    """Versions 3 and 4 of one file are equal; version 2 has other values, checked by hand."""
    three, four = (voile.load(shared_data.fixture_path(f"minimal-v{v}.spz")) for v in (3, 4))
    np.testing.assert_array_equal(three.means, four.means)
    np.testing.assert_array_equal(three.quats, four.quats)
    np.testing.assert_array_equal(three.sh, four.sh)
    splat = voile.load(shared_data.fixture_path("minimal.splat"))
    np.testing.assert_allclose(splat.means, four.means, atol=1e-3)
    np.testing.assert_allclose(splat.scales, four.scales, rtol=0.05)


def test_one_capture_in_two_formats():
    """biker as SPZ 4 and as compressed PLY: the same splats in the same order."""
    spz = voile.load(shared_data.scene_path("biker.spz"))
    ply = voile.load(shared_data.scene_path("biker.compressed.ply"))
    assert len(spz) == len(ply) == 152_746
    # SPZ: 1/4096 a step. PLY: 11 bits of each chunk's extent, well below that here.
    assert np.abs(spz.means - ply.means).max() < 0.5 / 4096 + 1e-3
    assert np.abs(spz.opacities - ply.opacities).max() <= 1 / 255 + 1e-6
    # SPZ: 1/16 of a log unit a step from -10 on; PLY: 11 bits of a chunk's range of at most 10.
    held = ply.scales > np.exp(-10)
    assert held.mean() > 0.95
    assert np.abs(np.log(spz.scales / ply.scales))[held].max() < 0.5 / 16 + 10 / 1023
    # SPZ: 8 bits of a range of 1/0.15; PLY: 8 bits of the chunk's range.
    assert np.abs(spz.sh - ply.sh).max() < 0.5 / 255 / 0.15 + 1 / 255 / 0.28
    same = np.abs(np.sum(spz.quats * ply.quats, axis=1))
    assert np.degrees(2 * np.arccos(np.minimum(same, 1))).max() < 0.5


@pytest.mark.parametrize("kind", ["2d", "mixed"])
def test_no_room_for_surfels(tmp_path, kind):
    with pytest.raises(SceneFormatError, match="surfels do not fit"):
        voile.save(make_splats(4, 0, kind), tmp_path / "a.spz")
