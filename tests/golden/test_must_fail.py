"""The gate itself: real defects fail on every golden there is, harmless noise passes."""

from pathlib import Path

import numpy as np
import pytest

from voile.render.regression import GoldenStore, compare, write_report

FOLDER = Path(__file__).parent / "images"
NAMES = sorted(path.stem for path in FOLDER.glob("*.png"))


@pytest.fixture(params=NAMES)
def golden(request, goldens):
    return goldens.read(request.param)


def test_there_are_enough_goldens():
    assert len(NAMES) >= 12


def test_one_pixel_shift_fails(golden):
    assert not compare(np.roll(golden, 1, axis=1), golden).passed
    assert not compare(np.roll(golden, 1, axis=0), golden).passed


def test_two_percent_gamma_fails(golden):
    bent = golden.copy()
    bent[..., :3] = np.round(255 * (golden[..., :3] / 255) ** 1.02).astype(np.uint8)
    assert not compare(bent, golden).passed


def test_fifty_fireflies_fail(golden):
    rng = np.random.default_rng(0)
    height, width = golden.shape[:2]
    dark = np.flatnonzero(golden[..., :3].max(axis=2) < 240)  # a firefly on white is none
    spots = rng.choice(dark, 50, replace=False)
    lit = golden.copy()
    lit[np.unravel_index(spots, (height, width))] = 255
    assert not compare(lit, golden).passed


def test_swapped_reference_fails(golden, goldens):
    same = [name for name in NAMES if goldens.read(name).shape == golden.shape]
    others = [o for o in map(goldens.read, same) if not compare(o, golden).passed]
    # The same case on the other backend may pass; every other picture must not.
    assert len(others) >= len(same) - 2


def test_noise_of_another_driver_passes(golden):
    rng = np.random.default_rng(1)
    noise = rng.choice([-1, 0, 1], golden.shape, p=[0.15, 0.7, 0.15])
    jittered = np.clip(golden + noise, 0, 255).astype(np.uint8)
    for y, x in rng.integers(0, golden.shape[:2], (8, 2)):  # a few silhouette pixels
        jittered[y, x] = np.clip(jittered[y, x].astype(int) + 20, 0, 255)
    verdict = compare(jittered, golden)
    assert verdict.passed, verdict.reason


def test_another_shape_fails(golden):
    assert not compare(golden[:-1], golden).passed


def test_missing_golden_fails_and_update_writes_it(tmp_path, golden):
    store = GoldenStore(tmp_path / "goldens", tmp_path / "report")
    with pytest.raises(AssertionError, match="no golden"):
        store.check("new", golden)
    GoldenStore(tmp_path / "goldens", tmp_path / "report", update=True).check("new", golden)
    store.check("new", golden)


def test_update_rewrites_only_what_fails(tmp_path, goldens):
    kept, changed = goldens.read(NAMES[0]), goldens.read(NAMES[1])
    store = GoldenStore(tmp_path, tmp_path / "report", update=True)
    store.check("kept", kept)
    store.check("changed", changed)
    before = (tmp_path / "kept.png").stat().st_mtime_ns
    nearly = kept.copy()
    nearly[0, 0, 0] ^= 1
    store.check("kept", nearly)
    store.check("changed", 255 - changed)
    assert (tmp_path / "kept.png").stat().st_mtime_ns == before
    np.testing.assert_array_equal(store.read("changed"), 255 - changed)


def test_failure_leaves_a_self_contained_report(tmp_path, goldens):
    golden = goldens.read(NAMES[0])
    store = GoldenStore(tmp_path / "goldens", tmp_path / "report", update=True)
    store.check("picture", golden)
    store.update = False
    with pytest.raises(AssertionError, match="pixels differ"):
        store.check("picture", np.roll(golden, 5, axis=1))
    page = write_report(tmp_path / "report")
    assert page is not None
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 6
    assert 'type="range"' in text
    assert 'src="http' not in text
