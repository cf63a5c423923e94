"""Runs the CUDA kernels' own source on the host: `cuda_shim.h`, the C++ compiler, CPU tensors."""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voile.kernels.cuda.sources import FILES, Source, load, nets_source
from voile.render.cuda.device import split
from voile.render.device_frame import Canvas, NotShared

SHIM = Path(__file__).parent / "cuda_shim"

# Warnings are errors here too: a second compiler reads the kernels.
FLAGS = (
    "-std=c++17",
    "-O1",
    "-fPIC",
    "-fno-gnu-unique",
    "-Wall",
    "-Werror",
    "-Wno-unknown-pragmas",
)


def build(
    folder: Path,
    sources: Sequence[Source],
    flags: Sequence[str] = (),
    libraries: Sequence[str] = (),
) -> list[Path]:
    """A library of each kernel file for the host.

    Args:
        folder: for what is compiled; what is there already is not compiled again.
        sources: kernel files.
        flags: of the compiler, more than FLAGS.
        libraries: what they are linked with. What they lack then is in the program that loads them:
            `blocks.h`, and sanitizers.
    """
    compiler = find_compiler()

    def compile_one(source: Source) -> Path:
        exports = "\n".join(f"EXPORT({kernel})" for kernel in source.kernels)
        stem = folder / re.sub(r"\W", "_", source.name)
        if Path(f"{stem}.so").exists():
            return Path(f"{stem}.so")
        text = f'#include "cuda_shim.h"\nKERNELS_BEGIN\n{source.text}\nKERNELS_END\n{exports}\n'
        Path(f"{stem}.cpp").write_text(text)
        run(compiler, *FLAGS, *flags, f"-I{SHIM}", "-c", "-o", f"{stem}.o", f"{stem}.cpp")
        run(compiler, "-shared", "-o", f"{stem}.so", f"{stem}.o", *libraries)
        return Path(f"{stem}.so")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, sources))


def find_compiler() -> str:
    """g++; without it the test is skipped, and fails in CI."""
    compiler = shutil.which("g++")
    if compiler is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("CI must have g++")
        pytest.skip("there is no g++ to compile the kernels for the host")
    return compiler


def run(*command: str) -> None:
    """Runs a compiler, which must find no fault."""
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@functools.cache
def shared_launcher() -> HostLauncher:
    """One for all tests of a process: compiling takes a while."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return HostLauncher(Path(folder.name))


class HostLauncher:
    """Kernels compiled for the host, behind the interface of the GPU's launcher.

    Args:
        folder: for what is compiled; what is there already is not compiled again.
        files: those of the kernels that are asked for.

    Attributes:
        folder: as given.
        launched: names of the kernels that have run.
    """

    device, name, capture = "cpu", "host", None

    def __init__(self, folder: Path, files: Sequence[str] = FILES) -> None:
        sources = [load(name) for name in files]
        blocks = folder / "blocks.so"
        if not blocks.exists():
            run(find_compiler(), *FLAGS, "-shared", "-o", str(blocks), f"{SHIM}/blocks.cpp")
        self.folder = folder
        self.launched: set[str] = set()
        self._kernels: dict[str, Any] = {}
        self._load(sources)

    def _load(self, sources: Sequence[Source]) -> None:
        links = f"-L{self.folder}", "-l:blocks.so", "-Wl,-rpath,$ORIGIN"
        for source, path in zip(sources, build(self.folder, sources, (), links)):
            library = ctypes.CDLL(str(path))
            for kernel in source.kernels:
                function = getattr(library, f"launch_{kernel}")
                function.restype = ctypes.c_bool
                self._kernels[kernel] = function

    def launch(self, kernel: str, blocks: int, block: tuple[int, int], *arguments: Any) -> None:
        if kernel not in self._kernels:
            self._load([nets_source(kernel)])
        kinds, values = zip(*map(split, arguments))
        values = [ctypes.c_void_p(v) if isinstance(v, int) else v for v in values]
        places = (ctypes.c_void_p * len(values))(
            *(ctypes.cast(ctypes.pointer(value), ctypes.c_void_p) for value in values)
        )
        done = self._kernels[kernel](blocks, *block, "".join(kinds).encode(), places)
        assert done, f"{kernel} was given arguments {''.join(kinds)}"
        self.launched.add(kernel)

    def mark(self) -> HostMark:
        return HostMark()

    def send(self, tensor: Any, array: Any) -> None:
        tensor.numpy()[...] = array

    def fetch(self, tensor: Any) -> HostCopy:
        return HostCopy(self.to_host(tensor))

    def to_host(self, tensor: Any) -> Any:
        return tensor.clone().numpy()  # what is behind it is the next frame's

    def fence(self) -> Any:
        return lambda: None  # kernels have run when they were launched

    def share(self, buffer: int) -> Any:
        raise NotShared("the host is no GPU")


class HostCanvas(Canvas):
    """A canvas in the host's memory; what no kernel writes is not a number.

    Attributes:
        pixels: (height, width, 4) float32.
    """

    def __init__(self, width: int, height: int) -> None:
        self.pixels = np.full((height, width, 4), np.nan, np.float32)
        super().__init__((width, height), self.pixels.ctypes.data, lambda: None)


class HostCopy:
    """What a kernel has written is there at once, unless a test says that it is not.

    Attributes:
        late: how often it is asked for in vain.
    """

    late = 0

    def __init__(self, array: Any) -> None:
        self._array, self.asked = array, 0

    def there(self) -> bool:
        self.asked += 1
        return self.asked > self.late

    def array(self) -> Any:
        return self._array


class HostMark:
    """A place on the clock; kernels have run when they were launched."""

    def __init__(self) -> None:
        self.time = 0.0

    def record(self) -> None:
        self.time = time.perf_counter()

    def milliseconds_to(self, later: HostMark) -> float:
        return 1e3 * (later.time - self.time)
