"""Differentiable rasterization: pictures, and how a loss of them changes with the splats.

Read in the order of a step: `frame` draws and keeps what was drawn from (`lists`); its `collect`
goes over the tiles once more (a file a mode, of which `sorted` is the shortest) and adds up what
each splat got from its tiles (`entries`); its `differentiate` follows that through the projection
(`project`, `surfels`, `thickness`). Every kernel works in the type of the scene's columns: float32
to be fast, float64 to be compared with finite differences.
"""
