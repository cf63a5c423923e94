"""Fit 400 splats to a picture by gradient descent: `voile.kernels.rasterize` knows its slopes."""

import math

import numpy as np
import torch
from PIL import Image

import voile
from voile.kernels import rasterize
from voile.render.views import start_view

STEPS, N = 60, 400
scene = voile.open_scene("builtin")
picture = voile.render(scene.splats, start_view(scene, 96, 64)).color
wanted = torch.tensor(np.clip(picture, 0, 1), dtype=torch.float64)

camera = voile.Camera.look_at((0, 0, -2), (0, 0, 0), width=96, height=64)
torch.manual_seed(0)
values = {
    "means": (torch.rand(N, 3) - 0.5) * torch.tensor([2.8, 1.8, 0.2]),
    "quats": torch.randn(N, 4),
    "log_scales": torch.full((N, 3), math.log(0.06)),
    "logits": torch.zeros(N),
    "sh": torch.zeros(N, 1, 3),
}
# float32 is faster. In float64, and before splats have changed places often, every machine finds
# the same picture to its last digits, which a test holds.
values = {name: value.double().requires_grad_() for name, value in values.items()}
rates = {"means": 0.01, "quats": 0.05, "log_scales": 0.03, "logits": 0.05, "sh": 0.05}
optimizer = torch.optim.Adam({"params": [values[name]], "lr": rate} for name, rate in rates.items())


def draw() -> torch.Tensor:
    scales, opacities = values["log_scales"].exp(), values["logits"].sigmoid()
    return rasterize(
        values["means"], values["quats"], scales, opacities, values["sh"], camera
    ).color


for step in range(STEPS):
    optimizer.zero_grad()
    error = (draw() - wanted).square().mean()
    error.backward()
    optimizer.step()
    if step % 20 == 0 or step == STEPS - 1:
        print(f"step {step}: {-10 * math.log10(error.item()):.1f} dB")

side_by_side = torch.cat([wanted, draw().detach().clamp(0, 1)], dim=1)
Image.fromarray(np.uint8(255 * side_by_side.numpy() + 0.5)).save("fitting_a_picture.png")
