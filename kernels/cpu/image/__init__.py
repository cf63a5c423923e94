"""Kernels of images made of splats: `place` a view, `decode` pixels, and for fitting `gradient`,
`similarity` and `adam`. Tiles and their lists are those of scenes (`kernels.cpu.bins`)."""
