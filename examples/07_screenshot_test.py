"""A test that holds what a scene looks like; run by pytest, with this line in conftest.py:

pytest_plugins = ["voile.testing"]

The first time, `pytest --update-golden` writes the goldens; look at them before you commit them.
"""

import pytest

import voile


@pytest.mark.parametrize("mode", ["sorted", "binned"])
def test_helix(assert_render, mode):
    helix = voile.load("helix.ply")
    camera = voile.Camera.look_at((2.2, -1.4, -3), (0, 0.1, 0), width=160, height=120)
    assert_render(helix, camera, voile.Settings(mode=mode, precision="float32"))
