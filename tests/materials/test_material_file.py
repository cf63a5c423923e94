"""The file of a material: kept whole, and safe to read whatever it contains."""

import json
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from make_materials import make_material

from voile.scenes.errors import SceneFormatError
from voile.scenes.material import NetShape
from voile.scenes.material_file import VERSION, load_material, material_bytes, save_material

FIXED = 20


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.vnm"
    save_material(make_material(), path)
    return path


@pytest.mark.parametrize("half", [False, True])
def test_round_trip(tmp_path, half):
    material = make_material(NetShape(6, 1, (12, 8, 4), (5,)), half=half)
    save_material(material, tmp_path / "a.vnm")
    again = load_material(tmp_path / "a.vnm")
    for name in ("name", "shape", "albedo", "made_by", "size"):
        assert getattr(again, name) == getattr(material, name)
    for one, two in zip(material.levels, again.levels):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)
    for one, two in zip(material.layers.values(), again.layers.values()):
        np.testing.assert_array_equal(one.weight, two.weight)
        np.testing.assert_array_equal(one.bias, two.bias)
    assert material_bytes(again) == material_bytes(material)


def parts(data: bytes) -> tuple[dict, bytes]:
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[FIXED : FIXED + length]), data[FIXED + length :]


def sealed(header, arrays: bytes) -> bytes:
    """A file with a right checksum, whatever is in it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = text + arrays
    return struct.pack("<8sIII", b"VoileNM\0", VERSION, len(text), zlib.crc32(body)) + body


def with_header(data: bytes, **changes) -> bytes:
    header, arrays = parts(data)
    return sealed({**header, **changes}, arrays)


def with_nan(data: bytes) -> bytes:
    header, arrays = parts(data)
    return sealed(header, arrays[:-4] + struct.pack("<f", float("nan")))


@pytest.mark.parametrize(("version", "fix"), [(1, "Bake it again"), (VERSION + 1, "Update Voile")])
def test_another_version_is_told_what_helps(saved, version, fix):
    data = saved.read_bytes()
    saved.write_bytes(data[:8] + struct.pack("<I", version) + data[12:])
    with pytest.raises(SceneFormatError, match=f"is {version}, this Voile reads {VERSION}") as told:
        load_material(saved)
    assert fix in told.value.fix


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: b"", "magic"),
        (lambda d: b"ply\n" + d, "magic"),
        (lambda d: d[:12], "header"),
        (lambda d: d[:8] + struct.pack("<I", VERSION + 1) + d[12:], "version"),
        (lambda d: d[:12] + struct.pack("<I", 2**32 - 1) + d[16:], "header"),
        (lambda d: d[:12] + struct.pack("<I", 0) + d[16:], "header"),
        (lambda d: d[:16] + b"\0\0\0\0" + d[20:], "checksum"),
        (lambda d: d + b"\0", "size"),
        (lambda d: d[:-1], "size"),
        (lambda d: sealed(b"\xff\xfe", parts(d)[1]), "header"),
        (lambda d: sealed([], parts(d)[1]), "header"),
        (lambda d: with_header(d, size=[4096, 4096]), "size"),
        (lambda d: with_header(d, size=[2**40, 8]), "header"),
        (lambda d: with_header(d, size=[6, 4]), "header"),
        (lambda d: with_header(d, size=[-8, 4]), "header"),
        (lambda d: with_header(d, latents=2**31), "header"),
        (lambda d: with_header(d, latents=4), "size"),
        (lambda d: with_header(d, hidden=[32] * 9), "header"),
        (lambda d: with_header(d, hidden=[256, 256]), "size"),
        (lambda d: with_header(d, frames=-1), "header"),
        (lambda d: with_header(d, half=False), "size"),
        (lambda d: with_header(d, albedo=[0.1, 0.2]), "header"),
        (lambda d: with_header(d, albedo=[0.1, 0.2, -1.0]), "values"),
        (lambda d: with_header(d, more=1), "header"),
        (with_nan, "values"),
    ],
)
def test_bad_files_are_refused(saved, change, field):
    saved.write_bytes(change(saved.read_bytes()))
    with pytest.raises(SceneFormatError) as caught:
        load_material(saved)
    assert caught.value.field == field, caught.value
    assert caught.value.path == saved
    assert caught.value.fix


def test_cut_and_flipped_files_fail_in_one_way(saved):
    whole = saved.read_bytes()
    rng = np.random.default_rng(0)
    cut = [whole[: len(whole) * k // 64] for k in range(64)]
    flipped = []
    for _ in range(500):
        changed = bytearray(whole)
        changed[rng.integers(min(len(whole), 400 if rng.random() < 0.5 else 10**9))] ^= (
            1 << rng.integers(8)
        )
        flipped.append(bytes(changed))
    for data in cut + flipped:
        saved.write_bytes(data)
        with pytest.raises(SceneFormatError):
            load_material(saved)


def test_flips_under_a_right_checksum_are_read_or_refused(saved):
    whole = saved.read_bytes()
    header, arrays = parts(whole)
    text = json.dumps(header).encode()
    rng = np.random.default_rng(1)
    read = 0
    tracemalloc.start()
    for _ in range(500):
        changed = bytearray(text + arrays)
        changed[rng.integers(len(text) if rng.random() < 0.5 else len(changed))] ^= (
            1 << rng.integers(8)
        )
        saved.write_bytes(sealed(bytes(changed[: len(text)]), bytes(changed[len(text) :])))
        try:
            read += np.isfinite(load_material(saved).levels[0]).all()
        except SceneFormatError:
            continue
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert 100 < read < 500


def test_missing_and_unwritable(tmp_path):
    with pytest.raises(SceneFormatError, match="cannot be read"):
        load_material(tmp_path / "none.vnm")
    (tmp_path / "file").write_text("")
    with pytest.raises(SceneFormatError, match="cannot be written"):
        save_material(make_material(), tmp_path / "file" / "a.vnm")
