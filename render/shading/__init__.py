"""Light on surfaces, after the splats are blended: once per pixel."""

from .deferred import gbuffer_paint, lit_by_samples, lit_meshes, lit_splats, relights
from .environment import environment_frame, irradiance
from .matte import shade_matte

__all__ = [
    "environment_frame",
    "gbuffer_paint",
    "irradiance",
    "lit_by_samples",
    "lit_meshes",
    "lit_splats",
    "relights",
    "shade_matte",
]
