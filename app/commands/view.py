"""`voile view`: the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from .settings_flags import SETTINGS, WindowFlags, to_settings


def view(
    scene: str = "builtin",
    /,
    *,
    backend: str = "gl",
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    mesh: Annotated[list[Path] | None, Parameter(negative="")] = None,
    material: str | None = None,
    background: str | None = None,
    preset: str | None = None,
    settings: Annotated[Path | None, Parameter(negative="")] = None,
    log: Annotated[Path | None, Parameter(negative="")] = None,
    log_level: str = "info",
    flags: Annotated[WindowFlags, SETTINGS] = WindowFlags(),  # noqa: B008 - frozen
) -> int:
    """Opens the window.

    Parameters
    ----------
    scene
        Scene file or folder, a mesh, "builtin" or "builtin:materials".
    backend
        What draws: gl, cpu, reference or cuda.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    mesh
        A mesh (.glb, .gltf, .obj, .stl, .off) to put among the splats; may be given more than once.
    material
        What splats and meshes are made of: ceramic, brushed, car-paint, fabric, or a .vnm file that
        `voile bake-material` has made. Settings relight and material_tint mix it with
        what was captured.
    background
        black, white, grey, #rrggbb, r,g,b in 0 to 1, or transparent.
    preset
        Fast, Balanced, Best or Exact; flags change it further.
    settings
        JSON file of settings, as the window saves them; preset and flags change them further.
    log
        File for the messages of the program, instead of the one in the user's log folder.
    log_level
        The least that is written: debug, info, warning or error.
    """
    from ..run import run_window

    values = to_settings(flags, background, preset, settings)
    return run_window(
        *(scene, backend, weights, values),
        meshes=mesh or [],
        material=material,
        log=log,
        log_level=log_level,
    )
