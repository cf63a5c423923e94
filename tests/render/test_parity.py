"""Every backend draws the reference's picture: mode x backend x scene x view.

Tolerances, dB of PSNR over colour clamped to [0, 1], and their reasons:

- cpu 70: float32 arithmetic, a polynomial exp of 2e-7, and compositing that stops at T < 1e-4;
- gl 60 with a float32 target: float32 arithmetic, half-precision SH above degree 0, back to front;
- gl 42 with the float16 target, which rounds the colour at every splat of a pixel;
- 60 against the independent references, which are stored as float16.
"""

import functools

import numpy as np
import pytest
import shared_data
from gl_context import gl_renderer
from make_splats import make_splats

import voile
from voile import Camera, FrameRequest, Settings
from voile.render import create_renderer
from voile.render.metrics import psnr
from voile.render.reference import MODES
from voile.render.views import from_viewpoint
from voile.scenes import builtin

MIN_DB = {"cpu": 70.0, "gl": 60.0}
INDEPENDENT_DB = {"cpu": 60.0, "reference": 60.0, "gl": 60.0}
HALF_DB = 42.0


@functools.cache
def load(name: str):
    return voile.load(shared_data.scene_path(name))


@functools.cache
def builtin_splats():
    return builtin.make_scene()


def random_view(**changes) -> Camera:
    camera = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=240, height=150)
    return Camera.from_dict({**camera.to_dict(), **changes})


RANDOM = {
    **{f"degree{d}": ({"sh_degree": d, "seed": d}, {}, {}) for d in range(5)},
    "antialiased": ({"antialiased": True, "seed": 9}, {}, {}),
    "antialiasing_on": ({"seed": 10}, {}, {"antialiasing": "on"}),
    "off_centre": ({"seed": 11}, {"cx": -40.0, "cy": 190.0}, {}),
    "other_focal_y": ({"seed": 12}, {"fy": 90.0}, {}),
    "degree_capped": ({"sh_degree": 4, "seed": 13}, {}, {"max_sh_degree": 1}),
    "small_splats": ({"seed": 14}, {}, {"splat_scale": 0.2}),
    "large_splats": ({"seed": 15}, {}, {"splat_scale": 3.0}),
    "near_plane": ({"seed": 16}, {"near": 4.5}, {}),
    "surfels": ({"kind": "2d", "seed": 17}, {}, {}),
}


@pytest.fixture(scope="module")
def renderers():
    made = {}

    def get(name):
        if name not in made:
            made[name] = gl_renderer() if name == "gl" else create_renderer(name)
        return made[name]

    yield get
    for renderer in made.values():
        renderer.close()


backends = pytest.mark.parametrize("backend", ["cpu", pytest.param("gl", marks=pytest.mark.gl)])


def assert_same_picture(renderers, backend, splats, camera, **settings):
    request = FrameRequest(camera, Settings(precision="float32", **settings), depth=True)
    frames = []
    for name in ("reference", backend):
        renderers(name).upload(splats)
        frames.append(renderers(name).render(request))
    expected, actual = frames
    assert expected.alpha.max() > 0.5, "the view must show something"
    assert psnr(expected.premultiplied(), actual.premultiplied()) >= MIN_DB[backend]
    seen = expected.alpha > 0.1
    relative = np.abs(actual.depth[seen] / expected.depth[seen] - 1)
    assert np.quantile(relative, 0.999) < 2e-3
    np.testing.assert_array_equal(actual.depth[actual.alpha == 0], 0)


@backends
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", RANDOM)
def test_random_scenes(renderers, backend, mode, name):
    scene, view, settings = RANDOM[name]
    splats = make_splats(400, **scene)
    assert_same_picture(renderers, backend, splats, random_view(**view), mode=mode, **settings)


@backends
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("viewpoint", builtin.VIEWPOINTS)
def test_builtin_scene(renderers, backend, mode, viewpoint):
    camera = from_viewpoint(builtin.VIEWPOINTS[viewpoint], 320, 180)
    assert_same_picture(renderers, backend, builtin_splats(), camera, mode=mode)


@backends
@pytest.mark.parametrize("name", shared_data.REFERENCES)
def test_data_scenes(renderers, backend, name):
    splats = load(shared_data.REFERENCES[name][0])
    camera, _, _ = shared_data.reference(name)
    assert_same_picture(renderers, backend, splats, camera.resized(320, 180))


@pytest.mark.parametrize("backend", ["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)])
@pytest.mark.parametrize("name", shared_data.REFERENCES)
def test_independent_references(renderers, backend, name):
    camera, color, alpha = shared_data.reference(name)
    renderer = renderers(backend)
    renderer.upload(load(shared_data.REFERENCES[name][0]))
    frame = renderer.render(FrameRequest(camera, Settings(precision="float32")))
    assert psnr(frame.color, color) >= INDEPENDENT_DB[backend]
    assert psnr(frame.alpha[..., None], alpha[..., None]) >= INDEPENDENT_DB[backend]
    if backend == "gl":
        half = renderer.render(FrameRequest(camera, Settings(precision="float16")))
        assert psnr(half.color, color) >= HALF_DB
