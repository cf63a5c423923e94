"""`sorted` with OpenGL: blended back to front into the target itself."""

from __future__ import annotations

from ..drawing import OVER, Drawing


class Blending:
    """The premultiplied "over" operator; nothing is kept."""

    ORDERED = True

    def draw(self, drawing: Drawing) -> None:
        """One pass."""
        with drawing.stage("rasterize"):
            drawing.splats(
                drawing.target.framebuffer,
                "modes/sorted.frag",
                OVER,
                defines={"WITH_DEPTH": drawing.with_depth},
            )

    def release(self) -> None:
        """Nothing to free."""
