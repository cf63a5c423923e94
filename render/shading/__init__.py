"""Light on surfaces, after the splats are blended: once per pixel."""

from .environment import environment_frame, irradiance
from .matte import shade_matte

__all__ = ["environment_frame", "irradiance", "shade_matte"]
