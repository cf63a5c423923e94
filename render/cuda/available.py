"""What the CUDA backend needs: a driver, torch, packages that fit both, and a GPU they all know.

Each is asked for in this order, and what is missing is told with what to do about it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ...kernels.cuda.compile import (
    CUDAError,
    architecture_for,
    compiler_version,
    install_command,
)
from ..renderer import BackendUnavailable

OLDEST_DRIVER = 12000
"""As cuDriverGetVersion says it: CUDA 12.0, the first that loads what NVRTC 12 makes."""

OLDEST_ARCHITECTURE = 75
"""Turing: what NVRTC 12 still compiles for without a warning, and NVRTC 13 at all."""

OTHERS = "the backends gl and cpu need no CUDA."


def check_driver(open_library: Callable[[str], Any] = ctypes.CDLL) -> int:
    """Asks the driver alone, which takes no time and loads no package.

    Returns:
        The CUDA that it is for, 12080 of 12.8.

    Raises:
        BackendUnavailable: no driver, one that is too old, or no GPU.
    """
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = open_library(library)
    except OSError as error:
        raise BackendUnavailable(
            f"there is no NVIDIA driver ({library} is missing); with an NVIDIA GPU, install its "
            f"driver; {OTHERS}"
        ) from error
    version, count = ctypes.c_int(0), ctypes.c_int(0)
    code = driver.cuInit(0)
    if code == 0:
        driver.cuDriverGetVersion(ctypes.byref(version))
        code = driver.cuDeviceGetCount(ctypes.byref(count))
    if code != 0 or count.value == 0:
        raise BackendUnavailable(f"the NVIDIA driver finds no usable GPU (code {code}); {OTHERS}")
    if version.value < OLDEST_DRIVER:
        raise BackendUnavailable(
            f"the NVIDIA driver is for CUDA {_version(version.value)}; the CUDA backend needs one "
            f"for {_version(OLDEST_DRIVER)} or later: update the driver; {OTHERS}"
        )
    return version.value


def import_torch() -> Any:
    """torch, where it can use CUDA. Nothing below `render.cuda` imports it otherwise.

    Raises:
        BackendUnavailable: it is missing, too old, or made without CUDA.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendUnavailable(f"torch cannot be imported: {error}; {OTHERS}") from error
    if not torch.cuda.is_available():
        made = "was built without CUDA" if torch.version.cuda is None else "finds no usable GPU"
        raise BackendUnavailable(
            f"torch {torch.__version__} {made}; install one with CUDA, as pytorch.org/get-started "
            f"says; {OTHERS}"
        )
    # This came with events that are recorded within graphs, which have nothing to be told by.
    if not hasattr(torch, "AcceleratorError"):
        raise BackendUnavailable(
            f"torch {torch.__version__} is too old; the CUDA backend needs 2.8 or later; {OTHERS}"
        )
    return torch


def import_core(cuda: str, driver: int) -> Any:
    """`cuda.core`, where it and the compiler are installed.

    Args:
        cuda: version that torch was built for; the packages for the same one go with it.
        driver: of `check_driver`.

    Raises:
        BackendUnavailable: a package is missing, or the driver does not load what the compiler
            makes.
    """
    install = install_command(cuda)
    try:
        core, compiler = import_module("cuda.core"), compiler_version()
    except (ImportError, CUDAError) as error:
        raise BackendUnavailable(
            f"the packages of the CUDA backend are missing ({error}); "
            f"install them: {install}; {OTHERS}"
        ) from error
    if int(compiler.split(".")[0]) > driver // 1000:
        raise BackendUnavailable(
            f"the CUDA compiler is of {compiler}, and the NVIDIA driver for CUDA "
            f"{_version(driver)}: update the driver, or install the compiler for it: "
            f"{install_command(_version(driver))}; {OTHERS}"
        )
    return core


def check_gpu(core: Any, torch: Any) -> tuple[int, str, int]:
    """torch's current device, made current for the calling thread.

    Returns:
        Its index, its name, and the architecture that code for it is compiled for.

    Raises:
        BackendUnavailable: it is too old, too new for the compiler, or cannot be used.
    """
    try:
        index = torch.cuda.current_device()
        name = torch.cuda.get_device_name(index)
        major, minor = torch.cuda.get_device_capability(index)
        core.Device(index).set_current()  # the primary context, which torch uses too
    except Exception as error:  # torch's are many, and the class of cuda.core is private
        raise BackendUnavailable(f"the GPU cannot be used: {error}; {OTHERS}") from error
    if 10 * major + minor < OLDEST_ARCHITECTURE:
        raise BackendUnavailable(
            f"{name} has compute capability {major}.{minor}; the CUDA backend needs "
            f"{OLDEST_ARCHITECTURE / 10} (Turing, 2018) or more; {OTHERS}"
        )
    try:
        return index, name, architecture_for(10 * major + minor)
    except CUDAError as error:
        raise BackendUnavailable(f"{name}: {error}; {OTHERS}") from error


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
