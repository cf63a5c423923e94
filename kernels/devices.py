"""Where the operators of `torch_ops` find kernels for devices other than the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OFFERS: dict[str, Callable[[Any, Any], None]] = {}
"""By type of device: registers kernels for `voile::rasterize` and its backward, which it is given.

It is called once, with the first tensors on such a device. Who launches kernels there is a layer
above and puts itself in here: `render` for "cuda".
"""
