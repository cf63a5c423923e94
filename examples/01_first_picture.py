"""Open a scene, look at it from somewhere, save what is seen."""

import voile
from voile.render.output import save_frame

scene = voile.open_scene("builtin")  # or a file: .ply, .spz, .splat, .sog, .ksplat
camera = voile.Camera.look_at(
    position=(2.6, -1.6, -4.2),  # y points down, as in the cameras of COLMAP
    target=(0.0, -0.5, 0.0),
    width=480,
    height=270,
    fov_y=30,
)
frame = voile.render(scene.splats, camera)
print(
    f"colour {frame.color.shape}, alpha {frame.alpha.shape}, {sum(frame.timings.values()):.0f} ms"
)
save_frame(frame, "first_picture.png", background=(0.1, 0.1, 0.12))
