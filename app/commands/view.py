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
    """
    from ..run import run_window

    return run_window(scene, backend, weights)
