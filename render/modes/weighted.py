"""`weighted`: one pass, no order; nearer splats weigh more.

McGuire and Bavoil 2013, "Weighted Blended Order-Independent Transparency": C = (1 - prod (1 -
alpha_i)) sum w_i alpha_i c_i / sum w_i alpha_i. For splats: Hou et al. 2025, "Sort-free Gaussian
Splatting via Weighted Sum Rendering" (exponential and linear-correction weights).

Depth enters as u = (z - z_0) / R: R is the radius of the scene and z_0 where its bounding sphere
begins. The offset cancels in the quotient and keeps the weights within float32. `beta` sets how
fast weights fall: for McGuire's weights it is the unit of z, for the linear weight its reach.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import LOG2_HIGHEST, LOG2_LOWEST
from ...scenes.oit import OitWeights
from ..camera import Camera
from ..scene_facts import SceneFacts
from ..settings import Settings
from .layers import Canvas, Layers, WeightedSum
from .mode import Mode

Float64 = NDArray[np.float64]

DEFAULT_BETA = 20.0
"""Decay over the scene's radius where nothing better is known."""


def composite(layers: Layers, canvas: Canvas) -> None:
    """C = (1 - T) sum w_i alpha_i c_i / sum w_i alpha_i; McGuire's w_i has alpha_i in it."""
    projected, settings = layers.projected, layers.settings
    fitted = fitted_weights(layers.facts.splats, settings)
    weights = splat_weights(
        projected.depths,
        *(projected.directions, projected.splats),
        *(layers.facts, layers.camera, settings, fitted),
    )
    sums = WeightedSum(layers.shape)
    for splat in layers:
        weight = weights[splat.row]
        sums.add(splat, weight * splat.alpha if squares_alpha(settings) else weight)
    sums.composite(canvas)


def fitted_weights(splats, settings: Settings) -> OitWeights | None:
    """The scene's fitted weights, where they are asked for and there are any."""
    return splats.fitted if settings.weight == "auto" else None


def squares_alpha(settings: Settings) -> bool:
    """Whether the weight has a factor alpha of its own (McGuire and Bavoil 2013, (7) to (10))."""
    return settings.weight.startswith("mcguire")


def depth_offset(facts: SceneFacts, camera: Camera) -> float:
    """z_0: where the scene's bounding sphere begins, world units, not behind the camera."""
    distance = float(np.linalg.norm(camera.position - facts.center))
    return max(0.0, distance - facts.radius)


def splat_weights(
    depths: Float64,
    directions: Float64,
    rows: NDArray[np.integer],
    facts: SceneFacts,
    camera: Camera,
    settings: Settings,
    weights: OitWeights | None,
) -> Float64:
    """(M,) the weight of every visible splat.

    Args:
        depths: (M,) view depth, world units.
        directions: (M, 3) unit, from the camera to the splats, world axes.
        rows: (M,) which splats of the scene these are.
        facts: of the scene.
        camera, settings: of the frame.
        weights: the scene's own, with which the exponential weight is used.
    """
    u = np.maximum(depths - depth_offset(facts, camera), 0.0) / facts.radius
    if weights is not None:
        beta = settings.beta or weights.beta
        log = weights.log_weights_at(directions, rows) - beta * u
        return np.exp2(np.clip(log / np.log(2.0), LOG2_LOWEST, LOG2_HIGHEST))
    beta = settings.beta or DEFAULT_BETA
    kind = "exponential" if settings.weight == "auto" else settings.weight
    return WEIGHTS[kind](beta * u)


def _exponential(x: Float64) -> Float64:
    return np.exp2(np.maximum(-x / np.log(2.0), LOG2_LOWEST))


def _linear(x: Float64) -> Float64:
    """Hou et al. 2025, max(0, 1 - z / sigma), with a floor where several layers lie beyond."""
    return np.maximum(1.0 - x / 40.0, 1e-3)


def _clamped(w: Float64) -> Float64:
    return np.clip(w, 1e-2, 3e3)


WEIGHTS = {
    "exponential": _exponential,
    "mcguire7": lambda z: _clamped(10.0 / (1e-5 + (z / 5.0) ** 2 + (z / 200.0) ** 6)),
    "mcguire8": lambda z: _clamped(10.0 / (1e-5 + (z / 10.0) ** 3 + (z / 200.0) ** 6)),
    "mcguire9": lambda z: _clamped(0.03 / (1e-5 + (z / 200.0) ** 4)),
    # 1 - d of a depth buffer with an infinite far plane is near / z; here the near plane is at 1.
    "mcguire10": lambda z: _clamped(3e3 * (1.0 / np.maximum(z, 1.0)) ** 3),
    "linear": _linear,
}
"""Weights of x = beta u by name; McGuire's are (7) to (10) without their factor alpha."""

MODE = Mode(
    "weighted",
    "One pass, no sort: nearer splats weigh more. Fast and soft; fit it by `voile bake --oit`.",
    composite,
    settings=("weight", "beta"),
    weights="fitted",
)
