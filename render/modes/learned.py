"""`learned`: the weighted sum of splats and weights that are distilled from the sorted image.

The weights are those of `weighted`, w = exp(l(d) - beta u) (the exponential weight of Hou et al.
2025 times one that depends on the view direction, here by harmonics to degree 2: `OitWeights`);
`voile bake --learn` finds them. Opacities, colours and shapes of the splats are learned as well, so
what is drawn is another scene (`scenes.relearn`).
"""

from __future__ import annotations

from ...scenes.splats import Splats
from ..scene_facts import SceneFacts
from .layers import Canvas, Layers, WeightedSum
from .mode import Mode
from .weighted import splat_weights


def composite(layers: Layers, canvas: Canvas) -> None:
    """C = (1 - T) sum w_i alpha_i c_i / sum w_i alpha_i, all of it learned."""
    projected = layers.projected
    weights = splat_weights(
        projected.depths,
        *(projected.directions, projected.splats),
        *(layers.facts, layers.camera, layers.settings, layers.facts.splats.learned),
    )
    sums = WeightedSum(layers.shape)
    for splat in layers:
        sums.add(splat, weights[splat.row])
    sums.composite(canvas)


def _scene(facts: SceneFacts) -> Splats:
    return facts.relearned or facts.splats


def _lacks(facts: SceneFacts) -> str | None:
    if facts.splats.learned is None:
        return "the scene has no learned weights: make them by `voile bake SCENE --learn`"
    return None


MODE = Mode(
    "learned",
    "One pass, no sort: weights and splats learned from the sorted image.",
    composite,
    scene=_scene,
    lacks=_lacks,
    prepared=lambda facts: facts.has_relearned,
    prepare=lambda facts, progress: facts.relearned,
    weights="learned",
)
