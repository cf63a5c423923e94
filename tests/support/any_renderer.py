"""A renderer of any backend, `cuda` by its kernels on the host."""

from __future__ import annotations

import pytest
from cuda_host import shared_launcher
from gl_context import gl_renderer

from voile.render import Renderer, create_renderer


def any_renderer(backend: str) -> Renderer:
    """One that the caller closes; skips the test where `cuda` has no PyTorch."""
    if backend == "gl":
        return gl_renderer()
    if backend == "cuda":
        torch = pytest.importorskip("torch")
        from voile.render.cuda.renderer import CUDARenderer, Work

        return CUDARenderer(Work(torch, shared_launcher()))
    return create_renderer(backend)
