"""The built-in scene."""

from ..progress import Progress, silent
from ..splats import Splats
from ..viewpoint import Viewpoint

VIEWPOINTS: dict[str, Viewpoint] = {}


def make_scene(seed: int = 0, progress: Progress = silent) -> Splats:
    """The built-in scene."""
    raise NotImplementedError
