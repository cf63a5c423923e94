"""Compiles kernels at run time by NVRTC, and keeps the machine code in the user's cache folder.

No CUDA toolkit is needed: the compiler is a Python package. It needs no GPU either, so the tests
compile every kernel for every architecture.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import platformdirs

from ...scenes.errors import VoileError
from .sources import Source

ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
"""Compute capabilities, times 10, that the kernels are compiled for in tests: Turing to Blackwell.
Others of at least the first one are compiled for as they are met."""


def install_command(cuda: str | None = None) -> str:
    """What installs the packages that go with a CUDA of this version; the latest where that is not
    known. A torch from PyPI pins packages of its own CUDA, and no others can be beside it."""
    extra = "cuda12" if (cuda or "").startswith("12.") else "cuda"
    return f'pip install "voile[{extra}]"'


# Subnormal numbers are flushed to 0, which makes 2^x one instruction; nothing here needs them. All
# else stays IEEE: "fast math" would also break comparisons with NaN that cull splats.
_OPTIONS = {"name": "voile", "std": "c++17", "ftz": True}

_MAGIC = b"voile cubin 1\n"


class CUDAError(VoileError):
    """The CUDA kernels cannot be made or run; the text says why and what to do."""


class CompilerMissingError(CUDAError):
    """The packages of the CUDA compiler are not installed."""

    def __init__(self, error: BaseException) -> None:
        reason = (str(error) or type(error).__name__).splitlines()[0]  # of which there are many
        super().__init__(
            f"the CUDA compiler is not installed ({reason}); install it: {install_command()}"
        )


class CompileError(CUDAError):
    """A kernel does not compile, or only with warnings; the text has file and line."""

    def __init__(self, source: Source, architecture: int, log: str) -> None:
        self.log = log.replace("\0", "").strip()
        super().__init__(
            f"CUDA kernels {source.name} do not compile for sm_{architecture}:\n{self.log}"
        )


def compile_source(source: Source, architecture: int, folder: Path | None = None) -> bytes:
    """Machine code (a cubin) of a kernel file, from the cache or else compiled.

    Args:
        source: of `sources.load`.
        architecture: compute capability times 10.
        folder: of the cache; None is `cache_folder()`. Where it is not writable, nothing is kept.

    Raises:
        CompilerMissingError: the compiler is not installed.
        CompileError: errors or warnings.
    """
    key = f"{compiler_version()}\n{architecture}\n{_OPTIONS}\n{source.text}".encode()
    name = f"{hashlib.sha256(key).hexdigest()[:32]}.cubin"
    path = (folder or cache_folder()) / name
    code = _read(path)
    if code is None:
        code = _compile(source, architecture)
        _write(path, code)
    return code


class Resources(NamedTuple):
    """What a kernel takes of a GPU: registers of a thread, spilled and shared bytes."""

    registers: int
    spilled: int
    shared: int


def resources(source: Source, architecture: int) -> dict[str, Resources]:
    """What each kernel of a file takes, as the assembler says it. Arguments as `compile_source`."""
    core = import_module("cuda.core")
    options = core.ProgramOptions(**_OPTIONS, arch=f"sm_{architecture}", ptxas_options="-v")
    log = io.StringIO()
    core.Program(source.text, "c++", options).compile("cubin", logs=log)
    return read_resources(log.getvalue())


def read_resources(log: str) -> dict[str, Resources]:
    """Resources by kernel from what `ptxas -v` says."""
    found: dict[str, Resources] = {}
    for part in log.split("Compiling entry function '")[1:]:
        registers = re.search(r"Used (\d+) registers", part)
        spilled = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", part)
        shared = re.search(r"(\d+) bytes smem", part)
        assert registers, f"the assembler says something new: {part}"
        assert spilled, f"the assembler says something new: {part}"
        found[part.split("'")[0]] = Resources(
            int(registers[1]),
            int(spilled[1]) + int(spilled[2]),
            int(shared[1]) if shared else 0,
        )
    return found


def compiler_version() -> str:
    """Version of NVRTC, as "12.9".

    Raises:
        CompilerMissingError: the compiler is not installed.
    """
    try:
        _, major, minor = import_module("cuda.bindings.nvrtc").nvrtcVersion()
    except (ImportError, RuntimeError) as error:  # the package, or the library that it loads
        raise CompilerMissingError(error) from error
    return f"{major}.{minor}"


def architecture_for(capability: int) -> int:
    """What code for a GPU is compiled for: the latest of its generation that it runs and the
    compiler knows.

    Args:
        capability: compute capability of the GPU times 10.

    Raises:
        CUDAError: the compiler knows none, or is not installed.
    """
    version = compiler_version()
    _, known = import_module("cuda.bindings.nvrtc").nvrtcGetSupportedArchs()
    fitting = [each for each in known if each // 10 == capability // 10 and each <= capability]
    if not fitting:
        raise CUDAError(
            f"the CUDA compiler, {version}, does not know compute capability {capability / 10}; "
            f"update it: {install_command()}"
        )
    return max(fitting)


def cache_folder() -> Path:
    """Folder of compiled kernels; it may not exist or not be writable."""
    return Path(platformdirs.user_cache_dir("voile")) / "cuda"


def _compile(source: Source, architecture: int) -> bytes:
    try:
        core = import_module("cuda.core")
    except ImportError as error:
        raise CompilerMissingError(error) from error
    options = core.ProgramOptions(**_OPTIONS, arch=f"sm_{architecture}")
    log = io.StringIO()
    try:
        code = bytes(core.Program(source.text, "c++", options).compile("cubin", logs=log).code)
    except Exception as error:  # the class is private in cuda.core
        raise CompileError(source, architecture, log.getvalue() or str(error)) from error
    if log.getvalue().replace("\0", "").strip():
        raise CompileError(source, architecture, log.getvalue())
    return code


def _read(path: Path) -> bytes | None:
    """Code from the cache; None where there is none or the file is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    code = data[len(_MAGIC) + 32 :]
    whole = _MAGIC + hashlib.sha256(code).digest() + code
    return code if code and data == whole else None


def _write(path: Path, code: bytes) -> None:
    """Keeps code; a reader sees the whole file or none. Does nothing where that is impossible."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            file.write(_MAGIC + hashlib.sha256(code).digest() + code)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
