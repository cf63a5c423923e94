"""Files of cameras: what is wrong is told with the file's name, whatever is in it."""

import json

import pytest

from voile import Camera
from voile.render.camera import CameraError

GOOD = Camera.look_at((1, -1, -5), (0, 0, 0), width=96, height=64).to_dict()


def test_round_trip(tmp_path):
    path = tmp_path / "c.json"
    Camera.from_dict(GOOD).save(path)
    assert Camera.load(path).to_dict() == GOOD
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "truncated"),
        (b'{"\xff": 1}', "UTF-8"),
        (b'{"a":' * 100_000, "nested"),
        (b" " * (1 << 21), "too large"),
        (json.dumps(GOOD | {"world_to_camera": [[1.0]] * 4}), "length"),
        (json.dumps(GOOD | {"world_to_camera": [[1.0] * 4] * 3}), "length"),
        (json.dumps(GOOD | {"world_to_camera": [[1e308] * 4] * 4}), "world_to_camera"),
        (json.dumps(GOOD | {"fx": "wide"}), "fx"),
    ],
)
def test_bad_files_are_named(tmp_path, content, words):
    path = tmp_path / "c.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CameraError, match=words) as caught:
        Camera.load(path)
    assert "c.json" in str(caught.value)
