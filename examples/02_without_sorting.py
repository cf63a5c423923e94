"""Draw a scene by every mode that needs no sort, and say how far it is from the sorted picture."""

import voile
from voile.render.metrics import psnr
from voile.render.output import save_frame
from voile.render.views import start_view

scene = voile.open_scene("builtin")
camera = start_view(scene, 480, 270)
renderer = voile.create_renderer("cpu")
renderer.upload(scene.splats)


def draw(**settings) -> voile.Frame:
    return renderer.render(voile.FrameRequest(camera, voile.Settings(**settings)))


exact = draw(mode="sorted")
for settings in (
    {"mode": "weighted"},
    {"mode": "cells"},
    {"mode": "binned", "bins": 8},
    {"mode": "binned", "bins": 32},
):
    frame = draw(**settings)
    print(f"{settings}: {psnr(frame.color, exact.color):.1f} dB")
save_frame(frame, "without_sorting.png", background=(0, 0, 0))
renderer.close()
