"""Without a GPU, driver or package the CUDA backend says which, and what to do."""

import ctypes
import importlib
import subprocess
import sys
import types

import pytest

from voile.kernels.cuda.compile import CompilerMissingError
from voile.render import BACKENDS, BackendUnavailable, create_renderer
from voile.render.cuda import available, device


class Driver:
    """libcuda, as far as it is asked."""

    def __init__(self, code: int = 0, version: int = 13000, count: int = 1) -> None:
        self.code, self.version, self.count = code, version, count

    def cuInit(self, flags):
        return self.code

    def cuDriverGetVersion(self, out):
        out._obj.value = self.version
        return 0

    def cuDeviceGetCount(self, out):
        out._obj.value = self.count
        return 0


def missing(name):
    raise OSError(f"{name}: cannot open shared object file")


@pytest.mark.parametrize(
    ("library", "text"),
    [
        (missing, "no NVIDIA driver"),
        (lambda name: Driver(code=999), "code 999"),
        (lambda name: Driver(count=0), "no usable GPU"),
        (lambda name: Driver(version=11080), r"CUDA 11\.8.*12\.0 or later: update the driver"),
    ],
)
def test_the_driver_is_asked_first(library, text):
    with pytest.raises(BackendUnavailable, match=text) as raised:
        device.check_driver(library)
    assert "backends gl and cpu" in str(raised.value)


def test_a_good_driver_passes():
    device.check_driver(lambda name: Driver())


@pytest.mark.parametrize(("cuda", "extra"), [("12.8", "cuda12"), ("13.0", "cuda")])
def test_missing_packages_are_told(monkeypatch, cuda, extra):
    def no_compiler():
        raise CompilerMissingError(ImportError("no module\nand where it was looked for"))

    monkeypatch.setattr(available, "compiler_version", no_compiler)
    with pytest.raises(BackendUnavailable, match=rf"pip install .voile\[{extra}\]") as raised:
        available.import_core(cuda, 13000)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("cuda", "usable", "more", "words"),
    [
        (None, False, {}, "was built without CUDA"),
        ("12.8", False, {}, "finds no usable GPU"),
        ("12.6", True, {}, r"2\.7 is too old; the CUDA backend needs 2\.8"),
        ("12.8", True, {"AcceleratorError": RuntimeError}, None),
    ],
)
def test_what_is_wrong_with_torch_is_told(monkeypatch, cuda, usable, more, words):
    torch = types.SimpleNamespace(
        __version__="2.7",
        cuda=types.SimpleNamespace(is_available=lambda: usable),
        version=types.SimpleNamespace(cuda=cuda),
        **more,
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    if words is None:
        assert device.import_torch() is torch
        return
    with pytest.raises(BackendUnavailable, match=words):
        device.import_torch()


def test_a_missing_torch_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendUnavailable, match="torch cannot be imported"):
        device.import_torch()


def test_the_backend_is_registered_and_never_breaks_the_others():
    assert "cuda" in BACKENDS
    try:
        device.check_driver()
    except BackendUnavailable:
        with pytest.raises(BackendUnavailable, match="need no CUDA"):
            create_renderer("cuda")
    else:
        pytest.skip("there is a GPU here")


def test_asking_without_a_driver_loads_no_torch():
    code = (
        "import sys\n"
        "from voile.render import BackendUnavailable, create_renderer\n"
        "from voile.render.cuda import device\n"
        "def fail(): raise BackendUnavailable('none')\n"
        "device.check_driver = fail\n"
        "try: create_renderer('cuda')\n"
        "except BackendUnavailable: print(*sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "voile.render.cuda.device" in run.stdout
    assert not {"torch", "cuda.core", "cuda.bindings"} & set(run.stdout.split())


def test_arguments_reach_a_kernel_as_it_reads_them():
    """cuda.core lays arguments out for the driver; it refuses types that it does not know."""
    pytest.importorskip("cuda.core")
    torch = pytest.importorskip("torch")
    tensor = torch.zeros(3)
    values = [device.split(value)[1] for value in (tensor, None, -5, True, 2.5)]
    holder = importlib.import_module("cuda.core._kernel_arg_handler").ParamHolder(tuple(values))
    places = (ctypes.c_void_p * 5).from_address(holder.ptr)
    kinds = (ctypes.c_int64, ctypes.c_int64, ctypes.c_int32, ctypes.c_int32, ctypes.c_float)
    read = [kind.from_address(place).value for kind, place in zip(kinds, places)]
    assert read == [tensor.data_ptr(), 0, -5, 1, 2.5]
