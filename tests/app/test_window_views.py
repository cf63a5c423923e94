"""Debug views in the window: what is on screen is what the renderers draw, with its scale."""

import numpy as np
import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from voile.render import FrameRequest, create_renderer  # noqa: E402


@pytest.mark.parametrize("backend", ["gl", "cpu"])
def test_views_are_shown_with_their_scales(make_window, show, look, ply, backend):
    window = show(make_window(backend), ply)
    settings = window.session.settings
    settings.precision = "float32"
    settings.exposure = 2.0
    renderer = create_renderer("reference")
    renderer.upload(window.session.opened.scene.splats)
    scales = {"overdraw": "Splats in a pixel", "depth": "Depth, by ratios"}
    for shown in ("overdraw", "depth", "ellipsoids", "cells", "ids"):
        settings.shown = shown
        picture = look(window)
        request = FrameRequest(window.viewport.camera(), settings.copy())
        expected = renderer.render(request).to_rgb8(settings.background)
        assert (np.abs(picture.astype(int) - expected).max(axis=2) > 3).mean() < 0.01, shown
        assert window.legend.isVisible() == (shown in scales)
        if shown in scales:
            assert window.legend.ends[0] == scales[shown]
    settings.shown = "colour"
    look(window)
    assert not window.legend.isVisible()
    assert not window.overlays.banners
    renderer.close()
