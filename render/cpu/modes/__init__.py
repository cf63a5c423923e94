"""What the kernels of `voile.kernels.cpu.modes` are given, mode by mode.

Every file is a mode and has `blending(facts, camera, settings, seed)`, which returns a
`kernels.cpu.frame.Blending`.
"""

from __future__ import annotations

import importlib
from pkgutil import iter_modules

from ....kernels.cpu.frame import Blending
from ...frame import FrameRequest
from ...scene_facts import SceneFacts

NAMES = frozenset(module.name for module in iter_modules(__path__))
"""The modes that this backend draws."""

MEDIANS = frozenset({"sorted"})
"""Those with median depth: their files have `median_blending()` too."""


def blending(request: FrameRequest, facts: SceneFacts) -> Blending:
    """How the splats of a frame blend."""
    module = importlib.import_module(f".{request.settings.mode}", __name__)
    if request.median:
        return module.median_blending()
    return module.blending(facts, request.camera, request.settings, request.seed)
