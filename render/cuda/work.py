"""`Work`: where frames are drawn, torch and what runs the kernels, and what both do together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.compile import CUDAError
from ..heat import RAMP
from .device import GPULauncher, Launcher, import_torch
from .interop import first_line
from .plan import THREADS, Tensor


@dataclass(frozen=True)
class Work:
    """Where frames are drawn: torch, and what runs the kernels."""

    torch: Any
    launcher: Launcher

    def to_device(self, array: NDArray[Any]) -> Tensor:
        """A copy of an array of a scene, which may be most of the memory."""
        # torch warns of arrays that are read-only, as those of scenes are.
        whole = np.require(array, requirements=["C", "A", "W"])
        return self.torch.from_numpy(whole).to(self.launcher.device)

    def send(self, array: NDArray[Any]) -> Tensor:
        """A copy of an array of a frame; nobody waits."""
        kind = getattr(self.torch, array.dtype.name)
        tensor = self.torch.empty(array.shape, dtype=kind, device=self.launcher.device)
        self.launcher.send(tensor, array)
        return tensor

    @cached_property
    def ramp(self) -> tuple[Tensor, int]:
        """Colours of `heat` and how many there are, for kernels; copied once."""
        return self.to_device(RAMP), len(RAMP)

    def new_picture(self, width: int, height: int) -> Tensor:
        """(height, width, 4) float32 of any values."""
        return self.torch.empty(height, width, 4, device=self.launcher.device)

    def to_host(self, tensor: Tensor) -> NDArray[Any]:
        """A copy of a tensor, after all that was launched."""
        return self.launcher.to_host(tensor)

    def each_pixel(self, kernel: str, frame: Tensor, *arguments: Any) -> None:
        """Launches a kernel of `finish.cu`: a frame (H, W, 4), how many pixels it has, and more."""
        pixels = frame.shape[0] * frame.shape[1]
        self.launcher.launch(kernel, -(-pixels // THREADS), (THREADS, 1), frame, pixels, *arguments)

    def problem(self, error: Exception, what: str) -> str | None:
        """What went wrong with the GPU and what to do, where it was the GPU.

        Args:
            error: that was raised.
            what: was drawn, and how large.
        """
        if isinstance(error, self.torch.OutOfMemoryError):
            return (
                f"the GPU has too little memory for {what} ({first_line(error)}). Make the "
                "picture smaller, set storage to uint8, or close what else uses the GPU."
            )
        if isinstance(error, self.torch.AcceleratorError):
            return (
                f"the GPU stopped working ({first_line(error)}). Start the program again; if it "
                "comes again, update the driver."
            )
        return str(error) if isinstance(error, CUDAError) else None


def work_on_gpu() -> Work:
    """torch's current CUDA device. Raises BackendUnavailable."""
    launcher: Launcher = GPULauncher()
    return Work(import_torch(), launcher)
