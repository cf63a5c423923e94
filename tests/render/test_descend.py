"""Weights that go down the slope of the error: that they help, and what cancelling keeps."""

from dataclasses import replace

import numpy as np
import pytest
from make_splats import make_splats

from voile.render.descend import descend
from voile.render.fit import compare
from voile.render.sample_views import sample_views
from voile.scenes.errors import Cancelled
from voile.scenes.oit import OitWeights

SIZE = 80, 60


@pytest.fixture(scope="module")
def splats():
    """Dense and mostly opaque, so that what is in front matters."""
    loose = make_splats(400, 1, seed=3)
    return replace(
        loose,
        means=loose.means / np.float32(2),
        opacities=np.clip(2 * loose.opacities, 0, 0.99).astype(np.float32),
    )


@pytest.fixture(scope="module")
def views(splats):
    return sample_views(splats, 24, seed=1, size=SIZE)


@pytest.fixture
def start(splats):
    return OitWeights(10.0, np.zeros((len(splats), 4), np.float32))


def test_views_that_it_was_not_made_from_gain(splats, views, start):
    found = descend(splats, start, views, steps=120)
    held = sample_views(splats, 8, seed=9, size=SIZE)
    before, after = compare(splats, [start, found], held)
    assert after > before + 2.0
    assert found.opacities is None
    assert found.colors is None
    assert not start.log_weights.any(), "what it begins with is not touched"


def test_the_same_seed_finds_the_same(splats, views, start):
    first, again, other = (
        descend(splats, start, views[:6], steps=8, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.log_weights, again.log_weights)
    assert first.beta == again.beta
    assert not np.array_equal(first.log_weights, other.log_weights)


def test_it_ends_where_nothing_is_gained(splats, start):
    """A single layer looks the same by any weights, so the first looks find nothing better."""
    one, frames = splats.take(slice(0, 1)), []
    views = sample_views(one, 2, seed=1, size=SIZE)
    alone = OitWeights(start.beta, start.log_weights[:1])
    descend(one, alone, views, lambda part, stage: frames.append(stage), steps=400)
    assert len(frames) < 100


@pytest.mark.parametrize("keep_best", [True, False])
def test_cancelling_keeps_the_best_where_asked(splats, views, start, keep_best):
    def cancel(part: float, stage: str) -> None:
        if part > 0.8:
            raise Cancelled

    ask = {"steps": 120, "keep_best": keep_best}
    if not keep_best:
        with pytest.raises(Cancelled):
            descend(splats, start, views[:8], cancel, **ask)
        return
    found = descend(splats, start, views[:8], cancel, **ask)
    before, after = compare(splats, [start, found], views[:8])
    assert after > before
