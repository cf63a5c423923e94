"""Flattening: the disc is the ellipsoid's section, whichever axis is the shortest."""

import numpy as np
import pytest
from make_splats import make_splats, with_weights

from voile.scenes.errors import Cancelled
from voile.scenes.surfels import to_surfels


def covariances(quats, scales):
    found = []
    for (w, *v), s in zip(quats.astype(float), scales.astype(float), strict=True):
        axes = [e + 2 * w * np.cross(v, e) + 2 * np.cross(v, np.cross(v, e)) for e in np.eye(3)]
        found.append(np.transpose(axes) @ np.diag(s * s) @ axes)
    return np.array(found)


def test_the_shortest_axis_is_gone_and_nothing_else():
    splats = with_weights(make_splats(60, 1, seed=2, antialiased=True))
    assert set(np.argmin(splats.scales, axis=1)) == {0, 1, 2}
    flat = to_surfels(splats)
    assert flat.kind == "2d"
    np.testing.assert_allclose(np.linalg.norm(flat.quats, axis=1), 1.0, rtol=1e-6)
    without = splats.scales.copy()
    without[np.arange(60), np.argmin(without, axis=1)] = 0.0
    np.testing.assert_allclose(
        covariances(flat.quats, flat.scales), covariances(splats.quats, without), atol=1e-6
    )
    np.testing.assert_array_equal(flat.means, splats.means)
    assert flat.sh is splats.sh
    assert not flat.antialiased
    assert flat.fitted is None
    assert flat.learned is None


def test_surfels_stay():
    splats = make_splats(20, 0, "2d", seed=1)
    np.testing.assert_array_equal(to_surfels(splats).scales, splats.scales)
    np.testing.assert_array_equal(to_surfels(splats).quats, splats.quats)
    assert len(to_surfels(make_splats(0))) == 0


def test_it_can_be_cancelled():
    def cancel(fraction, stage, /):
        raise Cancelled

    with pytest.raises(Cancelled):
        to_surfels(make_splats(20), cancel)
