"""The camera and what else changes with every frame, as kernels read it: `View` of common.cuh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import ALPHA_MIN
from ..camera import Camera
from ..kernel_view import view_of
from ..settings import FRUSTUM_MARGIN, Settings

LARGEST = 1e18
"""World units: larger lengths are cut to this, so that float32 kernels can square them."""

VIEW_FLOATS = 33


def pack_view(
    camera: Camera, settings: Settings, *, depth_offset: float = 0.0, depth_unit: float = 1.0
) -> NDArray[np.float32]:
    """(33,) float32: camera, culling, and the lengths of modes `weighted` and `binned`."""
    view = view_of(camera)
    eye = np.clip(view.position, -1e38, 1e38)
    eye_high = eye.astype(np.float32)
    margin = FRUSTUM_MARGIN[settings.frustum]
    parts = (
        view.rotation,
        eye_high,
        eye - eye_high,
        view.focal,
        view.centre,
        view.slope_low,
        view.slope_high,
        view.size,
        view.near,
        settings.splat_scale,
        # Not above 1/255 in float32, and so no splat of exactly that is lost.
        max(np.nextafter(np.float32(ALPHA_MIN), np.float32(0)), settings.min_alpha),
        float(settings.min_pixels) ** 2,
        (margin * camera.width, margin * camera.height),
        min(depth_offset, LARGEST),
        min(depth_unit, LARGEST),
    )
    packed = np.concatenate([np.ravel(part) for part in parts])
    assert len(packed) == VIEW_FLOATS
    return packed.astype(np.float32)
