"""The pre-pass: culls, projects and colours every splat of a frame once."""

from __future__ import annotations

import moderngl
import numpy as np

from ...kernels.constants import ALPHA_MIN, JACOBIAN_MARGIN
from ...scenes.splats import SH_COEFFICIENTS
from ..camera import Camera
from ..frame import FrameRequest
from ..settings import FRUSTUM_MARGIN
from .drawing import COUNTERS, LARGEST, Drawing
from .scene_buffers import STORED_BITS
from .target import COLOUR_MAX, SUM_COLOUR_MAX


def project(drawing: Drawing, counters: moderngl.Buffer) -> None:
    """Writes the footprints in draw order, and how many are visible into `counters`."""
    counters.write(b"\0\0\0\0")
    counters.bind_to_storage_buffer(COUNTERS)
    settings, splats = drawing.request.settings, drawing.scene.splats
    ordered = drawing.order is not None
    colour_max = COLOUR_MAX[settings.precision]
    drawing.each(
        "splat_project.comp",
        {},
        {
            "SH_DEGREE": min(settings.max_sh_degree, SH_COEFFICIENTS.index(splats.sh.shape[1])),
            "ANTIALIAS": settings.uses_antialiasing(splats.antialiased),
            "SH_STORAGE": STORED_BITS[drawing.scene.storage],
        },
        sh_stride=drawing.scene.sh_stride,
        splat_scale=settings.splat_scale,
        colour_max=colour_max if ordered else min(colour_max, SUM_COLOUR_MAX),
        # An order leaves out what is nearer; one float32 comparison more could disagree with it.
        near=0.0 if ordered else drawing.request.camera.near,
        **camera_uniforms(drawing.request.camera),
        **_culling_uniforms(drawing.request),
    )


def _culling_uniforms(request: FrameRequest) -> dict[str, object]:
    """What the settings leave out of a view."""
    settings, camera = request.settings, request.camera
    margin = FRUSTUM_MARGIN[settings.frustum]
    return {
        "least_opacity": max(ALPHA_MIN, settings.min_alpha),
        "least_trace": settings.min_pixels**2,
        "margin": tuple(min(margin * side, LARGEST) for side in (camera.width, camera.height)),
    }


def camera_uniforms(camera: Camera) -> dict[str, object]:
    """Uniforms of shaders/splat_project.comp that a camera gives."""
    focal = np.array([camera.fx, camera.fy])
    principal = np.array([camera.cx, camera.cy])
    size = np.array([camera.width, camera.height], np.float64)
    # As gsplat does it; a centred principal point gives 1.3 tan(fov / 2) of Kerbl et al. 2023.
    margin = JACOBIAN_MARGIN * 0.5 * size / focal
    return {
        "rotation": tuple(camera.world_to_camera[:3, :3].T.ravel()),  # GLSL takes columns
        **eye_uniforms(camera),
        "focal": tuple(focal),
        "principal": tuple(principal),
        "slope_low": tuple(-principal / focal - margin),
        "slope_high": tuple((size - principal) / focal + margin),
        "size": tuple(size),
    }


def eye_uniforms(camera: Camera) -> dict[str, object]:
    """The camera's position as a sum of two floats."""
    eye = camera.position
    high = eye.astype(np.float32)
    return {"eye_high": tuple(high), "eye_low": tuple((eye - high).astype(np.float32))}
