"""Getting the backends ready, in a thread: compile kernels, and ask which backends can run."""

from __future__ import annotations

from ..render.renderer import BACKENDS, BackendUnavailable, create_renderer
from ..scenes.progress import Progress


def prepare(progress: Progress) -> dict[str, str]:
    """Compiles the kernels, or loads them from the cache, and probes every backend.

    Returns:
        Why a backend cannot run here, by its name; available ones are missing. `gl` is not asked:
        without OpenGL there would be no window.

    Raises:
        Cancelled: `progress` asked for it.
    """
    from ..kernels.cpu.warm import warm_up

    warm_up(progress)
    reasons: dict[str, str] = {}
    for name in BACKENDS:
        if name == "gl":
            _import_gl()
            continue
        try:
            create_renderer(name).close()
        except (BackendUnavailable, ImportError) as error:
            reasons[name] = str(error)
    return reasons


def _import_gl() -> None:
    """Imports the gl backend here rather than in the first frame."""
    from ..render.gl import present, renderer  # noqa: F401
