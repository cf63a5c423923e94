"""What is selected is tinted over what it wears: paint that tints lets materials be lit."""

from dataclasses import replace

import numpy as np
import pytest
from gl_context import gl_renderer
from make_materials import make_material
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings
from voile.render import create_renderer
from voile.render.paint import Paint
from voile.scenes.content import Content

CAMERA = Camera.look_at((1.0, -1.2, -4.0), (0, 0, 0), width=48, height=32)
TINT = np.float32([0.6, 0.3, 0.1])
SETTINGS = Settings(relight=0.8, light_samples=2, precision="float32")


def content():
    column = np.where(np.arange(60) < 40, 0, -1).astype(np.int32)
    return Content(
        replace(make_splats(60, 0, seed=2), material=column), materials=(make_material(),)
    )


@pytest.mark.gl
@pytest.mark.parametrize("backend", ["reference", "cpu", "gl"])
def test_a_tint_is_over_the_light_and_other_paint_in_its_place(backend):
    renderer = gl_renderer() if backend == "gl" else create_renderer(backend)
    try:
        renderer.upload(content())
        lit = renderer.render(FrameRequest(CAMERA, SETTINGS))
        half = Paint(np.tile(TINT, (60, 1)), np.full(60, 0.5, np.float32))
        tinted = renderer.render(FrameRequest(CAMERA, SETTINGS, paint=half))
        # Light is found from means, which a tint of all splats alike leaves as they are.
        wanted = 0.5 * lit.color + lit.alpha[..., None] * TINT
        assert np.abs(tinted.color - wanted).mean() < 1e-3
        assert np.abs(lit.color - tinted.color).mean() > 0.02
        assert tinted.paint is None
        whole = Paint(np.tile(TINT, (60, 1)))
        painted = renderer.render(FrameRequest(CAMERA, SETTINGS, paint=whole))
        np.testing.assert_allclose(painted.color, lit.alpha[..., None] * TINT, atol=2e-3)
        assert painted.paint is not None
    finally:
        renderer.close()


def test_only_what_is_tinted_changes():
    """With none tinted it is the picture without; splats without a material are tinted too."""
    renderer = create_renderer("cpu")
    renderer.upload(content())
    lit = renderer.render(FrameRequest(CAMERA, SETTINGS)).color
    none = Paint(np.zeros((60, 3), np.float32), np.ones(60, np.float32))
    same = renderer.render(FrameRequest(CAMERA, SETTINGS, paint=none)).color
    np.testing.assert_allclose(same, lit, atol=1e-6)
    keep = np.where(np.arange(60) < 40, 1.0, 0.5).astype(np.float32)
    plain = Paint((1 - keep)[:, None] * TINT, keep)
    other = renderer.render(FrameRequest(CAMERA, SETTINGS, paint=plain)).color
    assert np.abs(other - lit).mean() > 0.005
    renderer.close()
