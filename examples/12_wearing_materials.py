"""Materials on the splats of a scene: one for all of it, another for a part, kept in a PLY."""

import numpy as np
from PIL import Image

import voile
from voile.render.views import from_viewpoint
from voile.scenes.material_names import coat_named

scene = voile.open_scene("builtin")
raised = scene.splats.means[:, 1] < -0.15  # y points down
worn = scene.with_material(coat_named("car-paint"))  # or a file: coat_named("mug.vnm")
worn = worn.with_material(coat_named("ceramic"), raised)
worn = worn.with_material(None, scene.splats.opacities < 0.2)  # smoke stays as it was captured
print(worn.dress.own, "splats do not wear what the scene wears")

renderer = voile.create_renderer("cpu")
renderer.upload(worn.content)
camera = from_viewpoint(scene.viewpoints["sphere"], 240, 135)
settings = voile.Settings(light_samples=8, material_scale=2.0, normal_smoothing=0.8)
frame = renderer.render(voile.FrameRequest(camera, settings))
renderer.close()
picture = (255 * frame.over((0, 0, 0)).clip(0, 1) + 0.5).astype(np.uint8)
Image.fromarray(picture).save("wearing_materials.png")

voile.save(worn.saved_splats(), "worn.ply")  # numbers of materials, and their names
print("worn.ply wears", ", ".join(voile.open_scene("worn.ply").dress.sources))
