"""CUDA kernels of differentiable rasterization; `kernels.cpu.grad` says what they work out."""
