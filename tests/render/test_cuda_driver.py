"""`GPULauncher` and `cuda.core` on a stand-in for NVIDIA's driver: calls, arguments, and pictures.

`support/on_driver` has the checks. They are run in a process of their own, which finds the stand-in
where others find a driver, or none. Kernels run on the host, and are those of the other tests.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cuda_host import find_compiler

from voile.kernels.cuda.compile import CompilerMissingError, compiler_version

pytestmark = [pytest.mark.gl, pytest.mark.slow]
SUPPORT = Path(__file__).parents[1] / "support"
FLAGS = ("-std=c++17", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Werror")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Of a process that finds the stand-in."""
    pytest.importorskip("torch")
    pytest.importorskip("cuda.core")
    try:
        compiler_version()
    except CompilerMissingError as error:
        if os.environ.get("CI", "").lower() in {"1", "true"} and sys.platform == "linux":
            pytest.fail(f"CI must have NVRTC: {error}")
        pytest.skip(str(error))
    folder, compiler = tmp_path_factory.mktemp("driver"), find_compiler()
    sources = map(str, sorted((SUPPORT / "fake_driver").glob("*.cpp")))
    subprocess.run([compiler, *FLAGS, "-o", folder / "libcuda.so.1", *sources, "-ldl"], check=True)
    found = os.pathsep.join(filter(None, [str(folder), os.environ.get("LD_LIBRARY_PATH")]))
    paths = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1] / "benchmarks")])
    return {
        **os.environ,
        "LD_LIBRARY_PATH": found,
        "PYTHONPATH": paths,
    }


def test_all_holds_on_the_stand_in_driver(environment):
    options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "driver_fixtures"]
    checks = sorted(map(str, (SUPPORT / "on_driver").glob("*.py")))
    command = [sys.executable, *options, *checks]
    run = subprocess.run(
        command, env=environment, cwd=SUPPORT.parents[1], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    said = re.search(r"(\d+) passed", run.stdout)
    assert said is not None
    assert int(said[1]) >= 30
