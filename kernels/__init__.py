"""Numeric kernels: arrays in, arrays out.

`rasterize` draws splats on torch's tensors, with gradients; asking for it is what imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .torch_ops import Picture, Pinhole, RasterizeError, rasterize

__all__ = ["Picture", "Pinhole", "RasterizeError", "rasterize"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import torch_ops

        return getattr(torch_ops, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
