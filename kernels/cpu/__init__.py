"""Numba kernels of the CPU backend, and the threads that run them.

Read in the order of a frame: `project` (cull, EWA, colour), `sort` (by depth), `bins` (splats of
each tile), `rasterize` (composite tiles), all called by `frame`. `jit` decides how kernels are
compiled and where the machine code is kept, `workers` how they are spread over threads, `warm`
compiles everything ahead of time.
"""
