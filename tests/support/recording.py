"""Launches of kernels that are recorded, and run again under checks; see docs/testing.md.

A recording holds what each launch was given, down to the bytes of all memory, and what it left. So
it can be run again by a small program without Python (`cuda_shim/replay.cpp`), with any sanitizer,
each argument in memory of its own, and threads in another order.
"""

from __future__ import annotations

import ctypes
import hashlib
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cuda_host import FLAGS, SHIM, TARGET, HostLauncher, build, made
from numpy.typing import NDArray

from voile.kernels.cuda.sources import FILES, Source, load, nets_source
from voile.render.cuda.device import Address, split

ALIGNMENT = 256
"""Of what CUDA allocates, bytes."""

SANITIZERS = (
    "-fsanitize=address,bounds,alignment,shift,signed-integer-overflow,integer-divide-by-zero"
)

CHECKS = {
    "races": ("races.cpp", ("-g1", "-fsanitize=thread"), ()),
    "fences": ("fences.cpp", ("-g1", SANITIZERS, "-fno-sanitize-recover=all"), (SANITIZERS,)),
}
"""What checks a launch: its part of the replaying program, and the compiler's flags for kernels and
for that program."""


class Piece(NamedTuple):
    """Memory that one or more arguments point to.

    Attributes:
        start: address.
        size: bytes.
        offset: of `start` from an aligned address.
    """

    start: int
    size: int
    offset: int

    def holds(self, address: int) -> bool:
        return self.start <= address < self.start + self.size

    def bytes(self) -> NDArray[np.uint8]:
        held = (ctypes.c_uint8 * self.size).from_address(self.start)
        return np.frombuffer(held, np.uint8).copy()


@dataclass
class Launch:
    """One launch.

    Attributes:
        kernel, blocks, block, kinds: as they were launched.
        arguments: the piece that each points to and where in it, or -1 and the value's bits.
        offsets, before, after: of each piece; contents as bytes.
        defined: what had been written of each piece, 0 or 1 a byte.
        links: addresses in memory: the piece and the byte where one is, and those that it is of.
    """

    kernel: str
    blocks: int
    block: tuple[int, int]
    kinds: str
    arguments: list[tuple[int, int]]
    offsets: list[int]
    before: list[NDArray[np.uint8]]
    after: list[NDArray[np.uint8]]
    defined: list[NDArray[np.uint8]]
    links: list[tuple[int, int, int, int]] = field(default_factory=list)

    def key(self) -> bytes:
        """Of what it was given."""
        digest = hashlib.sha256(repr((self.kernel, self.blocks, self.arguments)).encode())
        for contents in self.before:
            digest.update(contents.tobytes())
        return digest.digest()

    def packed(self) -> bytes:
        """As replay.cpp reads it."""
        parts = [
            _text(self.kernel),
            _text(self.kinds),
            struct.pack("<3I", self.blocks, *self.block),
        ]
        parts += [struct.pack("<iQ", *argument) for argument in self.arguments]
        parts.append(struct.pack("<I", len(self.before)))
        for i, (offset, before, defined) in enumerate(zip(self.offsets, self.before, self.defined)):
            numbers = [str(k) for k, (piece, _) in enumerate(self.arguments) if piece == i]
            parts += [struct.pack("<I", offset), _text(f"argument {' and '.join(numbers)}")]
            parts += [_text(before.tobytes()), _text(defined.tobytes())]
        parts.append(struct.pack("<I", len(self.links)))
        parts += [struct.pack("<4I", *link) for link in self.links]
        return b"".join(parts)


class Recorder:
    """A launcher that records what another one launches, each launch of the same input once.

    Args:
        launcher: runs the kernels on the host.
    """

    def __init__(self, launcher: HostLauncher) -> None:
        self._launcher = launcher
        self._sizes: dict[int, int] = {}
        self._named: dict[int, Any] = {}
        self._holders: dict[int, Any] = {}
        self.launches: list[Launch] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._launcher, name)

    def name_memory(self, array: NDArray[Any]) -> Address:
        """An array's address for a kernel, of which the recorder is to know the size."""
        self._sizes[array.ctypes.data] = array.nbytes
        return Address(array.ctypes.data)

    def name_holder(self, tensor: Any) -> None:
        """A tensor that holds addresses of others.

        It is kept, as named ones are: memory that is let go is soon another tensor's, which would
        be taken for this one.
        """
        self._holders[tensor.data_ptr()] = tensor

    def name_tensor(self, tensor: Any) -> None:
        """A tensor whose address others may hold."""
        if tensor.numel():
            self._named[tensor.data_ptr()] = tensor

    def launch(self, kernel: str, blocks: int, block: tuple[int, int], *arguments: Any) -> None:
        given = [self._piece(a) for a in arguments if _points(a)]
        for piece in list(given):
            given += [self._piece(self._named[word]) for _, word in self._addresses(piece)]
        # In the order of the arguments: addresses are others in every run.
        pieces = sorted(_joined(given), key=lambda p: [p.holds(g.start) for g in given].index(True))
        places = [_placed(a, pieces) for a in arguments]
        before = [piece.bytes() for piece in pieces]
        self._launcher.launch(kernel, blocks, block, *arguments)
        after = [piece.bytes() for piece in pieces]
        kinds = "".join(split(a)[0] for a in arguments)
        offsets = [piece.offset for piece in pieces]
        defined = [np.ones(piece.size, np.uint8) for piece in pieces]
        made = Launch(kernel, blocks, block, kinds, places, offsets, before, after, defined)
        for i, piece in enumerate(pieces):
            for at, word in self._addresses(piece):
                made.links.append((i, at, *_placed(Address(word), pieces)))
        for i, at, *_ in made.links:  # of this process: of no use to another
            before[i][at : at + 8] = after[i][at : at + 8] = 0
        self.launches.append(made)

    def _addresses(self, piece: Piece) -> list[tuple[int, int]]:
        """Where addresses of named tensors are, and these."""
        if piece.start not in self._holders:
            return []
        words = piece.bytes().view(np.int64).tolist()
        return [(8 * at, word) for at, word in enumerate(words) if word in self._named]

    def _piece(self, argument: Any) -> Piece:
        if isinstance(argument, Address):
            return Piece(argument.value, self._sizes[argument.value], 0)
        start, size = argument.data_ptr(), argument.numel() * argument.element_size()
        return Piece(start, size, (start - argument.untyped_storage().data_ptr()) % ALIGNMENT)


def record(launcher: HostLauncher, torch: Any, work: Callable[[Recorder], None]) -> list[Launch]:
    """What `work` launches. It is done twice, with other values in all memory that is made without
    any: what differs before a launch has not been written yet."""
    recorders = []
    for value in (0xCD, 0x32):  # no byte of the one is the other's
        recorders.append(Recorder(launcher))
        with _filled(torch, value):
            work(recorders[-1])
    first, second = (recorder.launches for recorder in recorders)
    assert len(first) == len(second)
    found: dict[bytes, Launch] = {}
    for one, other in zip(first, second):
        for name in ("kernel", "kinds", "offsets", "links"):
            assert getattr(one, name) == getattr(other, name)
        one.defined = [(a == b).astype(np.uint8) for a, b in zip(one.before, other.before)]
        found.setdefault(one.key(), one)
    return list(found.values())


def sources_of(launches: Sequence[Launch]) -> list[Source]:
    """The files of the kernels that are launched."""
    kernels = dict.fromkeys(launch.kernel for launch in launches)
    known = {kernel: source for source in map(load, FILES) for kernel in source.kernels}
    found = [known[kernel] if kernel in known else nets_source(kernel) for kernel in kernels]
    return list({source.name: source for source in found}.values())


class Replayer:
    """Runs launches again under a check.

    Args:
        check: one of CHECKS.
        folder: for what goes to the program and comes back.
        sources: files of the kernels.
    """

    def __init__(self, check: str, folder: Path, sources: Sequence[Source]) -> None:
        part, flags, own = CHECKS[check]
        sides = [str(SHIM / name) for name in ("replay.cpp", "blocks.cpp", part)]
        command = *FLAGS, "-O2", "-g", *own, "-rdynamic", "-o", TARGET, *sides, "-ldl"
        self._program, self._folder = made(check, command), folder
        self._libraries = build(sources, flags)

    def run(
        self, launches: Sequence[Launch], seed: int, alive: int
    ) -> tuple[str, list[list[NDArray[np.uint8]]]]:
        """What the check says, empty where all is well; and what each launch left.

        Args:
            launches: that are run.
            seed: of the order of threads and blocks; 0 is in order.
            alive: blocks under way at once.
        """
        recording, output = self._folder / "recording", self._folder / "output"
        with recording.open("wb") as file:
            file.write(struct.pack("<I", len(launches)))
            for launch in launches:
                file.write(launch.packed())
        result = subprocess.run(
            [self._program, recording, output, str(seed), str(alive), *self._libraries],
            capture_output=True, text=True, errors="replace",
            env={"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=0"},
        )  # fmt: skip
        said = ""
        if result.returncode:
            last = result.stdout.splitlines()[-1:]
            said = f"{result.stderr}\n{self._program.name}: {result.returncode} after {last}"
        contents, left = np.fromfile(output, np.uint8), []
        for launch in launches if not result.returncode else ():
            left.append([])
            for before in launch.before:
                left[-1].append(contents[: len(before)].copy())
                contents = contents[len(before) :]
            for i, at, *_ in launch.links:
                left[-1][i][at : at + 8] = 0
        recording.unlink()
        output.unlink()
        return said, left


def _text(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<I", len(data)) + data


def _points(argument: Any) -> bool:
    return isinstance(argument, Address) or hasattr(argument, "data_ptr")


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces that overlap become one."""
    found: list[Piece] = []
    for piece in sorted(piece for piece in pieces if piece.size):
        if found and piece.start < found[-1].start + found[-1].size:
            last = found.pop()
            end = max(last.start + last.size, piece.start + piece.size)
            piece = Piece(last.start, end - last.start, last.offset)
        found.append(piece)
    return found


def _placed(argument: Any, pieces: Sequence[Piece]) -> tuple[int, int]:
    """An argument of `Launch`."""
    kind, value = split(argument)
    if kind == "i":
        return -1, value.value & 0xFFFFFFFF
    if kind == "f":
        return -1, struct.unpack("<I", struct.pack("<f", value.value))[0]
    for i, piece in enumerate(pieces):
        if piece.holds(value):
            return i, value - piece.start
    return -1, value if value == 0 else 1  # of a tensor without elements: nothing may be read there


@contextmanager
def _filled(torch: Any, value: int) -> Iterator[None]:
    """Tensors that are made without values are made of one byte."""
    empty, new_empty = torch.empty, torch.Tensor.new_empty

    def fill(tensor: Any) -> Any:
        if tensor.numel():
            tensor.view(-1).view(torch.uint8).fill_(value)
        return tensor

    torch.empty = lambda *a, **k: fill(empty(*a, **k))
    torch.Tensor.new_empty = lambda *a, **k: fill(new_empty(*a, **k))
    try:
        yield
    finally:
        torch.empty, torch.Tensor.new_empty = empty, new_empty
