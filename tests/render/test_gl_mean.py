"""The mean of frames on the GPU against the one in arrays."""

from dataclasses import replace

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings
from voile.render import RenderError
from voile.render.accumulate import Accumulator, ArrayMean

pytestmark = pytest.mark.gl

CAMERA = Camera.look_at((1, -2, -5), (0, 0, 0), width=70, height=50)
REQUEST = FrameRequest(CAMERA, Settings(mode="stochastic", accumulate=4), depth=True)


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    renderer.upload(make_splats(200, 1))
    yield renderer
    renderer.close()


@pytest.fixture
def mean(gl):
    with gl.ctx:
        made = gl.new_mean()
    yield made
    with gl.ctx:
        made.release()


def add(gl, mean, accumulator, request=REQUEST):
    asked = accumulator.next(request)
    frame = gl.draw(asked)
    with gl.ctx:
        return accumulator.add_to(mean, frame), asked


def check(gl, shown, arrays, requests):
    for count, request in enumerate(requests, start=1):
        expected = arrays.add(gl.render(request), count)
    np.testing.assert_allclose(shown.color, expected.color, atol=1e-5)
    np.testing.assert_allclose(shown.alpha, expected.alpha, atol=1e-5)
    np.testing.assert_allclose(shown.depth, expected.depth, rtol=1e-4)
    assert shown.stats == expected.stats


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_mean_is_that_of_arrays(gl, mean, precision):
    settings = replace(REQUEST, settings=Settings(mode="stochastic", precision=precision))
    accumulator, requests = Accumulator(), []
    for _ in range(5):
        shown, asked = add(gl, mean, accumulator, settings)
        requests.append(asked)
    assert [r.seed for r in requests] == [0, 1, 2, 3, 4]
    check(gl, shown.download(), ArrayMean(), requests)


def test_another_view_starts_anew(gl, mean):
    accumulator = Accumulator()
    add(gl, mean, accumulator)
    add(gl, mean, accumulator)
    assert accumulator.samples == 2
    for size in ((70, 50), (40, 30)):
        camera = Camera.look_at((-1, -2, -5), (0, 0, 0), width=size[0], height=size[1])
        shown, asked = add(gl, mean, accumulator, replace(REQUEST, camera=camera))
        assert accumulator.samples == 1
        check(gl, shown.download(), ArrayMean(), [asked])


def test_frame_outlives_later_draws_but_not_the_next_mean(gl, mean):
    accumulator = Accumulator()
    shown, _ = add(gl, mean, accumulator)
    assert shown.stats["splats"] == 200
    expected = shown.download().color
    gl.draw(replace(REQUEST, seed=99))
    np.testing.assert_array_equal(shown.download().color, expected)
    add(gl, mean, accumulator)
    with pytest.raises(RenderError, match="overwritten"):
        shown.download()
