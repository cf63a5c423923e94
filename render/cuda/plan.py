"""`Plan`: the launches of a frame, listed before any of them runs; and the memory that they use.

A list can be compared with that of the frame before: where nothing but the contents of memory has
changed, the GPU may repeat it as it is (`replay`). So what changes with every frame, the camera
first of all, is written to memory that stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.sources import SCAN_THREADS, SORT_ITEMS
from .device import Launcher, split

Send = Callable[[Any, NDArray[Any]], None]
"""Copies an array to a tensor, as `Launcher.send`."""

Tensor = Any  # torch's, whose module is not imported here

THREADS = 128
"""Of a block, where a kernel has one thread a splat or instance."""

BATCH = SCAN_THREADS * SORT_ITEMS
"""Keys that a block sorts."""


class Launch(NamedTuple):
    """One kernel on tensors (None is a null pointer), int and float."""

    kernel: str
    blocks: int
    block: tuple[int, int]
    arguments: tuple[Any, ...]


class Zeros(NamedTuple):
    """A piece of the memory that is zero when a frame begins, in 32-bit words."""

    first: int
    words: int


class Buffers:
    """Memory on the device that is kept from frame to frame, by name; it only grows.

    Args:
        torch, device: where it is.
        send: how arrays come there; None is torch's way, which waits for all that was launched.
    """

    def __init__(self, torch: Any, device: str, send: Send | None = None) -> None:
        self._torch, self._device = torch, device
        self._send: Send = send or (lambda tensor, array: tensor.copy_(torch.from_numpy(array)))
        self._held: dict[str, Tensor] = {}

    def get(self, name: str, *shape: int, dtype: str = "float32") -> Tensor:
        """A tensor of any values. It stays where it is until a larger one is asked for."""
        count = int(np.prod(shape))
        held = self._held.get(name)
        if held is None or len(held) < count:
            self._held.pop(name, None)
            del held  # the memory is free before the larger piece is asked for
            kind = getattr(self._torch, dtype)
            held = self._torch.empty(max(count, 1), dtype=kind, device=self._device)
            self._held[name] = held
        return held[:count].view(shape)

    def send(self, name: str, array: NDArray[Any]) -> Tensor:
        """A copy of an array for this frame."""
        tensor = self.get(name, *array.shape, dtype=array.dtype.name)
        self._send(tensor, array)
        return tensor

    def clear(self) -> None:
        """Lets go of everything."""
        self._held.clear()

    @property
    def bytes(self) -> int:
        """What is held."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self._held.values())


class Plan:
    """What a frame does, in order: launches, and names of stages that end.

    Args:
        buffers: where its memory is.
    """

    def __init__(self, buffers: Buffers) -> None:
        self.buffers = buffers
        self._steps: list[Launch | str] = []
        self._head: int | None = None
        self._words = 0
        self._zeros: Tensor = None

    def zeros(self, count: int) -> Zeros:
        """Words that are 0 when the frame begins."""
        piece = Zeros(self._words, count)
        self._words += -(-count // 4) * 4
        return piece

    def launch(self, kernel: str, blocks: int, block: tuple[int, int], *arguments: Any) -> None:
        """A kernel, where it has any blocks."""
        if blocks:
            self._steps.append(Launch(kernel, blocks, block, arguments))

    def each(self, kernel: str, count: int, *arguments: Any) -> None:
        """A kernel of one thread per thing."""
        self.launch(kernel, -(-count // THREADS), (THREADS, 1), *arguments)

    def scan(self, kernel: str, count: int, *arguments: Any) -> None:
        """A kernel of one thread per thing whose blocks scan."""
        self.launch(kernel, -(-count // SCAN_THREADS), (SCAN_THREADS, 1), *arguments)

    def stage(self, name: str) -> None:
        """All before this is the stage `name`, or more of it."""
        self._steps.append(name)

    def end_head(self) -> None:
        """What follows differs from frame to frame, and is not part of `key`."""
        self._head = len(self._steps)

    def finish(self) -> None:
        """Puts memory where zeros were asked for; nothing is added afterwards."""
        self._zeros = self.buffers.get("zeros", self._words, dtype="int32")
        self._steps = [
            step if isinstance(step, str) else step._replace(arguments=self._placed(step))
            for step in self._steps
        ]

    def _placed(self, launch: Launch) -> tuple[Any, ...]:
        return tuple(self.piece(a) if isinstance(a, Zeros) else a for a in launch.arguments)

    def piece(self, zeros: Zeros) -> Tensor:
        """The memory of zeros, once the plan is finished."""
        return self._zeros[zeros.first : zeros.first + zeros.words]

    def run(self, launcher: Launcher, on_stage: Callable[[str], None]) -> None:
        """Launches everything; `on_stage` is called where a stage ends."""
        self.run_head(launcher, on_stage)
        self.run_tail(launcher, on_stage)

    def run_head(self, launcher: Launcher, on_stage: Callable[[str], None]) -> None:
        """As `run`, but for the tail."""
        self._zeros.zero_()
        self._run(self._steps[: self._head], launcher, on_stage)

    def run_tail(self, launcher: Launcher, on_stage: Callable[[str], None]) -> None:
        """What comes after the head, where that was ended."""
        if self._head is not None:
            self._run(self._steps[self._head :], launcher, on_stage)

    def _run(
        self, steps: list[Launch | str], launcher: Launcher, on_stage: Callable[[str], None]
    ) -> None:
        for step in steps:
            if isinstance(step, str):
                on_stage(step)
            else:
                launcher.launch(step.kernel, step.blocks, step.block, *step.arguments)

    @property
    def stages(self) -> list[str]:
        """Names of the stages, in order."""
        return [step for step in self._steps if isinstance(step, str)]

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for plans whose heads do the same to the same memory."""
        zeros = self._zeros.data_ptr(), self._words
        return zeros, *(
            step if isinstance(step, str) else (*step[:3], *map(_plain, step.arguments))
            for step in self._steps[: self._head]
        )


def _plain(argument: Any) -> tuple[str, Any]:
    kind, value = split(argument)
    return kind, getattr(value, "value", value)
