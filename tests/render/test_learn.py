"""Fitted and learned weights: gradients, that they help, that cancelling keeps what there is."""

from dataclasses import replace

import numpy as np
import pytest
from make_splats import make_splats, with_weights

import voile
from voile.render.fit import climb, compare, fit, fit_visibility
from voile.render.learn import learn
from voile.render.sample_views import sample_views
from voile.render.student import Student
from voile.render.views import bounding_sphere
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
def fitted(splats):
    return fit(splats, sample_views(splats, 24, seed=1, size=SIZE))


def flat(splats, beta=20.0) -> OitWeights:
    return OitWeights(beta, np.zeros((len(splats), 4), np.float32))


def held_back(splats):
    return sample_views(splats, 8, seed=9, size=SIZE)


def test_views_are_seeded_and_stand_around_the_scene(splats):
    views = sample_views(splats, 12, seed=1, size=SIZE)
    again = sample_views(splats, 12, seed=1, size=SIZE)
    other = sample_views(splats, 12, seed=2, size=SIZE)
    center, radius = bounding_sphere(splats)
    sides = set()
    for view, same, different in zip(views, again, other):
        np.testing.assert_array_equal(view.world_to_camera, same.world_to_camera)
        assert not np.array_equal(view.world_to_camera, different.world_to_camera)
        assert (view.width, view.height) == SIZE
        offset = view.position - center
        assert 0.3 * radius < np.linalg.norm(offset) < 4 * radius
        sides.add((offset[0] > 0, offset[2] > 0))
        # The scene is up, so the picture's down points down.
        assert view.world_to_camera[1, :3] @ np.asarray(splats.up) < 0
    assert len(sides) == 4


def test_every_second_view_is_near_an_anchor(splats):
    anchor = voile.Camera.look_at((0.5, -1, -5), (0, 0, 0), width=640, height=360, fov_y=30)
    views = sample_views(splats, 12, seed=1, size=SIZE, anchors=[anchor])
    for view in views[1::2]:
        assert view.fov_y == pytest.approx(30)
        assert view.world_to_camera[2, :3] @ anchor.world_to_camera[2, :3] > 0.8
        assert np.linalg.norm(view.position - anchor.position) < 3
    assert all(view.fov_y != pytest.approx(30) for view in views[::2])


@pytest.mark.parametrize("antialiased", [False, True])
def test_student_draws_mode_learned(antialiased):
    splats = with_weights(make_splats(300, 2, antialiased=antialiased))
    camera = voile.Camera.look_at((1, -1, -5), (0, 0, 0), width=70, height=50)
    frame = voile.render(splats, camera, voile.Settings(mode="learned"))
    assert splats.learned is not None
    color, alpha = Student(splats).draw(camera, splats.learned)
    np.testing.assert_allclose(color, frame.color, atol=5e-6)
    np.testing.assert_allclose(alpha, frame.alpha, atol=5e-6)


@pytest.mark.parametrize("name", ["beta", "log_weights", "opacities", "colors"])
def test_gradients_are_slopes(name):
    """Against finite differences along random directions, of a loss linear in the picture."""
    # Opacities away from where alpha is capped, of which the slope jumps.
    splats = make_splats(150, 1, seed=4)
    splats = replace(splats, opacities=np.clip(splats.opacities, 0.05, 0.9))
    rng = np.random.default_rng(0)
    camera = voile.Camera.look_at((1, -1, -5), (0, 0, 0), width=64, height=48)
    weights = with_weights(splats, seed=2).learned
    assert weights is not None
    weights = replace(weights, opacities=splats.opacities)
    # Smooth, for where alpha is cut off at 1/255 moves with the opacity, pixel by pixel, which
    # the gradient leaves out.
    across = np.linspace(0, 1, 64, dtype=np.float32) + np.zeros((48, 1), np.float32)
    color_slope = across[..., None] * rng.normal(size=3).astype(np.float32)
    alpha_slope = 1 - across
    student = Student(splats)

    def loss(moved: OitWeights) -> float:
        color, alpha = student.draw(camera, moved)
        return float(
            np.sum(color.astype(np.float64) * color_slope)
            + np.sum(alpha.astype(np.float64) * alpha_slope)
        )

    student.draw(camera, weights)
    found = student.gradients(color_slope, alpha_slope)
    # The slope of beta is small: over a short step it would be lost in the rounding of pictures.
    steps = {"opacities": (0.05, 0.06), "beta": (0.03, 0.02)}
    step, tolerance = steps.get(name, (1e-3, 0.02))
    for trial in range(3):
        rng = np.random.default_rng(trial)
        if name == "beta":
            expected, direction = found.beta, 1.0
        else:
            field = {"opacities": "log_opacities"}.get(name, name)
            slope = getattr(found, field)
            direction = (np.sign(slope) * rng.uniform(0.2, 1, slope.shape)).astype(np.float32)
            expected = float(np.sum(slope * direction, dtype=np.float64))

        def moved(by: float, direction=direction) -> OitWeights:
            value = getattr(weights, name)
            change = value * direction if name == "opacities" else direction
            value = value + by * change
            return replace(weights, **{name: value if name == "beta" else np.float32(value)})

        slope = (loss(moved(step)) - loss(moved(-step))) / (2 * step)
        assert slope == pytest.approx(expected, rel=tolerance)


def test_visibility_is_that_of_the_sorted_image():
    """A splat behind an almost opaque one is seen from behind and hardly from the front."""
    splats = make_splats(2, 0)
    splats = replace(
        splats,
        means=np.float32([[0, 0, -1], [0, 0, 1]]),
        scales=np.full((2, 3), 0.3, np.float32),
        opacities=np.full(2, 0.98, np.float32),
    )
    views = [
        voile.Camera.look_at((x, -0.1, z), (0, 0, 0), width=64, height=64)
        for z in (-5, 5)
        for x in np.linspace(-0.3, 0.3, 12)
    ]
    log = fit_visibility(splats, views)
    towards = np.float32([0, 0, 1])
    first, second = (log[:, 0] + log[:, 1:] @ (towards * side) for side in (1, -1))
    assert first[0] > first[1] + 0.5
    assert second[1] > second[0] + 0.5


def test_fit_beats_every_plain_beta(splats, fitted):
    plain = [flat(splats, beta) for beta in (0.0, 5.0, 10.0, 20.0, 40.0)]
    *others, ours = compare(splats, [*plain, fitted], held_back(splats))
    assert ours > max(others) + 1.0


def test_climbing_finds_a_peak():
    seen = []
    (gamma, beta), best = climb(
        lambda g, b: -((g - 1.1) ** 2) - (np.log2(b) - 5) ** 2,
        (0.75, 10.0),
        lambda part, stage: seen.append(part),
    )
    assert abs(gamma - 1.1) < 0.1
    assert 26 < beta < 39
    assert best > -0.1
    assert 0 < max(seen) <= 1


def test_learning_beats_the_fit(splats, fitted):
    history = []
    learned = learn(
        splats,
        fitted,
        sample_views(splats, 60, seed=2, size=SIZE),
        sample_views(splats, 4, seed=3, size=SIZE),
        steps=300,
        history=history,
    )
    before, after = compare(splats, [fitted, learned], held_back(splats))
    assert after > before + 1.8  # 2.20
    assert history
    assert max(check.quality for check in history) > before
    # What the renderers draw is what was learned.
    scene = replace(splats, learned=learned)
    view = held_back(splats)[0]
    frame = voile.render(scene, view, voile.Settings(mode="learned"))
    np.testing.assert_allclose(frame.color, Student(splats).draw(view, learned)[0], atol=1e-6)


def test_learning_by_steps_repeats(splats, fitted):
    views = sample_views(splats, 6, seed=2, size=SIZE)
    one, other = (learn(splats, fitted, views, views[:2], steps=12) for _ in range(2))
    assert one is not fitted
    np.testing.assert_array_equal(one.log_weights, other.log_weights)
    assert one.beta == other.beta


def test_cancelling_keeps_the_best_so_far(splats, fitted):
    reports = []

    def cancel(fraction: float, stage: str, /) -> None:
        reports.append((fraction, stage))
        if fraction > 0.6:
            raise Cancelled

    views = sample_views(splats, 20, seed=2, size=SIZE)
    learned = learn(splats, fitted, views, views[:3], cancel, steps=100)
    assert learned is not fitted
    before, after = compare(splats, [fitted, learned], views[:3])
    assert after > before
    assert "dB" in reports[-1][1]


def test_cancelling_at_once_keeps_the_start(splats, fitted):
    def cancel(fraction: float, stage: str, /) -> None:
        raise Cancelled

    views = sample_views(splats, 2, seed=2, size=SIZE)
    assert learn(splats, fitted, views, views, cancel) is fitted


def test_fit_can_be_cancelled(splats):
    def cancel(fraction: float, stage: str, /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fit(splats, sample_views(splats, 3, size=SIZE), cancel)


def test_views_that_see_nothing():
    """Neither the fit nor a step needs anything to be in the picture."""
    splats = make_splats(5, 0)
    away = voile.Camera.look_at((0, 0, -9), (0, 0, -20), width=32, height=32)
    found = fit(splats, [away])
    student = Student(splats)
    color, alpha = student.draw(away, found)
    assert not color.any()
    slopes = student.gradients(np.ones_like(color), np.ones_like(alpha))
    assert not slopes.log_weights.any()
