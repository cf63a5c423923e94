"""A frame is NumPy arrays: colour its depth with a palette of one's own."""

import numpy as np
from PIL import Image

import voile
from voile.render.views import start_view

scene = voile.open_scene("builtin")
frame = voile.render(scene.splats, start_view(scene, 480, 270), depth=True)
assert frame.depth is not None

seen = frame.alpha > 0.5
near, far = np.percentile(frame.depth[seen], [2, 98])
t = np.clip((frame.depth - near) / (far - near), 0, 1)[..., None]
palette = (1 - t) * np.array([1.0, 0.75, 0.4]) + t * np.array([0.15, 0.2, 0.45])
picture = palette * frame.alpha[..., None]
Image.fromarray((255 * picture + 0.5).astype(np.uint8)).save("depth.png")
print(f"from {near:.1f} to {far:.1f} units away; {seen.mean():.0%} of the picture is covered")
