"""Walk once around a scene and save it as an animation; one renderer draws all frames."""

from PIL import Image

import voile
from voile.render.views import bounding_sphere, named_view, orbit

splats = voile.open_scene("builtin").splats
center, _ = bounding_sphere(splats)
renderer = voile.create_renderer("cpu")
renderer.upload(splats)
pictures = []
for camera in orbit(named_view(splats, "iso", 240, 135), center, splats.up, 24):
    frame = renderer.render(voile.FrameRequest(camera))
    pictures.append(Image.fromarray(frame.to_rgb8((0.1, 0.1, 0.12))))
renderer.close()
pictures[0].save(
    "turntable.webp", save_all=True, append_images=pictures[1:], duration=80, loop=0, lossless=True
)
print(f"turntable.webp: {len(pictures)} frames")
