"""How close baked materials are to what they were learned from: numbers, and a picture.

    python benchmarks/material_quality.py [--picture F] [--ablation FOLDER] [--size N --samples N]

Errors on held-back points by level of the pyramid; FLIP of a sphere under a sky, mean over its own
pixels, near and, with the texture repeated 16 times, far. Far also without the pyramid: from the
finest level alone, and from levels that are means of the latents below. FOLDER may hold pairs
NAME-0.vnm and NAME-2.vnm, baked with `--frames 0` and `--frames 2` in as many steps.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from voile.render.materials.library import LIBRARY, texels_of
from voile.render.materials.quality import (
    Surface,
    held_back_errors,
    neural_surface,
    reference_surface,
    shown,
    sphere,
)
from voile.render.metrics import flip
from voile.scenes.builtin.materials import NAMES, builtin_material
from voile.scenes.material import NeuralMaterial
from voile.scenes.material_file import load_material

INSIDE = np.pi / 2.2**2  # of the picture, the part that the sphere covers
FAR = 16.0


def finest_only(material: NeuralMaterial) -> Surface:
    surface = neural_surface(material)
    return lambda uv, level, w_i, w_o: surface(uv, 0 * level, w_i, w_o)


def averaged(material: NeuralMaterial) -> NeuralMaterial:
    """With levels that are means of the latents of the level below, as for colours."""
    levels = [material.levels[0].astype(np.float32)]
    while len(levels) < len(material.levels):
        s = len(levels[-1]) // 2
        levels.append(levels[-1].reshape(s, 2, s, 2, -1).mean((1, 3)))
    return replace(material, levels=tuple(level.astype(np.float16) for level in levels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--ablation", type=Path)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--samples", type=int, default=48)
    parser.add_argument("--only", nargs="*", default=NAMES)
    options = parser.parse_args()
    console, rows = Console(), []
    table = Table(
        "material", "level 0", "2", "4", "6", "FLIP near", "far", "far, finest", "far, averaged"
    )

    def drawn(surface, texels, repeats=2.0):
        return shown(sphere(surface, len(texels), options.size, options.samples, repeats))

    for name in options.only:
        material = builtin_material(name)
        texels = texels_of(LIBRARY[name](material.size[0]), material.size[0])
        numbers = [f"{held_back_errors(material, texels, k).relative:.3f}" for k in (0, 2, 4, 6)]
        truth, net = (
            drawn(s, texels) for s in (reference_surface(texels), neural_surface(material))
        )
        near, picture = flip(truth, net)
        rows.append(np.concatenate([truth, net, picture], axis=1))
        far = drawn(reference_surface(texels), texels, FAR)
        surfaces = (
            neural_surface(material),
            finest_only(material),
            neural_surface(averaged(material)),
        )
        means = [near, *(flip(far, drawn(s, texels, FAR))[0] for s in surfaces)]
        table.add_row(name, *numbers, *(f"{mean / INSIDE:.3f}" for mean in means))
        console.print(table)
    if options.picture:
        picture = (255 * np.concatenate(rows, axis=0) + 0.5).astype(np.uint8)
        Image.fromarray(picture).save(options.picture, optimize=True)

    if options.ablation:
        table = Table("material", "frames", "level 0", "2", "4", "6", "FLIP near")
        for path in sorted(options.ablation.glob("*.vnm")):
            name, material = path.stem.rpartition("-")[0], load_material(path)
            texels = texels_of(LIBRARY[name](material.size[0]), material.size[0])
            errors = [f"{held_back_errors(material, texels, k).relative:.3f}" for k in (0, 2, 4, 6)]
            pictures = (
                drawn(s, texels) for s in (reference_surface(texels), neural_surface(material))
            )
            mean = flip(*pictures)[0] / INSIDE
            table.add_row(name, str(material.shape.frames), *errors, f"{mean:.3f}")
        console.print(table)


if __name__ == "__main__":
    main()
