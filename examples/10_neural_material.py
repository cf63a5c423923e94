"""A neural material, one evaluation of it, and a sphere beside that of what it learned from."""

import numpy as np
from PIL import Image

from voile.render.materials import decode, lookup
from voile.render.materials.library import LIBRARY, texels_of
from voile.render.materials.quality import neural_surface, reference_surface, shown, sphere
from voile.scenes.builtin.materials import builtin_material

ceramic = builtin_material("ceramic")
width, height = ceramic.size
print(f"{ceramic.name}: {width}x{height} latents, {ceramic.shape.operations} operations")

up, aside = np.array([0.0, 0.0, 1.0]), np.array([0.6, 0.0, 0.8])
latent = lookup(ceramic, (0.25, 0.5), level=1.0)
print("reflectance from the side to above:", decode(ceramic, latent, w_i=aside, w_o=up).round(3))

reference = reference_surface(texels_of(LIBRARY["ceramic"](width), width))
spheres = [
    shown(sphere(surface, width, size=96, samples=36))
    for surface in (reference, neural_surface(ceramic))
]
print(f"mean difference {np.abs(spheres[0] - spheres[1]).mean():.3f} of 1")
picture = np.concatenate(spheres, axis=1)
Image.fromarray((255 * picture + 0.5).astype(np.uint8)).save("neural_material.png")
