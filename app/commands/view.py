"""`voile view`: the window."""

from __future__ import annotations


def view(scene: str = "builtin", /, *, backend: str = "gl") -> int:
    """Opens the window.

    Parameters
    ----------
    scene
        Scene file or folder, or "builtin".
    backend
        What draws: gl, cpu, reference or cuda.
    """
    from ..run import run_window

    return run_window(scene, backend)
