"""Fly along a smooth path through three views and keep it as a film, and as JSON to edit later.

`film.mp4` works as well where the `video` extra is installed; in the window the panel Path makes
the same paths.
"""

import voile
from voile.render.camera_path import Key
from voile.render.views import named_view

splats = voile.open_scene("builtin").splats
views = ["front", "iso", "right"]
keys = [Key.of(named_view(splats, name, 240, 135), 0.8 * k) for k, name in enumerate(views)]
path = voile.CameraPath(keys)
path.save("path.json")
dark = voile.Settings(background=(0.1, 0.1, 0.12))
# Quality 100 is without loss.
written = voile.render_video(splats, path, "film.webp", dark, size=(240, 135), fps=10, quality=100)
print(f"{written[0]}: {len(path.times(10))} frames, {path.duration:g} s")
