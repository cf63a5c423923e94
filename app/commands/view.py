"""`voile view`: the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def view(
    scene: str = "builtin",
    /,
    *,
    backend: str = "gl",
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    log: Annotated[Path | None, Parameter(negative="")] = None,
    log_level: str = "info",
) -> int:
    """Opens the window.

    Parameters
    ----------
    scene
        Scene file or folder, or "builtin".
    backend
        What draws: gl, cpu, reference or cuda.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    log
        File for the messages of the program, instead of the one in the user's log folder.
    log_level
        The least that is written: debug, info, warning or error.
    """
    from ..run import run_window

    return run_window(scene, backend, weights, log=log, log_level=log_level)
