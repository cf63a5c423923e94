"""A camera as the kernels take it."""

from __future__ import annotations

from ..kernels.cpu.project import View, make_view
from .camera import Camera


def view_of(camera: Camera) -> View:
    """The view of a camera, for the kernels of the CPU and for what is packed for those of CUDA."""
    return make_view(
        camera.world_to_camera,
        (camera.fx, camera.fy),
        (camera.cx, camera.cy),
        (camera.width, camera.height),
        camera.near,
    )
