"""`weighted` with OpenGL: additive sums of a weight per splat, then one division per pixel."""

from __future__ import annotations

from ....kernels.constants import LOG2_HIGHEST, LOG2_LOWEST
from ....scenes.oit import OitWeights
from ...modes.weighted import DEFAULT_BETA, depth_offset, fitted_weights, squares_alpha
from ..drawing import ADD, COLUMN, LARGEST, VALUES, Column, Drawing
from ..projection import eye_uniforms
from ..target import Kept, Sums


class Blending:
    """Weights once per splat, one additive pass, one pass over the pixels."""

    ORDERED = False

    def __init__(self) -> None:
        self._kept = Kept()

    def draw(self, drawing: Drawing) -> None:
        """Draws by the weights of the settings."""
        settings = drawing.request.settings
        weights = fitted_weights(drawing.facts.splats, settings)
        self.draw_by(drawing, weights, squares_alpha(settings))

    def draw_by(self, drawing: Drawing, weights: OitWeights | None, squares_alpha: bool) -> None:
        """Draws by the scene's weights, or by those of the settings where there are none."""
        with drawing.stage("weigh"):
            values = self._weigh(drawing, weights)
        with drawing.stage("rasterize"):
            sums = weighted_sums(self._kept, drawing)
            drawing.splats(
                sums.framebuffer,
                "modes/weighted.frag",
                ADD,
                columns={VALUES: values},
                defines={"SQUARES_ALPHA": squares_alpha},
            )
            resolve(drawing, sums)

    def release(self) -> None:
        """Frees sums and weights."""
        self._kept.release()

    def _weigh(self, drawing: Drawing, weights: OitWeights | None) -> Column:
        ctx, count = drawing.ctx, drawing.count
        camera, settings, facts = drawing.request.camera, drawing.request.settings, drawing.facts
        kept = self._kept.get("weights", count, lambda: ctx.buffer(reserve=4 * count))
        values = Column(kept, 4)
        columns, kind, numbers = {VALUES: values}, settings.weight, 0
        if weights is not None:
            rows = weights.log_weights
            numbers = rows.shape[1]
            # The key holds the object: by its id alone another scene's could be taken for it.
            columns[COLUMN] = Column(
                self._kept.get("fitted weights", weights, lambda: ctx.buffer(rows.tobytes())),
                rows.itemsize * numbers,
            )
            kind = "of_scene"
        drawing.each(
            "modes/weigh.comp",
            columns,
            {
                f"WEIGHT_{kind.upper()}": True,
                "LOG_WEIGHTS": numbers,
                "LOG2_LOWEST": LOG2_LOWEST,
                "LOG2_HIGHEST": LOG2_HIGHEST,
            },
            beta=settings.beta or (weights.beta if weights is not None else DEFAULT_BETA),
            radius=min(facts.radius, LARGEST),
            depth_offset=min(depth_offset(facts, camera), LARGEST),
            **eye_uniforms(camera),
        )
        return values


def weighted_sums(kept: Kept, drawing: Drawing) -> Sums:
    """The textures of modes/sums.glsl, at the size of a frame."""
    size = drawing.size
    return kept.get("sums", size, lambda: Sums(drawing.ctx, size, (4, 2)))


def resolve(drawing: Drawing, sums: Sums) -> None:
    """The target from weighted sums."""
    drawing.pixels(drawing.target.framebuffer, "modes/sums_resolve.frag", sums.textures)
