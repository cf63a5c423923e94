"""A picture made of 2D Gaussians, by arrays, stands in a scene: on a plane, and as a billboard."""

from dataclasses import replace

import numpy as np
from PIL import Image

import voile
from voile.render import FrameRequest, create_renderer
from voile.render.image.poster import make_poster
from voile.render.views import start_view
from voile.scenes.content import Content
from voile.scenes.image_splats import ImageSplats
from voile.scenes.placement import Placement, from_euler
from voile.scenes.poster import PlacedPoster

# A sunflower: the n-th floret at the golden angle from the one before it, clear around.
n = np.arange(700)
angle, radius = n * np.pi * (3 - np.sqrt(5)), 2.5 * np.sqrt(n + 0.5)
means = 96 + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
petal = np.clip((radius - 42) / 8, 0, 1)[:, None]
color = (1 - petal) * [0.35, 0.2, 0.08] + petal * [1.0, 0.78, 0.1]
color *= 0.8 + 0.2 * np.cos(8 * angle)[:, None]
long, wide = 1.8 + 5 * petal[:, 0], 1.8 - 0.4 * petal[:, 0]
flower = ImageSplats(
    means.astype(np.float32),
    np.stack([1 / long, 1 / wide], axis=1).astype(np.float32),
    angle.astype(np.float32),
    np.concatenate([color, np.ones((700, 1))], axis=1).astype(np.float32),
    size=(192, 192),
)
# From a photograph: splats = voile.render.image.fitting.fit_image(read_source("photo.jpg"), ...)

poster = make_poster(flower)
plane = PlacedPoster(poster, Placement(from_euler((180, 40, 0)), (-1.1, -0.9, 0.3), 1.7))
turning = PlacedPoster(replace(poster, billboard=True), Placement(translation=(1.0, -0.9, -0.6)))
scene = voile.open_scene("builtin")
renderer = create_renderer("cpu")
renderer.upload(Content(scene.splats, posters=(plane, turning)))
frame = renderer.render(FrameRequest(start_view(scene, 480, 270), voile.Settings()))
Image.fromarray(frame.to_rgb8((0.1, 0.1, 0.12))).save("poster.png")
