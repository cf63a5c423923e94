"""Fit the weights of mode `weighted` to a scene, from nothing but the scene, and keep them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

import voile
from voile.render.fit import fit
from voile.render.metrics import psnr
from voile.render.output import save_frame
from voile.render.sample_views import sample_views
from voile.scenes.oit_file import save_weights, weights_path

everything = voile.open_scene("builtin").splats
some = np.random.default_rng(0).choice(len(everything), len(everything) // 10, replace=False)
splats = everything.take(np.sort(some))  # a tenth of it, to be quick
fitted = replace(splats, fitted=fit(splats, sample_views(splats, 12, size=(160, 90))))

camera = sample_views(splats, 1, seed=5, size=(320, 180))[0]  # a view that it was not fitted to
exact = voile.render(splats, camera)
for name, scene in (("unfitted", splats), ("fitted", fitted)):
    frame = voile.render(scene, camera, voile.Settings(mode="weighted"))
    print(f"{name}: {psnr(frame.color, exact.color):.1f} dB")
save_frame(frame, "fitting_weights.png", background=(0, 0, 0))

voile.save(splats, "tenth.ply")
save_weights(fitted, weights_path(Path("tenth.ply")))  # beside it, where it is found again
assert voile.open_scene("tenth.ply").splats.fitted is not None
