"""The CUDA kernels compile for every architecture, and how compiling fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voile.kernels import constants
from voile.kernels.cuda import compile as compiler
from voile.kernels.cuda import sources
from voile.kernels.cuda.sources import FILES, Source, load
from voile.render.cells import MOST_SPLATS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nvrtc() -> None:
    try:
        compiler.compiler_version()
    except compiler.CompilerMissingError as error:
        if os.environ.get("CI", "").lower() in {"1", "true"} and sys.platform == "linux":
            pytest.fail(f"CI must have NVRTC: {error}")
        pytest.skip(str(error))


CACHE = Path(__file__).parents[2] / "build" / "cubins"
"""Of what compiles: what has not changed compiles still. `make clean` empties it."""

SMALL = Source("small.cu", 'extern "C" __global__ void f(int *a) { *a = 1; }\n', ("f",))


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("architecture", compiler.ARCHITECTURES)
@pytest.mark.parametrize("name", FILES)
def test_every_kernel_compiles_without_a_warning(name, architecture):
    code = compiler.compile_source(load(name), architecture, CACHE)
    assert code.startswith(b"\x7fELF")
    for kernel in load(name).kernels:
        assert kernel.encode() in code


def test_all_files_are_named_and_all_constants_come_from_python():
    folder = sources.resources.files("voile.kernels.cuda")
    found = {f.name for f in folder.iterdir() if f.name.endswith(".cu")}
    for below in ("modes", "grad", "views"):
        found |= {f"{below}/{f.name}" for f in (folder / below).iterdir() if f.name.endswith(".cu")}
    assert found == set(FILES)
    assert sources.defines()["ALPHA_MAX"] == constants.ALPHA_MAX
    for name in FILES:
        text = load(name).text
        for constant in sources.defines():
            assert text.count(f"#define {constant} ") == 1, f"{name} defines {constant} again"


def test_cells_fit_in_shared_memory():
    assert sources.MOST_IN_CELL == MOST_SPLATS


@pytest.mark.usefixtures("nvrtc")
def test_an_error_and_a_warning_name_file_and_line(tmp_path):
    lines = load("bins.cu").text.replace("Instances out =", "Instances out ==")
    with pytest.raises(compiler.CompileError, match=r"bins\.cu\(\d+\): error") as raised:
        compiler.compile_source(Source("bins.cu", lines, ()), 80, tmp_path)
    number = int(str(raised.value).split("bins.cu(")[1].split(")")[0])
    file = sources.resources.files("voile.kernels.cuda") / "bins.cu"
    assert "Instances out" in file.read_text().splitlines()[number - 1]
    warned = Source("small.cu", SMALL.text.replace("*a = 1;", "int unused; *a = 1;"), ())
    with pytest.raises(compiler.CompileError, match="unused"):
        compiler.compile_source(warned, 80, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("nvrtc")
def test_the_cache_is_used_and_mended(tmp_path, monkeypatch):
    code = compiler.compile_source(SMALL, 80, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(compiler, "_compile", lambda *_: pytest.fail("it was in the cache"))
        assert compiler.compile_source(SMALL, 80, tmp_path) == code
    for damaged in (b"", whole[:-1], whole[:60], whole.replace(b"ELF", b"FLE")):
        file.write_bytes(damaged)
        assert compiler.compile_source(SMALL, 80, tmp_path) == code
        assert file.read_bytes() == whole
    compiler.compile_source(SMALL, 90, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(compiler, "compiler_version", lambda: "99.0")
    compiler.compile_source(SMALL, 80, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.usefixtures("nvrtc")
def test_without_a_folder_to_write_to_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_text("")
    assert compiler.compile_source(SMALL, 80, tmp_path / "file" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_missing_compiler_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.bindings.nvrtc", None)
    with pytest.raises(compiler.CompilerMissingError, match="pip install"):
        compiler.compile_source(SMALL, 80, tmp_path)


@pytest.mark.usefixtures("nvrtc")
def test_what_a_kernel_takes_is_known():
    (found,) = compiler.resources(SMALL, 80).items()
    assert found[0] == "f"
    assert 2 <= found[1].registers <= 32
    assert found[1].spilled == found[1].shared == 0


def test_spills_are_read_from_what_the_assembler_says():
    log = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'one' for 'sm_80'
ptxas         .     8 bytes stack frame, 12 bytes spill stores, 20 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 6656 bytes smem, 400 bytes cmem[0]
ptxas info    : Compiling entry function 'two' for 'sm_80'
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, 360 bytes cmem[0]
"""
    expected = {"one": compiler.Resources(255, 32, 6656), "two": compiler.Resources(8, 0, 0)}
    assert compiler.read_resources(log) == expected


def test_importing_the_kernels_loads_neither_torch_nor_cuda():
    code = "import sys, voile.kernels.cuda.compile; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "cuda.core", "cuda.bindings", "numba"} & set(run.stdout.split())
