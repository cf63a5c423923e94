"""Runs the CUDA kernels' own source on the host: `cuda_shim.h`, the C++ compiler, CPU tensors."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import re
import shutil
import subprocess
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

CACHE = Path(__file__).parents[2] / "build" / "host"
"""Of what is compiled: all processes of a run and all runs share it. `make clean` empties it."""

TEXT, OBJECT, TARGET = "<text>", "<object>", "<target>"
"""Files in a command of `made`."""

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
    sources: Sequence[Source], flags: Sequence[str] = (), libraries: Sequence[str] = ()
) -> list[Path]:
    """A library of each kernel file for the host.

    Args:
        sources: kernel files.
        flags: of the compiler, more than FLAGS.
        libraries: what they are linked with. What they lack then is in the program that loads them:
            `blocks.h`, and sanitizers.
    """
    compiling = *FLAGS, *flags, f"-I{SHIM}", "-c", "-o", OBJECT, TEXT
    linking = "-shared", "-o", TARGET, OBJECT, *libraries

    def build_one(source: Source) -> Path:
        exports = "\n".join(f"EXPORT({kernel})" for kernel in source.kernels)
        text = f'#include "cuda_shim.h"\nKERNELS_BEGIN\n{source.text}\nKERNELS_END\n{exports}\n'
        return made(re.sub(r"\W", "_", source.name) + ".so", compiling, linking, text=text)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(build_one, sources))


def made(name: str, *commands: Sequence[str], text: str = "") -> Path:
    """What the compiler makes, once for all processes and until what it is made of changes.

    Args:
        name: of the file; a digest of all that it is made of is put into it.
        commands: arguments of the compiler, in which TEXT, OBJECT and TARGET stand for files.
        text: the program, where it is not in SHIM.
    """
    import fcntl  # not on Windows, where nobody comes here

    compiler = find_compiler()
    digest = hashlib.sha256(_surroundings(compiler) + repr((name, commands, text)).encode())
    target = CACHE / f"{Path(name).stem}-{digest.hexdigest()[:16]}{Path(name).suffix}"
    ends = {TEXT: ".cpp", OBJECT: ".o", TARGET: ".part"}
    files = {word: Path(f"{target}{end}") for word, end in ends.items()}
    CACHE.mkdir(parents=True, exist_ok=True)
    with Path(f"{target}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be making it
        if not target.exists():
            files[TEXT].write_text(text)
            for command in commands:
                run(compiler, *(str(files.get(word, word)) for word in command))
            files[OBJECT].unlink(missing_ok=True)
            files[TARGET].rename(target)
    return target


@functools.cache
def _surroundings(compiler: str) -> bytes:
    """Of whatever is made: the compiler, and the files that may be included."""
    version = subprocess.run([compiler, "-v"], capture_output=True, check=True).stderr
    return version + b"".join(file.read_bytes() for file in sorted(SHIM.iterdir()))


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
    """One for all tests of a process: loading takes a while."""
    return HostLauncher()


class HostLauncher:
    """Kernels compiled for the host, behind the interface of the GPU's launcher.

    Args:
        files: those of the kernels that are asked for.

    Attributes:
        libraries: what is loaded.
        launched: names of the kernels that have run.
    """

    device, name, capture = "cpu", "host", None

    def __init__(self, files: Sequence[str] = FILES) -> None:
        self.libraries: list[Path] = []
        self.launched: set[str] = set()
        self._kernels: dict[str, Any] = {}
        self._load([load(name) for name in files])

    def _load(self, sources: Sequence[Source]) -> None:
        blocks = made("blocks.so", (*FLAGS, "-shared", "-o", TARGET, f"{SHIM}/blocks.cpp"))
        links = f"-L{CACHE}", f"-l:{blocks.name}", "-Wl,-rpath,$ORIGIN"
        for source, path in zip(sources, build(sources, (), links)):
            self.libraries.append(path)
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
