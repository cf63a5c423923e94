"""An OpenGL renderer for tests, or the reason why there is none."""

from __future__ import annotations

import os

import pytest

from voile.render import BackendUnavailable
from voile.render.gl.renderer import GLRenderer


def gl_renderer(**options) -> GLRenderer:
    """A headless renderer. Skips the test where there is no OpenGL, but fails it on CI."""
    try:
        return GLRenderer(**options)
    except BackendUnavailable as error:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(f"CI must have OpenGL: {error}")
        pytest.skip(str(error))
