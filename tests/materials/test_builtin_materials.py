"""The materials that come with the program are those that their command makes, and good."""

from pathlib import Path

import numpy as np
import pytest

import voile
from voile.render.materials.library import LIBRARY, texels_of
from voile.render.materials.quality import held_back_errors
from voile.scenes.builtin.materials import NAMES, builtin_material
from voile.scenes.material import MaterialError

FOLDER = Path(voile.__file__).parent / "scenes" / "builtin" / "data"


def test_there_is_one_for_each_reference():
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(NAMES) == sorted(LIBRARY)


@pytest.mark.parametrize("name", NAMES)
def test_a_material_is_small_and_close_to_its_reference(name):
    material = builtin_material(name)
    assert (FOLDER / f"{name}.vnm").stat().st_size < 400_000
    assert material.name == name
    assert material.made_by.startswith(f"voile bake-material {name} --size {material.size[0]} ")
    texels = texels_of(LIBRARY[name](material.size[0]), material.size[0])
    for level in (0, 2, 4):
        errors = held_back_errors(material, texels, level, count=5000)
        assert errors.relative < WANTED[name], (level, errors)
    assert np.mean(material.albedo) > 0.05


def test_shapes_are_one_so_that_one_shader_serves_all():
    assert len({builtin_material(name).shape for name in NAMES}) == 1


def test_an_unknown_name_lists_the_known():
    with pytest.raises(MaterialError, match="there are ceramic"):
        builtin_material("gold")


WANTED = {"ceramic": 0.14, "brushed": 0.2, "car-paint": 0.14, "fabric": 0.14}
"""Most mean relative error; what was measured is in docs/materials.md."""
