"""Images made of splats by CUDA: tiles listed on the CPU, decoded by a kernel (`image.cu`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.compile import CUDAError
from ...kernels.cuda.sources import TILE
from ..image.cpu import CPUImageRenderer, Placed
from ..image.view import ImageView
from ..renderer import BackendFailed
from .work import Work, work_on_gpu

Float32 = NDArray[np.float32]


class CUDAImageRenderer(CPUImageRenderer):
    """Draws images made of splats; places and lists Gaussians as the CPU does.

    Args:
        work: torch and what launches kernels; None takes torch's current CUDA device.

    Raises:
        BackendUnavailable: no GPU, driver or package for it; the text says which.
    """

    name = "cuda"

    def __init__(self, work: Work | None = None) -> None:
        super().__init__()
        self._work = work or work_on_gpu()

    @property
    def device(self) -> str:
        """What it draws on."""
        return self._work.launcher.name

    def _decode(self, placed: Placed, view: ImageView) -> tuple[Float32, Float32]:
        try:
            return self._launched(placed, view)
        except (CUDAError, RuntimeError) as error:  # torch's are RuntimeErrors
            raise BackendFailed(self.name, str(error)) from error

    def _launched(self, placed: Placed, view: ImageView) -> tuple[Float32, Float32]:
        torch, launcher = self._work.torch, self._work.launcher

        def sent(array: NDArray[Any]) -> Any:
            return torch.from_numpy(np.ascontiguousarray(array)).to(launcher.device)

        shape = view.height, view.width
        picture = torch.empty((*shape, 4), dtype=torch.float32, device=launcher.device)
        weights = torch.empty(shape, dtype=torch.float32, device=launcher.device)
        lists = sent(placed.starts.astype(np.int32)), sent(placed.members.view(np.int32))
        launcher.launch(
            "decode_image", len(placed.starts) - 1, (TILE, TILE), *lists, sent(placed.decoded),
            sent(self._colors), view.width, view.height, view.k, picture, weights,
        )  # fmt: skip
        return launcher.to_host(picture), launcher.to_host(weights)
