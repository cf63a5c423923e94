"""Fixtures of the checks in `on_driver`, which `test_cuda_driver.py` runs in a process that finds
no `libcuda.so.1` but the stand-in. The packages that call the driver are the real ones."""

from __future__ import annotations

import os

import pytest
import torch
import torch_on_driver as gpu
from cuda_host import HostLauncher
from gl_context import gl_renderer

from voile.render.cuda.work import Work

gpu.install()


class KnownLauncher(HostLauncher):
    """The stand-in runs the kernels of the host: it is told of all that are loaded."""

    def _load(self, sources):
        super()._load(sources)
        os.environ["FAKE_DRIVER_KERNELS"] = os.pathsep.join(map(str, self.libraries))


ON_HOST = KnownLauncher()


@pytest.fixture(autouse=True)
def device():
    gpu.be()
    with gpu.OnDevice():
        yield


@pytest.fixture
def refuse():
    """Makes calls of the driver fail; all is well again after the test, or by 0."""
    names = set()

    def refuse(name: str, code: int) -> None:
        names.add(name)
        gpu.driver.fake_refuse(name.encode(), code)

    yield refuse
    for name in names:
        gpu.driver.fake_refuse(name.encode(), 0)


@pytest.fixture(scope="module")
def host_work():
    return Work(torch, ON_HOST)


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    yield renderer
    renderer.close()
