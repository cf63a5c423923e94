"""CUDA C++ kernels of the CUDA backend, and their run-time compiler.

Read in the order of a frame: `project` (cull, EWA, colour), `bins` (splats of each tile), `tile`
and `modes` (composite tiles), the same pipeline and names as `voile.kernels.cpu`; `grad` goes back
from slopes by the picture to slopes by the scene. Headers (.cuh) hold the arithmetic as functions
for device and host, kernels (.cu) hold what needs threads. `sources` puts text together, `compile`
turns it into machine code. Nothing here imports torch or talks to a GPU.
"""
