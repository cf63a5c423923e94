"""`.splat`: records of 32 bytes, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fuzz import refused
from make_splats import make_splats

import voile


def test_round_trip(tmp_path: Path):
    splats = make_splats(20_001, 0)
    path = tmp_path / "a.splat"
    voile.save(splats, path)
    assert path.stat().st_size == 32 * 20_001
    again = voile.load(path)
    np.testing.assert_array_equal(again.means, splats.means)
    np.testing.assert_array_equal(again.scales, splats.scales)
    np.testing.assert_allclose(again.opacities, splats.opacities, atol=0.5001 / 255)
    np.testing.assert_allclose(
        0.28209479 * again.sh, np.clip(0.28209479 * splats.sh, -0.5, 0.5), atol=0.5001 / 255
    )
    # Half a step a component, a whole one where +1 clips to 127/128, before normalising.
    assert np.abs(again.quats - splats.quats).max() < 2 / 128
    assert voile.load(path).sh_degree == 0


def test_record_by_hand(tmp_path: Path):
    record = np.array([1, 2, 3, 0.1, 0.2, 0.3], "<f4").tobytes()
    path = tmp_path / "a.splat"
    path.write_bytes(record + bytes([255, 0, 51, 102, 128, 255, 128, 128]))
    splats = voile.load(path)
    np.testing.assert_allclose(splats.means, [[1, 2, 3]])
    np.testing.assert_allclose(splats.scales, [[0.1, 0.2, 0.3]])
    np.testing.assert_allclose(splats.opacities, [0.4])
    np.testing.assert_allclose(0.5 + 0.28209479 * splats.sh[0, 0], [1, 0, 0.2], atol=1e-6)
    np.testing.assert_allclose(splats.quats, [[0, 1, 0, 0]])


def test_refusals(tmp_path: Path):
    path = tmp_path / "a.splat"
    voile.save(make_splats(10, 0), path)
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:-3])
    assert refused(path).field == "size"
    data[12:16] = np.float32(-1).tobytes()
    path.write_bytes(data)
    assert refused(path).field == "scale"
    assert len(voile.load(path, drop_invalid=True)) == 9
    data[12:16] = np.float32(1).tobytes()
    data[28:32] = b"\x80\x80\x80\x80"
    path.write_bytes(data)
    assert "zero quaternion" in str(refused(path))


@pytest.mark.parametrize("kind", ["2d", "mixed"])
def test_surfels_stay_surfels(tmp_path: Path, kind):
    splats = make_splats(7, 0, kind)
    voile.save(splats, tmp_path / "a.splat")
    again = voile.load(tmp_path / "a.splat")
    assert again.kind == kind
    np.testing.assert_array_equal(again.scales, splats.scales)
