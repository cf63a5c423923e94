"""The file of weights beside a scene: kept whole, bound to its scene, and safe to read."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from make_splats import make_splats, with_weights

import voile
from voile.scenes import oit_file
from voile.scenes.errors import SceneFormatError
from voile.scenes.oit_file import load_weights, save_weights, weights_path
from voile.scenes.scene import open_scene


@pytest.fixture
def splats():
    return with_weights(make_splats(200, 1))


@pytest.fixture
def saved(splats, tmp_path):
    path = tmp_path / "a.ply.voile-oit.npz"
    save_weights(splats, path)
    return path


def bare(splats):
    return replace(splats, fitted=None, learned=None)


def test_round_trip(splats, saved):
    again = load_weights(bare(splats), saved)
    for name in ("fitted", "learned"):
        one, two = getattr(splats, name), getattr(again, name)
        assert two.beta == one.beta
        np.testing.assert_array_equal(two.log_weights, one.log_weights)
    assert again.fitted.opacities is None
    assert again.fitted.colors is None
    np.testing.assert_allclose(again.learned.opacities, splats.learned.opacities, atol=1e-3)
    np.testing.assert_allclose(again.learned.colors, splats.learned.colors, atol=1e-3)
    np.testing.assert_allclose(again.learned.shapes, splats.learned.shapes, atol=1e-3)
    assert again.fitted.shapes is None


def test_files_of_version_1_are_read(splats, saved):
    rewrite(saved, {"header.npy": header(saved, version=1), "learned.shapes.npy": None})
    again = load_weights(bare(splats), saved)
    assert again.learned.shapes is None
    np.testing.assert_array_equal(again.learned.log_weights, splats.learned.log_weights)
    np.testing.assert_allclose(again.learned.colors, splats.learned.colors, atol=1e-3)


def test_a_part_may_be_missing(splats, tmp_path):
    path = tmp_path / "w.npz"
    save_weights(replace(splats, learned=None), path)
    again = load_weights(bare(splats), path)
    assert again.fitted is not None
    assert again.learned is None


def test_opening_a_scene_brings_its_weights(splats, tmp_path):
    path = tmp_path / "scene.ply"
    voile.save(splats, path)
    assert open_scene(path).splats.fitted is None
    stored = voile.load(path)
    save_weights(replace(stored, fitted=splats.fitted, learned=splats.learned), weights_path(path))
    opened = open_scene(path).splats
    assert opened.fitted is not None
    assert opened.learned is not None
    assert opened.notes == stored.notes


def test_weights_of_another_scene_are_a_note(splats, tmp_path):
    path = tmp_path / "scene.ply"
    voile.save(make_splats(200, 1, seed=5), path)
    save_weights(splats, weights_path(path))
    opened = open_scene(path).splats
    assert opened.fitted is None
    assert "belong to another scene" in opened.notes[-1]


def test_where_weights_are_kept(tmp_path, monkeypatch):
    assert weights_path(Path("a") / "b.spz") == Path("a") / "b.spz.voile-oit.npz"
    assert weights_path(tmp_path) == tmp_path / "meta.json.voile-oit.npz"
    assert weights_path(tmp_path) == weights_path(tmp_path / "meta.json")
    monkeypatch.setattr(oit_file.platformdirs, "user_data_dir", lambda name: str(tmp_path / name))
    assert weights_path("builtin") == tmp_path / "voile" / "builtin.voile-oit.npz"
    other = weights_path("builtin:materials")
    assert other == tmp_path / "voile" / "builtin-materials.voile-oit.npz"


def test_an_unwritable_place_is_named(splats, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SceneFormatError, match="cannot be written"):
        save_weights(splats, tmp_path / "file" / "w.npz")


def members(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path, changes: dict[str, bytes | None], compression=zipfile.ZIP_STORED) -> None:
    content = {**members(path), **changes}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)


def npy(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(path, **changes) -> bytes:
    values = json.loads(bytes(np.load(io.BytesIO(members(path)["header.npy"]))))
    text = json.dumps({**values, **changes}).encode()
    return npy(np.frombuffer(text, np.uint8))


HUGE = npy(np.zeros((1, 4), np.float32)).replace(b"(1, 4)", b"(1000000000, 4)").replace(b" " * 9, b"", 1)  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (lambda p: {"header.npy": header(p, version=0)}, "version"),
        (lambda p: {"header.npy": header(p, version=3)}, "version"),
        (lambda p: {"header.npy": header(p, count=3)}, "fingerprint"),
        (lambda p: {"header.npy": header(p, fingerprint="0")}, "fingerprint"),
        (lambda p: {"header.npy": header(p, beta={"other": 1.0})}, "header"),
        (lambda p: {"header.npy": header(p, beta={"fitted": -1.0})}, "values"),
        (lambda p: {"header.npy": header(p, beta=3)}, "header"),
        (lambda p: {"header.npy": npy(np.zeros(1 << 20, np.uint8))}, "header"),
        (lambda p: {"header.npy": npy(np.array([{}], object))}, "header"),
        (lambda p: {"header.npy": None}, "header"),
        (lambda p: {"fitted.log_weights.npy": None}, "fitted.log_weights"),
        (lambda p: {"fitted.log_weights.npy": HUGE}, "fitted.log_weights"),
        (lambda p: {"fitted.log_weights.npy": members(p)["fitted.log_weights.npy"][:-1]},
         "fitted.log_weights"),
        (lambda p: {"fitted.log_weights.npy": b"no array"}, "archive"),
        (lambda p: {"learned.log_weights.npy": npy(np.zeros((200, 5), np.float32))},
         "learned.log_weights"),
        (lambda p: {"learned.colors.npy": npy(np.zeros((200, 3)))}, "learned.colors"),
        (lambda p: {"learned.colors.npy": npy(np.full((200, 3), np.nan, np.float32))}, "values"),
        (lambda p: {"learned.opacities.npy": npy(np.full(200, 2, np.float32))}, "values"),
        (lambda p: {"learned.colors.npy": npy(np.zeros((200, 3), np.float32, "F"))},
         "learned.colors"),
        (lambda p: {"learned.colors.npy": npy(np.array([{}], object))}, "learned.colors"),
        (lambda p: {"learned.shapes.npy": npy(np.zeros((200, 3), np.float16))}, "learned.shapes"),
        (lambda p: {"learned.shapes.npy": npy(np.full((200, 9), 20, np.float16))}, "values"),
    ],
)  # fmt: skip
def test_bad_files_are_refused(splats, saved, changes, field):
    rewrite(saved, changes(saved))
    with pytest.raises(SceneFormatError) as caught:
        load_weights(bare(splats), saved)
    assert caught.value.field == field
    assert caught.value.path == saved
    assert caught.value.fix


def test_compressed_members_are_refused(splats, saved):
    rewrite(saved, {}, zipfile.ZIP_DEFLATED)
    with pytest.raises(SceneFormatError, match="compressed"):
        load_weights(bare(splats), saved)


def test_missing_file(splats, tmp_path):
    with pytest.raises(SceneFormatError, match="cannot be read"):
        load_weights(splats, tmp_path / "none.npz")


def test_cut_and_flipped_files_fail_in_one_way(splats, saved):
    whole, scene = saved.read_bytes(), bare(splats)
    rng = np.random.default_rng(0)
    damaged = [whole[: len(whole) * k // 64] for k in range(64)]
    for _ in range(500):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        damaged.append(bytes(flipped))
    for k, data in enumerate(damaged):
        saved.write_bytes(data)
        try:
            load_weights(scene, saved)
        except SceneFormatError:
            continue
        assert k >= 64, "a file that is cut off was read"
