"""SOG against an encoder written independently, and its hostile forms."""

import json
import zipfile

import numpy as np
import pytest
import shared_data
from encode_sog import image_bytes, sog_files, zip_bytes
from fuzz import refused
from make_splats import make_splats

import voile
from voile.scenes.io import detect


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture
def files():
    return sog_files(make_splats(30, 1))


def changed(files, **fields):
    """The files with other values in meta.json; a dict changes inside its section."""
    meta = json.loads(files["meta.json"])
    for name, value in fields.items():
        meta[name] = {**meta[name], **value} if isinstance(value, dict) else value
    return {**files, "meta.json": json.dumps(meta).encode()}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("degree", range(4))
@pytest.mark.parametrize("packed", ["folder", "zip", "zip in a folder", "meta.json"])
def test_reads_versions_degrees_and_packings(tmp_path, version, degree, packed):
    splats = make_splats(90, degree, seed=degree)
    made = sog_files(splats, version)
    if packed.startswith("zip"):
        path = tmp_path / "scene.bin"
        path.write_bytes(zip_bytes(made, "inner/" if "folder" in packed else ""))
    else:
        path = write(tmp_path, made) / ("meta.json" if packed == "meta.json" else "")
    assert detect(path).name == "sog"
    found = voile.load(path)
    assert found.sh_degree == degree
    np.testing.assert_allclose(found.means, splats.means, atol=4e-4)
    span = np.log(splats.scales.max() / splats.scales.min())
    np.testing.assert_allclose(
        np.log(found.scales), np.log(splats.scales), atol=span / 255 * 0.51 + 1e-4
    )
    assert np.abs(np.sum(found.quats * splats.quats, axis=1)).min() > 0.9999
    np.testing.assert_allclose(found.sh, splats.sh, atol=3.4 / 255 * 0.51 + 1e-4)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=0.01)


def test_flags(tmp_path, files):
    write(tmp_path, changed(files, antialias=True, model="2dgs"))
    found = voile.load(tmp_path)
    assert found.antialiased
    assert found.kind == "2d"
    assert found.scales[:, 2].max() == 0


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"version": 3}, "version"),
        ({"count": -1}, "count"),
        ({"count": 10**9}, "count"),
        ({"count": 5_000}, "means_l"),
        ({"means": {"mins": [0.0]}}, "means.mins"),
        ({"means": {"maxs": [1e9, 0, 0]}}, "means.mins"),
        ({"means": {"files": ["means_l.webp"]}}, "means.files"),
        ({"means": {"files": ["../means_l.webp", "means_u.webp"]}}, "files"),
        ({"means": {"files": ["/etc/passwd", "means_u.webp"]}}, "files"),
        ({"means": {"files": ["nothing.webp", "means_u.webp"]}}, "nothing"),
        ({"scales": {"codebook": [0.0] * 255}}, "scales.codebook"),
        ({"scales": {"codebook": None}}, "scales"),
        ({"shN": {"bands": 3}}, "shN.bands"),
        ({"sh0": {"codebook": [1e300] * 256}}, "sh0"),
        ({"quats": {"files": ["sh0.webp"]}}, "quats"),
        ({"shN": {"files": ["means_u.webp", "shN_labels.webp"]}}, "means_u"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_bad_meta_names_the_field(tmp_path, files, fields, name, packed):
    bad = changed(files, **fields)
    if packed:
        path = tmp_path / "bad.sog"
        path.write_bytes(zip_bytes(bad))
    else:
        path = write(tmp_path, bad)
    assert name in refused(path).field


@pytest.mark.parametrize(
    "text", [b"{", b"[1]", b'{"means": NaN}', b"{" * 100_000, b'{"a":' * 100_000, b"null"]
)
def test_broken_json(tmp_path, files, text):
    refused(write(tmp_path, {**files, "meta.json": text}))


def test_label_beyond_the_palette(tmp_path, files):
    labels = np.full((6, 6, 4), 255, np.uint8)
    write(tmp_path, {**files, "shN_labels.webp": image_bytes(labels)})
    assert "labels" in refused(tmp_path).field


def test_image_is_no_image(tmp_path, files):
    jpeg = bytes.fromhex("ffd8ffe000104a464946") + bytes(500)
    write(tmp_path, {**files, "sh0.webp": jpeg})
    assert refused(tmp_path).field == "sh0.webp"


def test_image_bomb(tmp_path, files):
    huge = image_bytes(np.zeros((4000, 4000, 4), np.uint8))
    write(tmp_path, {**files, "means_l.webp": huge})
    refused(tmp_path, resident=True)
    write(tmp_path, changed({**files, **dict.fromkeys(list(files)[:5], huge)}, count=16_000_000))
    refused(tmp_path, resident=True)


def test_zip_bomb(tmp_path, files):
    path = tmp_path / "bomb.sog"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, bytes(300 << 20) if name == "sh0.webp" else data)
    assert "sh0" in refused(path, resident=True).field


def test_zip_without_meta_and_with_twins(tmp_path, files):
    path = tmp_path / "a.sog"
    path.write_bytes(zip_bytes({"readme.txt": b"hello"}))
    assert refused(path).field == "meta.json"
    # Two members of the same length; the second then gets the first one's name.
    twins = zip_bytes({**files, "SH0.webp": files["sh0.webp"]})
    path.write_bytes(twins.replace(b"SH0.webp", b"sh0.webp"))
    assert refused(path).field == "sh0.webp"


def test_encrypted_zip(tmp_path, files):
    data = bytearray(zip_bytes(files))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:  # the flag in every directory entry
        data[at + 8] |= 1
        at += 4
    path = tmp_path / "secret.sog"
    path.write_bytes(data)
    assert "unpacked" in str(refused(path))


def test_finest_complete_level_is_opened(tmp_path):
    levels = {0: make_splats(40, 0, seed=1), 1: make_splats(20, 0, seed=2)}
    for level, splats in levels.items():
        write(tmp_path / f"{level}_0", sog_files(splats))
    node = {"lods": {str(k): {"file": k, "offset": 0, "count": len(s)} for k, s in levels.items()}}
    lod = {"lodLevels": 2, "filenames": ["0_0/meta.json", "1_0/meta.json"], "tree": node}
    (tmp_path / "lod-meta.json").write_text(json.dumps(lod))
    assert len(voile.load(tmp_path)) == 40
    (tmp_path / "0_0" / "meta.json").unlink()
    found = voile.load(tmp_path / "lod-meta.json")
    assert len(found) == 20
    assert "level of detail 1 of 0, 1; not there: 0" in found.notes
    (tmp_path / "1_0" / "meta.json").unlink()
    assert "level" in str(refused(tmp_path))


@pytest.mark.parametrize("filename", ["../../x/meta.json", "/etc/meta.json"])
def test_level_outside_the_folder(tmp_path, filename):
    outside = tmp_path / "x"
    write(outside, sog_files(make_splats(10, 0)))
    inner = tmp_path / "a" / "b"
    node = {"lods": {"0": {"file": 0}}}
    write(inner, {"lod-meta.json": json.dumps({"filenames": [filename], "tree": node}).encode()})
    refused(inner)


def test_shared_levels_agree():
    """playbot: the finest level has 500,000 splats; a folder of it opens that level."""
    whole = voile.load(shared_data.scene_path("playbot"))
    assert len(whole) == 500_000
    coarse = voile.load(shared_data.scene_path("playbot/4_0"))
    assert len(coarse) == 8_406
    assert whole.sh_degree == coarse.sh_degree == 2
    low, high = coarse.bounds()
    assert (low > whole.bounds()[0] - 0.1).all()
    assert (high < whole.bounds()[1] + 0.1).all()
