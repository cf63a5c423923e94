"""`learned` with OpenGL: `weighted` with the learned weights; other splats are drawn by then."""

from __future__ import annotations

from ..drawing import Drawing
from . import weighted


class Blending(weighted.Blending):
    """The passes of `weighted`."""

    def draw(self, drawing: Drawing) -> None:
        """Draws by the weights that came with the scene."""
        self.draw_by(drawing, drawing.facts.splats.learned, squares_alpha=False)
