"""Images made of splats by OpenGL: the picture of the reference."""

import os

import numpy as np
import pytest
from make_images import make_image

from voile.render import BackendUnavailable
from voile.render.image.reference import ReferenceImageRenderer
from voile.render.image.renderer import create_image_renderer
from voile.render.image.view import ImageView, whole

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def gl():
    try:
        renderer = create_image_renderer("gl")
    except BackendUnavailable as error:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(f"CI must have OpenGL: {error}")
        pytest.skip(str(error))
    yield renderer
    renderer.close()


@pytest.mark.parametrize(
    ("n", "size", "channels"),
    [(0, (5, 7), 3), (1, (33, 20), 1), (60, (40, 50), 2), (300, (70, 41), 3), (400, (40, 40), 4)],
)
def test_it_is_the_picture_of_the_reference(gl, n, size, channels):
    splats = make_image(n, size, channels)
    reference = ReferenceImageRenderer()
    for renderer in (reference, gl):
        renderer.upload(splats)
    views = [whole(splats), whole(splats, 0.3), whole(splats, 2.6, 4), ImageView(30, 20, 1e5, 9, 8)]
    for view in views:
        a, b = reference.render(view), gl.render(view)
        for one, other in ((a.color, b.color), (a.alpha, b.alpha)):
            # Rounding decides which of two equal Gaussians is the K-th, and what reaches 1/255.
            far = np.abs(one - other) > 2e-4
            assert far.sum() <= max(6, 0.01 * far.size)
