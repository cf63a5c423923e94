"""What is drawn: splat containers, file formats, generators. Knows no GPU and no Qt."""

from .errors import Cancelled, SceneFormatError, SplatsError, VoileError
from .progress import Progress, silent
from .splats import Splats

__all__ = [
    "Cancelled",
    "Progress",
    "SceneFormatError",
    "Splats",
    "SplatsError",
    "VoileError",
    "silent",
]
