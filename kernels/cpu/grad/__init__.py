"""Differentiable rasterization: pictures, and how a loss of them changes with the splats.

Read in the order of a step: `frame` draws and keeps what was drawn from; its `collect` goes over
the tiles once more (`sorted`, `weighted`) and adds up what each splat got from its tiles
(`entries`); its `differentiate` follows that back through the projection (`project`). Every kernel
works in the type of the scene's columns: float32 to be fast, float64 to be compared with finite
differences.
"""
