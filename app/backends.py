"""Getting the backends ready, in a thread: compile kernels, and ask which backends can run."""

from __future__ import annotations

from dataclasses import dataclass

from ..render.renderer import BACKENDS, BackendUnavailable, create_renderer
from ..scenes.progress import Progress


@dataclass(frozen=True)
class Prepared:
    """What the backends can do here.

    Attributes:
        reasons: why a backend cannot run, by its name; those that can are missing.
        modes: the modes that a backend draws, by its name. `gl` is missing from both: without it
            there would be no window, and what it draws its own context tells.
        lacking: settings that a backend cannot follow, by its name.
        unpainted: backends that cannot blend paint instead of colours.
    """

    reasons: dict[str, str]
    modes: dict[str, frozenset[str]]
    lacking: dict[str, frozenset[str]]
    unpainted: frozenset[str]


def prepare(progress: Progress) -> Prepared:
    """Compiles the kernels, or loads them from the cache, and probes every backend.

    Raises:
        Cancelled: `progress` asked for it.
    """
    from ..kernels.cpu.warm import warm_up

    warm_up(progress)
    reasons: dict[str, str] = {}
    modes: dict[str, frozenset[str]] = {}
    lacking: dict[str, frozenset[str]] = {}
    unpainted: set[str] = set()
    for name in BACKENDS:
        if name == "gl":
            _import_gl()
            continue
        try:
            renderer = create_renderer(name)
            modes[name] = renderer.capabilities.modes
            lacking[name] = renderer.capabilities.lacks
            if not renderer.capabilities.paints:
                unpainted.add(name)
            renderer.close()
        except (BackendUnavailable, ImportError) as error:
            reasons[name] = str(error)
    return Prepared(reasons, modes, lacking, frozenset(unpainted))


def _import_gl() -> None:
    """Imports the gl backend here rather than in the first frame."""
    from ..render.gl import present, renderer  # noqa: F401
