"""Paint is blended by exactly the weights of colours, in every mode, on every backend."""

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.render import RenderError, create_renderer
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.paint import Paint, PaintError
from voile.render.renderer import Capabilities, check_mode
from voile.scenes.sh import sh_basis

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=80, height=50)
SPLATS = with_weights(make_splats(300, 0, seed=3))
OWN = np.maximum(0.5 + sh_basis(np.eye(3)[:1], 0)[0, 0] * SPLATS.sh[:, 0], 0).astype(np.float32)
"""(N, 3) colours, which do not depend on the direction."""


@pytest.fixture(
    scope="module", params=["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)]
)
def renderer(request):
    made = gl_renderer() if request.param == "gl" else create_renderer(request.param)
    made.upload(SPLATS)
    yield made
    made.close()


def draw(renderer, paint, mode="sorted", **settings):
    settings = Settings(mode=mode, precision="float32", samples=3, bins=8, **settings)
    return renderer.render(FrameRequest(CAMERA, settings, depth=True, seed=2, paint=paint))


def painted(*columns, keep=None) -> Paint:
    return Paint(np.concatenate(columns, axis=1).astype(np.float32), keep)


@pytest.mark.parametrize("mode", MODES)
def test_the_weights_are_those_of_colours(renderer, mode):
    """Painted with its own colours the picture is the same, and paint is blended linearly."""
    other = np.random.default_rng(0).uniform(-3, 3, OWN.shape)
    frame = draw(renderer, painted(OWN, other, 2 * OWN - 0.5 * other), mode)
    plain = draw(renderer, None, mode)
    if mode != "learned":  # it corrects colours, and paint is none
        np.testing.assert_allclose(frame.color, plain.color, atol=2e-5)
    np.testing.assert_array_equal(frame.color, frame.paint[..., :3])
    np.testing.assert_array_equal(frame.alpha, plain.alpha)
    np.testing.assert_array_equal(frame.depth, plain.depth)
    assert frame.paint.shape == (50, 80, 9)
    combined = 2 * frame.paint[..., :3] - 0.5 * frame.paint[..., 3:6]
    np.testing.assert_allclose(frame.paint[..., 6:], combined, atol=3e-5)
    assert frame.paint[..., 3:6].min() < -0.5, "signed values must stay"


@pytest.mark.parametrize("mode", MODES)
def test_all_ones_blend_to_alpha(renderer, mode):
    frame = draw(renderer, painted(np.ones_like(OWN)), mode)
    for channel in range(3):
        np.testing.assert_allclose(frame.paint[..., channel], frame.alpha, atol=2e-5)


@pytest.mark.parametrize("mode", ["cells", "learned", "sorted"])
def test_rows_are_those_of_the_scene(renderer, mode):
    """One splat marked is the same one in every mode, however the mode orders them."""
    keep = np.ones(len(SPLATS), np.float32)
    values = np.zeros_like(OWN)
    big = int(np.argmax(SPLATS.opacities * np.sort(SPLATS.scales, axis=1)[:, 1]))
    values[big] = 5.0
    change = (
        draw(renderer, painted(values, keep=keep), mode).color - draw(renderer, None, mode).color
    )
    center = CAMERA.world_to_camera[:3] @ [*SPLATS.means[big], 1]
    weight = change[..., 0] / change[..., 0].sum()
    x = (weight * (np.arange(80) + 0.5)).sum()
    assert abs(x - (CAMERA.fx * center[0] / center[2] + CAMERA.cx)) < 3
    assert change.max() > 0.2


def test_part_of_the_own_colour_is_kept(renderer):
    half = painted(0.5 * OWN, keep=np.full(len(OWN), 0.5, np.float32))
    np.testing.assert_allclose(draw(renderer, half).color, draw(renderer, None).color, atol=2e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", ["cpu", pytest.param("gl", marks=pytest.mark.gl)])
def test_backends_draw_the_reference(backend, mode):
    values = np.random.default_rng(5).uniform(0, 1, (len(SPLATS), 6)).astype(np.float32)
    frames = []
    for name in ("reference", backend):
        made = gl_renderer() if name == "gl" else create_renderer(name)
        made.upload(SPLATS)
        frames.append(draw(made, Paint(values), mode))
        made.close()
    assert psnr(frames[1].paint, frames[0].paint) >= (70 if backend == "cpu" else 60)


@pytest.mark.gl
def test_paint_is_drawn_in_blocks_and_not_rounded_to_half():
    small = gl_renderer(block_bytes=64 * 64)
    small.upload(SPLATS)
    ids = np.zeros_like(OWN)
    ids[:] = 70_000.0 + np.arange(len(OWN))[:, None]
    frame = small.render(FrameRequest(CAMERA, Settings(precision="float16"), paint=painted(ids)))
    whole = gl_renderer()
    whole.upload(SPLATS)
    expected = whole.render(FrameRequest(CAMERA, Settings(), paint=painted(ids)))
    np.testing.assert_allclose(frame.paint, expected.paint, rtol=1e-5)
    assert frame.paint.max() > 65504
    small.close()
    whole.close()


def test_bad_paint_is_an_error():
    good = np.zeros((4, 3), np.float32)
    for values, keep, text in (
        (good.astype(np.float64), None, "float32"),
        (good[:, :2], None, "multiple of 3"),
        (good + np.float32(np.nan), None, "not finite"),
        (good + np.float32(1e10), None, "beyond"),
        (good, np.zeros(3, np.float32), "keep"),
        (good, np.full(4, 1.5, np.float32), "outside"),
    ):
        with pytest.raises(PaintError, match=text):
            Paint(values, keep)


def test_paint_of_another_scene_is_an_error(renderer):
    with pytest.raises(RenderError, match="4 rows and the scene 300"):
        draw(renderer, Paint(np.zeros((4, 3), np.float32)))


def test_a_backend_that_cannot_says_so():
    class Plain:
        name = "plain"
        capabilities = Capabilities(frozenset(MODES), "", 100, paints=False)

    request = FrameRequest(CAMERA, paint=Paint(np.zeros((4, 3), np.float32)))
    with pytest.raises(RenderError, match="cannot blend anything but colours"):
        check_mode(Plain(), request)
