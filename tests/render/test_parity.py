"""Every backend draws the reference's picture: mode x backend x scene x view.

Tolerances, dB of PSNR over colour clamped to [0, 1], and their reasons:

- cpu 70: float32 arithmetic, a polynomial exp of 2e-7, and compositing that stops at T < 1e-4;
- gl 60 with a float32 target: float32 arithmetic, half-precision SH above degree 0, back to front;
- gl 42 with the float16 target, which rounds the colour at every splat of a pixel (llvmpipe towards
  zero, so that it is darker by up to 0.5/255);
- 60 against the independent references, which are stored as float16.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import shared_data
from gl_context import gl_renderer
from make_splats import make_splats, with_weights

import voile
from voile import Camera, Frame, FrameRequest, Settings, Splats
from voile.render import create_renderer
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.views import from_viewpoint
from voile.scenes import builtin

MIN_DB = {"cpu": 70.0, "gl": 60.0}
INDEPENDENT_DB = 60.0
HALF_DB = 42.0


@dataclass(frozen=True)
class Case:
    """A scene, where from, and settings."""

    splats: Callable[[], Splats]
    camera: Callable[[], Camera]
    settings: dict = field(default_factory=dict)


@functools.cache
def load(name: str) -> Splats:
    return voile.load(shared_data.scene_path(name))


@functools.cache
def builtin_scene() -> Splats:
    return builtin.make_scene()


def small(scene: dict, view: dict, settings: dict) -> Case:
    """A seeded random scene of 400 splats; `view` changes fields of the camera."""

    def camera() -> Camera:
        seen = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=240, height=150)
        return Camera.from_dict({**seen.to_dict(), **view})

    return Case(lambda: with_weights(make_splats(400, **scene)), camera, settings)


def builtin_view(name: str) -> Case:
    return Case(builtin_scene, lambda: from_viewpoint(builtin.VIEWPOINTS[name], 320, 180))


def data_view(name: str) -> Case:
    """A real scene from the camera of an independent reference; skips without the data."""
    scene = shared_data.REFERENCES[name][0]
    return Case(lambda: load(scene), lambda: shared_data.reference(name)[0])


def thinned() -> Case:
    """Every eighth splat of the built-in scene, with weights of both kinds."""

    def splats() -> Splats:
        return with_weights(builtin_scene().take(slice(None, None, 8)))

    viewpoint = builtin.VIEWPOINTS["garden"]
    return Case(splats, lambda: from_viewpoint(viewpoint, 96, 54), {"bins": 8, "samples": 2})


CASES = {
    **{f"degree{d}": small({"sh_degree": d, "seed": d}, {}, {}) for d in range(5)},
    "antialiased": small({"antialiased": True, "seed": 9}, {}, {}),
    "antialiasing_on": small({"seed": 10}, {}, {"antialiasing": "on"}),
    "antialiasing_off": small({"antialiased": True, "seed": 10}, {}, {"antialiasing": "off"}),
    "off_centre": small({"seed": 11}, {"cx": -40.0, "cy": 190.0}, {}),
    "other_focal_y": small({"seed": 12}, {"fy": 90.0}, {}),
    "degree_capped": small({"sh_degree": 4, "seed": 13}, {}, {"max_sh_degree": 1}),
    "small_splats": small({"seed": 14}, {}, {"splat_scale": 0.2}),
    "large_splats": small({"seed": 15}, {}, {"splat_scale": 3.0}),
    "near_plane": small({"seed": 16}, {"near": 4.5}, {}),
    "min_pixels": small({"seed": 18}, {}, {"min_pixels": 3.0}),
    "min_alpha": small({"antialiased": True, "seed": 19}, {}, {"min_alpha": 0.4}),
    "frustum_near": small({"seed": 20}, {}, {"frustum": "near", "splat_scale": 3.0}),
    "frustum_inside": small({"seed": 21}, {}, {"frustum": "inside", "splat_scale": 3.0}),
    "surfels": small({"kind": "2d", "seed": 17}, {}, {}),
    "large_surfels": small({"kind": "2d", "seed": 23}, {}, {"splat_scale": 3.0}),
    "mixed": small({"kind": "mixed", "seed": 24}, {"near": 4.0}, {}),
    "thinned": thinned(),
    **{f"builtin {name}": builtin_view(name) for name in builtin.VIEWPOINTS},
    **{name: data_view(name) for name in shared_data.REFERENCES},
}


@functools.cache
def expected_frame(name: str, mode: str) -> Frame:
    """The reference's picture of a case, drawn once for all backends."""
    return draw("reference", CASES[name], mode)


RENDERERS = {}


@pytest.fixture(scope="module", autouse=True)
def renderers():
    yield
    expected_frame.cache_clear()
    while RENDERERS:
        RENDERERS.popitem()[1].close()


def draw(backend: str, case: Case, mode: str, precision: str = "float32") -> Frame:
    if backend not in RENDERERS:
        RENDERERS[backend] = gl_renderer() if backend == "gl" else create_renderer(backend)
    RENDERERS[backend].upload(case.splats())
    settings = Settings(mode=mode, precision=precision, **case.settings)
    return RENDERERS[backend].render(FrameRequest(case.camera(), settings, depth=True))


GL = pytest.param("gl", marks=pytest.mark.gl)


# The reference takes minutes for a whole scene in the modes that collect per pixel.
SMALL = (
    "degree1",
    "antialiased",
    "off_centre",
    "large_splats",
    "near_plane",
    "surfels",
    "mixed",
    "thinned",
)
MODE_CASES = [(name, "sorted") for name in CASES] + [
    (name, mode) for mode in MODES if mode != "sorted" for name in SMALL
]


@pytest.mark.parametrize("backend", ["cpu", GL])
@pytest.mark.parametrize(("name", "mode"), MODE_CASES)
def test_backend_draws_the_reference(name, backend, mode):
    expected, actual = expected_frame(name, mode), draw(backend, CASES[name], mode)
    assert expected.alpha.max() > 0.5, "the view must show something"
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB[backend]
    seen = expected.alpha > 0.1
    relative = np.abs(actual.depth[seen] / expected.depth[seen] - 1)
    assert np.quantile(relative, 0.999) < 2e-3
    np.testing.assert_array_equal(actual.depth[actual.alpha == 0], 0)


@pytest.mark.gl
@pytest.mark.parametrize(("name", "mode"), MODE_CASES)
def test_half_precision_target(name, mode):
    expected, actual = expected_frame(name, mode), draw("gl", CASES[name], mode, "float16")
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= HALF_DB


@pytest.mark.parametrize("backend", ["reference", "cpu", GL])
@pytest.mark.parametrize("name", shared_data.REFERENCES)
def test_independent_references(name, backend):
    case = CASES[name]
    _, color, alpha = shared_data.reference(name)
    frame = (
        expected_frame(name, "sorted") if backend == "reference" else draw(backend, case, "sorted")
    )
    assert psnr(frame.color, color) >= INDEPENDENT_DB
    assert psnr(frame.alpha[..., None], alpha[..., None]) >= INDEPENDENT_DB
    if backend == "gl":
        assert psnr(draw("gl", case, "sorted", "float16").color, color) >= HALF_DB
