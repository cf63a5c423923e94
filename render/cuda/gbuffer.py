"""The G-buffer of splats with a material: its coats of paint, made on the GPU (`gbuffer.cu`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...scenes.content import Content
from ..frame import FrameRequest
from ..modes import MODES
from ..scene_facts import facts_of
from ..shading.deferred import captured_light, own_latents_at
from ..smooth_normals import smooth_normals
from .frame import Coat, Visible
from .plan import Buffers, Plan
from .resident import Resident


def material_coats(
    content: Content, request: FrameRequest, rows: NDArray[np.integer] | None, buffers: Buffers,
    resident: Resident,
) -> list[Coat]:  # fmt: skip
    """As `shading.gbuffer_paint`; nothing that has a row for every splat is sent but once.

    Args:
        content, request: of the frame; its paint, if any, tints.
        rows: which splats of the content those that are drawn are; None where in its order.
        buffers, resident: memory.
    """
    settings, keep = request.settings, resident.array
    splats = MODES[settings.mode].in_order(facts_of(content.splats))
    assert splats.material is not None
    materials = own_latents_at(len(content.materials)) - 9
    latents = 0 if splats.latent is None else splats.latent.shape[1]
    columns = 9 + materials + (-(-(1 + latents) // 3) * 3 if latents else 0)
    worn = (
        None if rows is None else keep(rows, np.int32),
        keep(splats.means),
        keep(splats.material, np.int32),
        keep(smooth_normals(splats, settings.normal_smoothing, settings.normal_reach)),
        keep(captured_light(splats)),
        None if splats.latent is None else keep(splats.latent),
        latents,
    )
    tint = request.paint
    tints = None if tint is None else buffers.send("tints", tint.coat(0, rows))

    def coat(number: int) -> Coat:
        def put_on(plan: Plan, visible: Visible) -> None:
            plan.each(
                "paint_material", visible.room, visible.splats, visible.counts, visible.room,
                visible.view, *worn, tints, settings.relight, materials,
                number, visible.footprints,
            )  # fmt: skip

        return put_on

    return [coat(k) for k in range(columns // 3)]
