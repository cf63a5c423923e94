"""Blending modes of the OpenGL backend, one file each; equations are in `voile.render.modes`.

Every file has a class `Blending`: what its shaders need besides the footprints, and the passes in
which they draw. A new file is a new mode; nothing else knows their names.
"""

from __future__ import annotations

import importlib
from pkgutil import iter_modules
from typing import ClassVar, Protocol

from ..drawing import Drawing

NAMES = frozenset(module.name for module in iter_modules(__path__))
"""The modes that this backend draws."""

MEDIANS = frozenset({"sorted"})
"""Those with median depth."""


class Blending(Protocol):
    """Draws by one mode, in one context; kept from frame to frame as long as the mode is.

    Attributes:
        ORDERED: whether footprints are drawn back to front, or else in the order of the scene.
    """

    ORDERED: ClassVar[bool]

    def draw(self, drawing: Drawing) -> None:
        """Fills the target; there is at least one splat. Raises RenderError: too little memory."""
        ...

    def release(self) -> None:
        """Frees what was kept."""
        ...


def blending(name: str) -> Blending:
    """A mode by name."""
    return importlib.import_module(f".{name}", __name__).Blending()
