"""Light as the kernels of `lit.cuh` read it: what is sent of lights and materials, and launches.

Nets, latent textures and tables of environments are on the GPU from the first frame that shows
them; with every frame go the lamps, some numbers and the keys of its random numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.sources import for_nets
from ...scenes.content import Content
from ...scenes.material import NetShape, shapes_of
from ..frame import FrameRequest
from ..materials.glsl import pack, place_rows
from ..scene_facts import facts_of
from ..shading.deferred import own_latents_at
from ..shading.environment import environment_frame, gain, harmonics
from ..shading.lamps import lamp_rows
from ..shading.sampling import light_keys, table_of
from .plan import Buffers, Plan, Tensor
from .resident import Resident

LIGHTING_FLOATS = 40


def pack_lighting(content: Content, request: FrameRequest) -> NDArray[np.float32]:
    """(40,) float32, `Lighting` of lights.cuh."""
    settings = request.settings
    parts = (
        environment_frame(content.splats.up, settings.environment_rotation),
        harmonics(content.lights.environment) * (gain(settings) / np.pi),
        gain(settings),
        settings.relight,
        settings.material_tint,
        settings.material_scale / facts_of(content.splats).radius,
    )
    packed = np.concatenate([np.ravel(part) for part in parts])
    assert len(packed) == LIGHTING_FLOATS
    return packed.astype(np.float32)


class Light:
    """Lights and materials of a frame on the device.

    Args:
        content, request: of the frame.
        view: the camera, on the device.
        buffers: memory for what is sent with every frame.
        resident: memory for what is sent once.

    Attributes:
        arguments: `LIGHT_ARGUMENTS` of lights.cuh.
        view: as given.
    """

    def __init__(
        self, content: Content, request: FrameRequest, view: Tensor, buffers: Buffers,
        resident: Resident,
    ) -> None:  # fmt: skip
        self._content, self._camera, self.view = content, request.camera, view
        self._resident = resident
        lights, samples = content.lights, request.settings.light_samples
        environment, table = lights.environment, table_of(lights.environment)
        keys = light_keys(request.seed, samples).view(np.int32)
        self.arguments = (
            buffers.send("lighting", pack_lighting(content, request)),
            buffers.send("lamps", lamp_rows(lights.lamps)),
            len(lights.lamps),
            buffers.send("light keys", keys),
            samples,
            resident.array(environment.image),
            *environment.image.shape[:2],
            resident.array(table.shares),
            resident.array(table.others),
            resident.array(table.densities),
        )

    def add_to_splats(self, plan: Plan, coats: Tensor, frame: Tensor) -> None:
        """Lists the launches that light splats, in place, by `coats` (coats, H, W, 4)."""
        latent = self._content.splats.latent
        own = own_latents_at(len(self._content.materials)) - 3 + 1
        camera = self._camera
        for shape in shapes_of(self._content.worn_by_splats):
            fits = latent is not None and latent.shape[1] == shape.latents
            plan.each(
                for_nets("light_splats", shape), camera.width * camera.height, *self.arguments,
                self.view, *self._nets(shape), len(self._content.materials), coats,
                own if fits else 0, camera.width, camera.height, frame,
            )  # fmt: skip

    def put_on_meshes(self, plan: Plan, meshes: tuple[Any, ...], behind: Tensor) -> None:
        """Lists the launches that light meshes with a material, in their picture `behind`.

        `meshes` are `MESH_ARGUMENTS` of mesh.cuh.
        """
        for shape in shapes_of(self._content.worn_by_meshes):
            plan.each(
                for_nets("light_meshes", shape), self._camera.width * self._camera.height,
                *self.arguments, self.view, *self._nets(shape), *meshes, behind,
            )  # fmt: skip

    def _nets(self, shape: NetShape) -> tuple[Tensor, ...]:
        """Numbers of the materials of a shape, and where each of all lies."""
        materials = self._content.materials

        def make() -> tuple[NDArray[Any], ...]:
            data, places = pack([each for each in materials if each.shape == shape])
            return data, place_rows(materials, shape, places)

        return self._resident.made(f"nets {shape}", materials, make)
