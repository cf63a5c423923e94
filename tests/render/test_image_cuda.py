"""Images made of splats by the CUDA kernel's own source, on the host."""

import numpy as np
import pytest
from cuda_host import HostLauncher
from make_images import make_image

from voile.kernels.cpu.scratch import Scratch
from voile.render import BackendUnavailable
from voile.render.cuda.image import CUDAImageRenderer
from voile.render.cuda.renderer import Work
from voile.render.image.reference import ReferenceImageRenderer
from voile.render.image.renderer import create_image_renderer
from voile.render.image.view import ImageView, whole
from voile.render.renderer import BackendFailed

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def renderer():
    made = CUDAImageRenderer(Work(torch, HostLauncher(("image.cu",))))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("n", "size", "channels"),
    [(0, (5, 7), 3), (1, (33, 20), 1), (60, (40, 50), 2), (700, (70, 41), 3), (400, (40, 40), 4)],
)
def test_the_kernel_draws_the_picture_of_the_reference(renderer, n, size, channels):
    splats = make_image(n, size, channels)
    reference = ReferenceImageRenderer()
    for each in (reference, renderer):
        each.upload(splats)
    views = [whole(splats), whole(splats, 0.3), whole(splats, 2.6, 4), ImageView(30, 20, 1e5, 9, 8)]
    for view in views:
        a, b = reference.render(view), renderer.render(view)
        for one, other in ((a.color, b.color), (a.alpha, b.alpha)):
            # Rounding decides which of two equal Gaussians is the K-th, and what reaches 1/255.
            far = np.abs(one - other) > 2e-4
            assert far.sum() <= max(6, 0.01 * far.size)


def test_lists_longer_than_a_batch(renderer):
    """More Gaussians on one tile than its threads take at once."""
    splats = make_image(900, (16, 16), 3, widest=20)
    reference = ReferenceImageRenderer()
    for each in (reference, renderer):
        each.upload(splats)
    one, other = (each.render(whole(splats)).color for each in (reference, renderer))
    assert (np.abs(one - other) > 2e-4).mean() < 0.02


def test_nothing_is_sent_that_nobody_wrote(renderer, monkeypatch):
    def fresh(self, name, shape, dtype):
        return np.full(shape, np.nan if np.issubdtype(dtype, np.floating) else -1).astype(dtype)

    sent, launcher = [], renderer._work.launcher
    launch = launcher.launch
    monkeypatch.setattr(Scratch, "array", fresh)
    monkeypatch.setattr(launcher, "launch", lambda *a: sent.extend(a[3:7]) or launch(*a))
    renderer.upload(make_image(60, (40, 50)))
    renderer.render(ImageView(40, 50))
    assert len(sent) == 4
    for each in sent:
        assert torch.isfinite(each).all()


def test_without_a_gpu_it_says_so():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(BackendUnavailable):
        create_image_renderer("cuda")


def test_a_gpu_that_stops_is_told(renderer, monkeypatch):
    def fails(*_):
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(renderer._work.launcher, "launch", fails)
    renderer.upload(make_image(20, (20, 20)))
    with pytest.raises(BackendFailed, match="unspecified launch failure"):
        renderer.render(ImageView(20, 20))
