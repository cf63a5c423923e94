"""Compressed PLY against a decoder written splat by splat from the format's description."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scene_samples import compressed_ply_bytes

import voile


def decode(data: bytes, i: int, n: int, colour_bounds: bool) -> dict[str, list[float]]:
    body = data[data.index(b"end_header\n") + 11 :]
    width = 18 if colour_bounds else 12
    chunks = -(-n // 256)
    bounds = np.frombuffer(body, "<f4", chunks * width).reshape(chunks, width)[i // 256].tolist()
    words = np.frombuffer(body, "<u4", 4 * n, chunks * width * 4)[4 * i : 4 * i + 4].tolist()

    def vector(word: int, low: list[float], high: list[float]) -> list[float]:
        t = ((word >> 21) / 2047, (word >> 11 & 1023) / 1023, (word & 2047) / 2047)
        return [a + (b - a) * u for a, b, u in zip(low, high, t)]

    rest = [((words[1] >> s & 1023) / 1023 - 0.5) * math.sqrt(2) for s in (20, 10, 0)]
    rest.insert(words[1] >> 30, math.sqrt(max(0.0, 1 - sum(r * r for r in rest))))
    norm = math.sqrt(sum(r * r for r in rest))
    rgb = [(words[3] >> s & 255) / 255 for s in (24, 16, 8)]
    if colour_bounds:
        rgb = [a + (b - a) * u for a, b, u in zip(bounds[12:15], bounds[15:18], rgb)]
    return {
        "means": vector(words[0], bounds[0:3], bounds[3:6]),
        "scales": [math.exp(s) for s in vector(words[2], bounds[6:9], bounds[9:12])],
        "quats": [r / norm for r in rest],
        "rgb": rgb,
        "opacity": [(words[3] & 255) / 255],
    }


@pytest.mark.parametrize("colour_bounds", [True, False])
def test_against_the_description(tmp_path: Path, colour_bounds: bool):
    n = 2600  # more than the reader takes at a time
    path = tmp_path / "a.ply"
    data = compressed_ply_bytes(colour_bounds=colour_bounds, n=n)
    path.write_bytes(data)
    splats = voile.load(path)
    assert len(splats) == n
    for i in (0, 1, 255, 256, 1000, 2047, 2048, 2599):
        expected = decode(data, i, n, colour_bounds)
        np.testing.assert_allclose(splats.means[i], expected["means"], atol=1e-6)
        np.testing.assert_allclose(splats.scales[i], expected["scales"], rtol=3e-6)
        np.testing.assert_allclose(splats.quats[i], expected["quats"], atol=1e-6)
        np.testing.assert_allclose(0.5 + 0.28209479 * splats.sh[i, 0], expected["rgb"], atol=1e-6)
        np.testing.assert_allclose(splats.opacities[i], expected["opacity"][0], atol=1e-6)


def test_spherical_harmonics(tmp_path: Path):
    path = tmp_path / "a.ply"
    data = compressed_ply_bytes(sh_terms=4)
    path.write_bytes(data)
    sh = np.frombuffer(data[-300 * 9 :], np.uint8).reshape(300, 3, 3).transpose(0, 2, 1)
    expected = ((sh + 0.5) / 256 - 0.5) * 8
    expected[sh == 0], expected[sh == 255] = -4, 4
    np.testing.assert_allclose(voile.load(path).sh[:, 1:], expected)
