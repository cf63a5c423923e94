"""Camera paths: through every key at its time, smooth, never past what lies between two keys."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from voile import Camera
from voile.render.camera_path import CameraPath, Key, PathError, monotone, quaternion, slerp
from voile.render.projection import quats_to_matrices


def random_quats(count, seed=0):
    quats = np.random.default_rng(seed).normal(size=(count, 4))
    return quats / np.linalg.norm(quats, axis=1, keepdims=True)


def make_path(count=6, seed=0, spread=3.0):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.2, 2.0, count))
    quats = random_quats(count, seed)
    return CameraPath(
        [
            Key(float(t), rng.normal(size=3) * spread, q, float(rng.uniform(20, 90)))
            for t, q in zip(times, quats)
        ]
    )


def turn(a, b):
    """Degrees between two orientations."""
    return math.degrees(2 * math.acos(min(1.0, abs(float(a @ b)))))


@pytest.mark.parametrize("seed", range(4))
def test_passes_every_key_at_its_time(seed):
    path = make_path(seed=seed)
    for key in path.keys:
        at = path.at(key.time)
        np.testing.assert_allclose(at.position, key.position, atol=1e-9)
        assert turn(at.orientation, key.orientation) < 1e-4
        assert at.fov_y == pytest.approx(key.fov_y)
    for outside, key in ((path.start - 5, path.keys[0]), (path.end + 5, path.keys[-1])):
        np.testing.assert_allclose(path.at(outside).position, key.position, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_speed_never_jumps(seed):
    path = make_path(seed=seed)
    step = 1e-5

    def speed(t):
        a, b = path.at(t), path.at(t + step)
        axes = np.diff(quats_to_matrices(np.stack([a.orientation, b.orientation])), axis=0)
        return np.array([*(b.position - a.position), *axes.ravel(), b.fov_y - a.fov_y]) / step

    for key in path.keys[1:-1]:
        before, after = speed(key.time - 2 * step), speed(key.time + step)
        fastest = max(np.abs(before).max(), np.abs(after).max(), 1.0)
        np.testing.assert_allclose(before, after, atol=2e-2 * fastest)


def test_two_keys_are_a_straight_line_and_a_plain_turn():
    a, b = random_quats(2)
    path = CameraPath([Key(1, np.zeros(3), a, 40), Key(3, np.array([4.0, 0, 0]), b, 80)])
    middle = path.at(2.0)
    np.testing.assert_allclose(middle.position, (2, 0, 0), atol=1e-12)
    assert turn(middle.orientation, slerp(a, b, 0.5)) < 1e-5
    assert middle.fov_y == pytest.approx(60)


def test_equal_steps_on_a_line_are_run_through_evenly():
    quat = np.array([1.0, 0, 0, 0])
    path = CameraPath([Key(t, np.array([t, 0, 0.0]), quat, 50) for t in range(5)])
    for t in np.linspace(0, 4, 33):
        np.testing.assert_allclose(path.at(t).position, (t, 0, 0), atol=1e-9)


def test_uneven_keys_do_not_overshoot():
    """What centripetal knots are for: a long step beside short ones makes no loop."""
    quat = np.array([1.0, 0, 0, 0])
    places = [(0, 0, 0), (0.1, 0, 0), (10, 0, 0), (10.1, 0, 0)]
    path = CameraPath([Key(t, np.array(p, float), quat, 50) for t, p in enumerate(places)])
    x = np.array([path.at(t).position[0] for t in np.linspace(0, 3, 301)])
    assert (np.diff(x) >= -1e-9).all()
    assert x.min() >= -1e-9
    assert x.max() <= 10.1 + 1e-9


def test_a_camera_that_rests_rests():
    keys = make_path(4).keys
    held = Key(keys[1].time + 0.1, keys[1].position, keys[1].orientation, keys[1].fov_y)
    path = CameraPath([keys[0], keys[1], held, keys[2]])
    for t in np.linspace(keys[1].time, held.time, 7):
        np.testing.assert_allclose(path.at(t).position, keys[1].position, atol=1e-9)
        assert turn(path.at(t).orientation, keys[1].orientation) < 1e-4


def test_turning_on_the_spot():
    place, quats = np.array([1.0, 2, 3]), random_quats(3)
    path = CameraPath([Key(t, place, q, 50) for t, q in enumerate(quats)])
    for t in np.linspace(0, 2, 21):
        np.testing.assert_allclose(path.at(t).position, place, atol=1e-12)
    assert turn(path.at(0.5).orientation, quats[0]) > 1


def test_a_closed_path_is_smooth_where_it_closes_and_its_film_has_no_frame_twice():
    keys = list(make_path(4).keys)
    start = keys[0]
    keys.append(Key(keys[-1].time + 1.0, start.position, start.orientation, start.fov_y))
    path = CameraPath(keys)
    assert path.closed
    assert not make_path(4).closed
    step = 1e-5
    leaving = (path.at(path.start + step).position - start.position) / step
    coming = (start.position - path.at(path.end - step).position) / step
    leaving, coming = (v / np.linalg.norm(v) for v in (leaving, coming))
    assert leaving @ coming > 0.999
    whole = CameraPath(
        [Key(k, key.position, key.orientation, key.fov_y) for k, key in enumerate(keys)]
    )
    assert len(whole.times(10)) == 40


def test_frames_of_a_film():
    path = CameraPath([Key(t, np.zeros(3) + t, random_quats(1)[0], 50) for t in (1.0, 2.0)])
    assert path.times(4) == [1.0, 1.25, 1.5, 1.75, 2.0]
    assert len(path.cameras(30, 8, 6)) == 31
    for fps in (0, -1, math.inf, math.nan):
        with pytest.raises(PathError, match="frame rate"):
            path.times(fps)


def test_a_camera_becomes_a_key_and_is_the_same_again():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        camera = Camera.look_at(
            rng.normal(size=3), rng.normal(size=3), rng.normal(size=3), width=64, height=48
        )
        again = Key.of(camera, 0.0).camera(64, 48)
        np.testing.assert_allclose(again.world_to_camera, camera.world_to_camera, atol=1e-9)
        assert again.fov_y == pytest.approx(camera.fov_y)


def test_quaternions_of_half_turns():
    for diagonal in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1), (1, 1, 1)):
        matrix = np.diag(np.array(diagonal, float))
        np.testing.assert_allclose(quats_to_matrices(quaternion(matrix)[None])[0], matrix)


def test_monotone_keeps_order():
    rng = np.random.default_rng(1)
    x, y = np.cumsum(rng.uniform(0.1, 1, 8)), np.cumsum(rng.uniform(0, 1, 8) ** 4)
    values = [monotone(x, y, t) for t in np.linspace(x[0], x[-1], 400)]
    assert (np.diff(values) >= -1e-12).all()


def test_json_round_trip(tmp_path):
    path = make_path()
    path.save(tmp_path / "path.json")
    again = CameraPath.load(tmp_path / "path.json")
    for t in np.linspace(path.start, path.end, 9):
        np.testing.assert_allclose(again.at(t).position, path.at(t).position, atol=1e-12)
    assert [p.name for p in tmp_path.iterdir()] == ["path.json"]


def broken(**change):
    key = {"time": 0.0, "position": [0, 0, 0], "orientation": [1, 0, 0, 0], "fov_y": 50.0}
    return json.dumps({"keys": [key, key | {"time": 1.0} | change]})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a camera path"),
        ("[" * 100_000, "not a camera path"),
        ("[]", "path"),
        ('{"keys": []}', "2 to"),
        (broken(time=0.0), "both at"),
        (broken(time=1e300), "key 2: time"),
        (broken(position=[1e300, 0, 0]), "key 2: position"),
        (broken(position=[0, 0]), "length"),
        (broken(orientation=[0, 0, 0, 0]), "key 2: orientation"),
        (broken(fov_y=180.0), "key 2: fov_y"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(PathError, match=r"bad\.json") as caught:
        CameraPath.load(path)
    assert words in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(PathError, match=r"none\.json"):
        CameraPath.load(tmp_path / "none.json")
