"""Quality while the view moves: driven by a cost model, without clocks; it settles and stays."""

import random
from itertools import pairwise

import pytest

from voile import Settings
from voile.app.adaptive import (
    FAST_FRAMES,
    LOWER,
    RAISE,
    TRANSITIONS,
    Adaptive,
    Event,
    Level,
    State,
    ladder,
)
from voile.render.frontier import Point
from voile.render.modes import MODES

BUDGET = 33.0


def run(adaptive, cost, frames, noise=0.0, seed=0):
    """Moves the view for some frames; returns the level of each. `cost(level, frame)`: ms."""
    dice = random.Random(seed)
    adaptive.handle(Event.MOVE)
    seen = []
    for k in range(frames):
        seen.append(adaptive.level)
        adaptive.frame(cost(adaptive.level, k) * (1 + dice.uniform(-noise, noise)), BUDGET)
    return seen


def changes(levels):
    return sum(a != b for a, b in pairwise(levels))


def costs(factor, true):
    return lambda level, _: factor * true[level]


LEVELS = [Level({}, 1.0), Level({}, 0.9), Level({}, 0.6), Level({}, 0.35), Level({}, 0.2)]
TRUE = {
    "as guessed": (1.0, 0.9, 0.6, 0.35, 0.2),
    "scale helps little": (1.0, 0.98, 0.95, 0.9, 0.85),
    "scale helps much": (1.0, 0.5, 0.2, 0.1, 0.05),
    "a level is no cheaper": (1.0, 1.0, 0.5, 0.5, 0.1),
    "a level is dearer": (1.0, 1.3, 0.5, 0.6, 0.1),
}


def test_the_table_knows_every_state_and_event():
    assert set(TRANSITIONS) == {(state, event) for state in State for event in Event}


@pytest.mark.parametrize("true", TRUE.values(), ids=TRUE)
@pytest.mark.parametrize("factor", [10, 25, 34, 38, 45, 60, 90, 150, 400])
@pytest.mark.parametrize("noise", [0.0, 0.12])
def test_it_never_oscillates(true, factor, noise):
    for seed in range(5):
        adaptive = Adaptive(LEVELS)
        levels = run(adaptive, costs(factor, true), 600, noise, seed)
        assert changes(levels[:60]) <= 2 * len(LEVELS)
        assert changes(levels[300:]) == 0, "it must have settled"
        last, held = levels[-1], factor * true[levels[-1]]
        if factor * min(true) <= RAISE * BUDGET:
            assert held <= (LOWER + noise) * BUDGET, "what can be held is held"
        if last and last < len(LEVELS) - 1 and true == TRUE["as guessed"]:
            # Nothing better would have been fast enough with room to spare.
            assert factor * true[last - 1] > (RAISE - noise) * BUDGET


def test_a_fast_scene_is_never_lowered():
    assert set(run(Adaptive(LEVELS), costs(20, TRUE["as guessed"]), 300, 0.3)) == {0}


def test_one_slow_frame_changes_nothing():
    def cost(level, frame):
        return 400.0 if frame % 10 == 9 else 25.0

    assert set(run(Adaptive(LEVELS), cost, 200)) == {0}


def test_a_heavy_scene_is_lowered_within_a_few_frames():
    levels = run(Adaptive(LEVELS), costs(150, TRUE["as guessed"]), 12)
    assert levels[2] == len(LEVELS) - 1  # at once as far as is expected to be needed


def test_quality_comes_back_when_the_view_gets_easier():
    def cost(level, frame):
        return (150 if frame < 100 else 25) * TRUE["as guessed"][level]

    levels = run(Adaptive(LEVELS), cost, 300)
    assert levels[99] == 4
    assert levels[-1] == 0
    assert changes(levels[100:]) == 4  # straight up
    slow_part = levels[: 100 + FAST_FRAMES // 2]
    assert slow_part[-1] == 4, "several easy frames are asked for first"


def test_rest_is_drawn_by_what_is_set_and_motion_goes_on_where_it_was():
    adaptive = Adaptive(LEVELS)
    cost = costs(60, TRUE["as guessed"])
    held = run(adaptive, cost, 50)[-1]
    assert held > 0
    adaptive.handle(Event.REST)
    assert (adaptive.state, adaptive.level) == (State.RESTING, 0)
    adaptive.frame(60.0, BUDGET)
    adaptive.frame(60.0, BUDGET)
    assert adaptive.level == 0  # at rest, time does not matter
    levels = run(adaptive, cost, 200)
    assert set(levels) == {held}


@pytest.mark.parametrize("true", TRUE.values(), ids=TRUE)
def test_motions_one_after_the_other_do_not_swing_either(true):
    adaptive, last = Adaptive(LEVELS), []
    for _ in range(12):
        last.append(run(adaptive, costs(45, true), 40)[-1])
        adaptive.handle(Event.REST)
    assert len(set(last[4:])) == 1


def points(*rows):
    return [Point("gl", {"mode": m, **own}, m, ms, db) for m, own, ms, db in rows]


def test_the_ladder_follows_the_measured_frontier():
    found = points(
        ("sorted", {}, 100.0, float("inf")),
        ("binned", {"bins": 8, "refine": 2}, 70.0, 46.0),
        ("binned", {"bins": 4, "refine": 0}, 90.0, 41.0),  # beaten by the one before
        ("weighted", {"weight": "auto", "beta": 0.0}, 20.0, 29.0),
        ("stochastic", {"samples": 1, }, 10.0, 12.0),  # too far off
    )  # fmt: skip
    levels = ladder(Settings(), found, list(MODES))
    modes = [level.changes.get("mode", "sorted") for level in levels]
    assert modes[1] == "binned"
    assert modes[-1] == "weighted"
    assert "stochastic" not in modes
    scales = [level.changes.get("render_scale", 1.0) for level in levels]
    assert scales == sorted(scales, reverse=True)
    assert scales[modes.index("weighted")] == 0.5, "pixels go before what is seen"
    costs = [level.cost for level in levels]
    assert costs == sorted(costs, reverse=True)
    assert levels[0].changes == {}
    assert levels[1].cost == pytest.approx(0.7)
    without = ladder(Settings(), found, ["sorted"])
    assert {level.changes.get("mode") for level in without} == {None}


def test_the_ladder_without_measurements():
    levels = ladder(Settings(mode="binned", bins=16, max_sh_degree=0, render_scale=0.2), [], [])
    assert levels[1].changes == {"bins": 4, "refine": 1}
    assert not any("max_sh_degree" in level.changes for level in levels)
    for level in levels:
        Settings(**{"mode": "binned", **level.changes})  # all values are allowed
    assert min(level.changes.get("render_scale", 1) for level in levels) == 0.1
