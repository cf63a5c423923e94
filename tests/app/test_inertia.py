"""What glides on after a drag: the way of its speed, never further than speed times fade."""

import math

import pytest

from voile.app.inertia import SLOWEST, Inertia


def dragged(seconds=0.2, speed=2.0, pause=0.0, fade=0.25):
    """An `Inertia` after an even drag along x, and whether it glides."""
    inertia = Inertia()
    inertia.press(10.0)
    for k in range(1, 21):
        inertia.move(speed * seconds / 20, 0.0, 10.0 + k * seconds / 20)
    return inertia, inertia.release(10.0 + seconds + pause, fade)


def test_glides_speed_times_fade_and_slows_down():
    inertia, glides = dragged()
    assert glides
    steps = []
    while inertia.gliding:
        steps.append(inertia.glide(1 / 120))
    ways = [dx for dx, _ in steps]
    assert all(dy == 0 for _, dy in steps)
    assert ways == sorted(ways, reverse=True)
    assert sum(ways) == pytest.approx(2.0 * 0.25, rel=0.1)
    assert len(ways) / 120 == pytest.approx(0.25 * math.log(2.0 / SLOWEST), rel=0.1)


def test_the_way_does_not_depend_on_the_ticks():
    ways = []
    for rate in (30, 120, 1000):
        inertia, _ = dragged()
        ways.append(sum(inertia.glide(1 / rate)[0] for _ in range(rate // 2)))
    assert ways == pytest.approx([ways[0]] * 3, rel=1e-9)


@pytest.mark.parametrize(
    "options",
    [{"fade": 0.0}, {"pause": 0.3}, {"seconds": 0.02}, {"speed": 0.001}],
    ids=["off", "held still", "a slip", "slow"],
)
def test_does_not_glide(options):
    inertia, glides = dragged(**options)
    assert not glides
    assert inertia.glide(0.1) == (0.0, 0.0)


def test_a_press_stops_it():
    inertia, _ = dragged()
    inertia.press(11.0)
    assert not inertia.gliding
