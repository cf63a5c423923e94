"""Neural materials: evaluating, sampling, writing them out for shaders, and baking them."""

from ...scenes.material import MaterialError, NetShape, NeuralMaterial
from ...scenes.material_file import load_material, save_material
from .decode import decode, lookup

__all__ = [
    "MaterialError",
    "NetShape",
    "NeuralMaterial",
    "decode",
    "load_material",
    "lookup",
    "save_material",
]
