"""Make splats from arrays, and save them in the formats that others read."""

import numpy as np

import voile
from voile.render.output import save_frame

SH_C0 = 0.28209479177387814  # the constant spherical harmonic: colour = 0.5 + SH_C0 * sh[0]

n = 4000
t = np.linspace(0, 1, n)
angle = 12 * np.pi * t
means = np.stack([np.cos(angle) * (1 - t), 1 - 2 * t, np.sin(angle) * (1 - t)], axis=1)
colors = 0.5 + 0.5 * np.cos(2 * np.pi * (t[:, None] + np.array([0.0, 0.33, 0.67])))
splats = voile.Splats(
    means=means.astype(np.float32),  # (N, 3), world units, y down
    quats=np.tile(np.float32([1, 0, 0, 0]), (n, 1)),  # (N, 4), w first
    scales=np.full((n, 3), 0.02, np.float32),  # (N, 3), standard deviations
    opacities=np.full(n, 0.8, np.float32),  # (N,), 0 to 1
    sh=((colors - 0.5) / SH_C0).astype(np.float32)[:, None],  # (N, K, 3), here of degree 0
)
for name in ("helix.ply", "helix.spz", "helix.splat"):
    voile.save(splats, name)
camera = voile.Camera.look_at((2.2, -1.4, -3), (0, 0.1, 0), width=320, height=240)
save_frame(voile.render(voile.load("helix.spz"), camera), "making_splats.png", background=(0, 0, 0))
