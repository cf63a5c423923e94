"""The CUDA backend: kernels of `voile.kernels.cuda` on torch tensors. See docs/gpu-status.md."""
