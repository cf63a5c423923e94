"""Whatever a file contains, loading it gives a scene or a `SceneFormatError`, in bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from fuzz import Damage, copy_of, damaged, damages, files_of, load_cleanly, refused
from hypothesis import given, settings
from scene_samples import COUNT_LIES, SAMPLES

import voile
from voile.scenes import SceneFormatError, Splats
from voile.scenes.io import FORMATS

FLIPS = 2000  # cases a format, shared by its variants

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + bytes(range(256)) * 8

_variants = Counter(name.partition("/")[0] for name in SAMPLES)


@pytest.fixture(scope="module", params=SAMPLES, ids=str)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """(name, path) of each sample; loading it once also imports what its reader needs."""
    path = SAMPLES[request.param](tmp_path_factory.mktemp("sample"))
    assert isinstance(load_cleanly(path), Splats), f"{request.param}: the sample must be valid"
    return request.param, path


def test_every_format_has_a_sample():
    assert set(_variants) == set(FORMATS)


def test_truncated(sample: tuple[str, Path], tmp_path: Path):
    _, path = sample
    copy = copy_of(path, tmp_path)
    for file in files_of(copy):
        data = file.read_bytes()
        for part in range(64):
            file.write_bytes(data[: len(data) * part // 64])
            load_cleanly(copy, resident=part % 8 == 0)
        file.write_bytes(data)
    assert isinstance(load_cleanly(copy), Splats)


def test_a_file_of_a_folder_is_missing(sample: tuple[str, Path], tmp_path: Path):
    _, path = sample
    copy = copy_of(path, tmp_path)
    for file in files_of(copy):
        data = file.read_bytes()
        file.unlink()
        refused(copy)
        file.write_bytes(data)


def test_flipped_bytes(sample: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory):
    name, path = sample
    copy = copy_of(path, tmp_path_factory.mktemp("flipped"))
    files = files_of(copy)
    originals = [file.read_bytes() for file in files]
    cases = 0

    @settings(max_examples=math.ceil(FLIPS / _variants[name.partition("/")[0]]))
    @given(damages)
    def flip(damage: Damage):
        nonlocal cases
        cases += 1
        which = damage[0][1] % len(files)
        files[which].write_bytes(damaged(originals[which], damage))
        try:
            load_cleanly(copy, resident=cases % 20 == 0, drop_invalid=cases % 4 == 0)
        finally:
            files[which].write_bytes(originals[which])

    flip()


@pytest.mark.parametrize("name", COUNT_LIES)
def test_count_of_2_to_the_32(name: str, tmp_path: Path):
    path = SAMPLES[name](tmp_path)
    path.write_bytes(COUNT_LIES[name](path.read_bytes()))
    refused(path, resident=True)


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda f: f.name)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 1, b"\0" * 4096, b"\xff" * 4096, JPEG, b"ply\n", b"x" * 6400],
    ids=["empty", "one zero", "zeros", "ones", "jpeg", "ply only", "letters"],
)  # fmt: skip
def test_not_a_scene(format, content: bytes, tmp_path: Path):
    for extension in format.extensions:
        path = tmp_path / f"photo{extension}"
        path.write_bytes(content)
        error = refused(path, resident=True)
        if content == JPEG:
            assert "JPEG" in str(error)


def test_missing_file(tmp_path: Path):
    refused_error = pytest.raises(SceneFormatError, match=r"nothing\.ply")
    with refused_error:
        voile.load(tmp_path / "nothing.ply")


def test_empty_folder(tmp_path: Path):
    refused(tmp_path)
