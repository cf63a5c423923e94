"""CUDA rasterizers of tiles, one .cu file per blending mode; see `voile.render.modes`."""
