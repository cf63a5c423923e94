"""The CUDA kernels of `rasterize` on the host: their own source, against the operator on the CPU.

Pictures agree to 60 dB: both are float32 with another 2^x and another order of sums, and where the
CPU ends compositing a row of a tile at a time, at T < 1e-4, the kernels end it a quarter at a time.
Slopes agree to 1e-4 of each column's norm (6e-5 was found): float32's rounding in sums of both
signs over hundreds of pixels. In mode cells it is 3e-3 (2.1e-3): slopes by -log(1 - alpha) count
alpha / (1 - alpha) times, and the CPU's 2^x is off by 3e-6, 3e-4 of what is left of 0.99. In mode
binned it is 2e-2 (9.5e-3), and 0.1 with 32 bins (0.06), for a few splats that begin in a bin, where
slopes have no bound; the median splat agrees to 5e-3 (4e-3), in the other modes to 5e-4 (2e-4).
Of a wall of layers in mode sorted it is 5e-3 (2e-3): what
lies where T is about 1e-4 has slopes on one side and none on the other.
"""

import numpy as np
import pytest
from cuda_host import shared_launcher
from make_splats import make_splats

import voile
from voile.kernels import devices
from voile.kernels.cuda.sources import FILES, load
from voile.render.metrics import psnr

torch = pytest.importorskip("torch")
kernels = pytest.importorskip("voile.kernels")
torch_ops = pytest.importorskip("voile.kernels.torch_ops")
gradients = pytest.importorskip("voile.render.cuda.gradients")

from voile.render.cuda.renderer import Work  # noqa: E402 - after the skips

NAMES = ("means", "quats", "scales", "opacities", "sh", "log_weights")
MODES = ("sorted", "weighted", "binned", "cells")
MIN_DB = 60.0
MOST_ERROR = {"sorted": 1e-4, "weighted": 1e-4, "cells": 3e-3, "binned": 2e-2}
DEPTH_UNIT = 8.0
SEEN = voile.Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=48, height=34)


@pytest.fixture(scope="module")
def on_host():
    return gradients.Gradients(Work(torch, shared_launcher()))


def columns_of(splats, seed=0):
    """float32 columns, quaternions of any length, and log weights."""
    rng = np.random.default_rng(seed)
    columns = {name: getattr(splats, name) for name in NAMES[:-1]}
    columns["quats"] = columns["quats"] * rng.uniform(0.5, 2.0, (len(splats), 1))
    columns["log_weights"] = rng.normal(size=len(splats))
    return in_cells(columns, 8)


def in_cells(columns, count):
    """As float32 tensors, with splats in cells that lie through each other."""
    means = columns["means"]
    cells = np.arange(len(means)) % count
    centers = np.stack([means[k] for k in range(count)])
    given = {name: torch.tensor(value, dtype=torch.float32) for name, value in columns.items()}
    return given | {"cells": torch.tensor(cells), "centers": torch.tensor(centers)}


def wall(n=600):
    """Layers over every pixel: several batches a tile, of which `sorted` draws about a third."""
    rng = np.random.default_rng(3)
    means = np.zeros((n, 3))
    means[:, 2] = rng.permutation(np.linspace(-1, 1, n))
    columns = {
        "means": means,
        "quats": np.tile([1.0, 0, 0, 0], (n, 1)),
        "scales": np.tile([3.0, 2.0, 1.0], (n, 1)),
        "opacities": np.full(n, 0.1),
        "sh": rng.uniform(-1, 1, (n, 1, 3)),
        "log_weights": rng.normal(size=n),
    }
    return in_cells(columns, 20)


def operands(columns, camera, mode, antialias=False, depth=True, bins=(8, 2)):
    """Arguments of `voile::rasterize`."""
    given = [columns[name] for name in (*NAMES, "cells", "centers")]
    for k in (5,) * (mode != "weighted") + (6, 7) * (mode != "cells"):
        given[k] = given[k][:0]
    pose = [*np.ravel(camera.world_to_camera), camera.fx, camera.fy, camera.cx, camera.cy]
    seen = torch.tensor([*pose, camera.near], dtype=torch.float64)
    return *given, seen, camera.width, camera.height, mode, antialias, depth, *bins, DEPTH_UNIT


def backward(given):
    """Of those the arguments of `voile::rasterize_backward`."""
    return *given[:6], *given[8:]


def loss_slopes(drawn, seed=0):
    """Slopes by colour, coverage and depth; by depth only where there is something solid."""
    rng = np.random.default_rng(seed)
    return [torch.tensor(rng.normal(size=image.shape), dtype=torch.float32) for image in drawn[:3]]


def both(on_host, columns, camera, mode, antialias=False, depth=True, with_shape=True, bins=(8, 2)):
    """Outputs and slopes by the kernels and by the CPU, from the same slopes of a loss."""
    given, ops = operands(columns, camera, mode, antialias, depth, bins), torch.ops.voile
    actual, expected = on_host.draw(*given), ops.rasterize(*given)
    slopes = loss_slopes(expected)
    return (
        actual,
        expected,
        on_host.go_back(*backward(given), list(actual), slopes, with_shape),
        ops.rasterize_backward(*backward(given), list(expected), slopes, with_shape),
    )


def assert_alike(actual, expected, found, wanted, most_error):
    assert expected[1].max() > 0.5, "the view must show something"
    for image, other in zip(actual[:2], expected[:2]):
        assert psnr(image.numpy(), other.numpy()) >= MIN_DB
    for result, other in zip([*actual, *found], [*expected, *wanted]):
        assert result.dtype == other.dtype
        assert result.is_contiguous()
    for name, slope, other in zip(NAMES, found, wanted):
        assert slope.shape == other.shape
        error = torch.linalg.norm(slope - other) / torch.linalg.norm(other).clamp(min=1e-30)
        print(name, float(error))
        assert error < most_error, name


def assert_typical_splat_is_alike(found, wanted, most_error):
    """The median splat's slopes, which a few of no bound do not drown.

    Of slopes that are next to nothing beside the others all digits are rounding.
    """
    for name, slope, other in zip(NAMES, found, wanted):
        if other.any():
            off, size = (
                part.reshape(len(part), -1).abs().amax(1) for part in (slope - other, other)
            )
            assert (off / size)[size > 1e-3 * size.max()].median() < most_error, name


CASES = {
    "degree 0": ({"sh_degree": 0, "seed": 1}, {}, False),
    "degree 3": ({"sh_degree": 3, "seed": 2}, {}, False),
    "degree 4": ({"sh_degree": 4, "seed": 3}, {}, False),
    "antialiased": ({"sh_degree": 1, "seed": 4}, {}, True),
    "off centre": ({"sh_degree": 2, "seed": 5}, {"cx": 4.0, "cy": 30.0, "fy": 30.0}, False),
    "near": ({"sh_degree": 1, "seed": 6}, {"near": 4.5}, False),
    "surfels": ({"sh_degree": 1, "seed": 7, "kind": "2d"}, {}, True),
    "surfels, near": ({"sh_degree": 1, "seed": 8, "kind": "2d"}, {"near": 4.5}, False),
    "surfels among ellipsoids": ({"sh_degree": 1, "seed": 9, "kind": "mixed"}, {}, True),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_picture_and_slopes_are_those_of_the_cpu(on_host, case, mode):
    made, seen, antialias = CASES[case]
    camera = voile.Camera.from_dict({**SEEN.to_dict(), **seen})
    # The planes of surfels that are almost edge-on are near singular in float32.
    most_error = max(MOST_ERROR[mode], 3e-4 if "surfels" in case else 0.0)
    outcome = both(on_host, columns_of(make_splats(120, **made)), camera, mode, antialias)
    assert_alike(*outcome, most_error=most_error)
    assert_typical_splat_is_alike(*outcome[2:], 5e-3 if mode == "binned" else 5e-4)


@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("bins", [(4, 0), (16, 1), (32, 3)])
def test_slopes_of_other_bins(on_host, bins, kind):
    columns = columns_of(make_splats(60, 1, kind, seed=10))
    outcome = both(on_host, columns, SEEN, "binned", bins=bins)
    # A few slopes of the finest bins have no bound, and no digits in float32.
    assert_alike(*outcome, most_error=0.3 if bins == (32, 3) else 0.1)
    assert_typical_splat_is_alike(*outcome[2:], 5e-3)


@pytest.mark.parametrize("mode", MODES)
def test_many_layers(on_host, mode):
    camera = voile.Camera.look_at((0, 0, -5), (0, 0, 0), width=24, height=20)
    columns = wall()
    _, _, found, _ = outcome = both(on_host, columns, camera, mode)
    assert_alike(*outcome, most_error=5e-3 if mode == "sorted" else MOST_ERROR[mode])
    hidden = columns["means"][:, 2].argsort()[-200:]
    assert found[4][hidden].any() == (mode != "sorted")


@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_draw(on_host, mode):
    columns = columns_of(make_splats(20, 1))
    away = voile.Camera.look_at((0, 0, -9), (0, 0, -20), width=33, height=17)
    nobody = {name: value[:0] for name, value in columns.items()}
    for some, camera in ((columns, away), (nobody, SEEN)):
        actual, expected, found, wanted = both(on_host, some, camera, mode)
        assert not any(image.any() for image in actual[:3])
        for result, other in zip([*actual, *found], [*expected, *wanted]):
            assert (result.shape, result.dtype) == (other.shape, other.dtype)
            assert not result.any()


@pytest.mark.parametrize("mode", MODES)
def test_only_what_is_asked_for(on_host, mode):
    """Without depth or shapes the rest is the same bytes, and every run gives the same."""
    columns = columns_of(make_splats(100, 1, seed=7))
    with_depth, flat = operands(columns, SEEN, mode), operands(columns, SEEN, mode, depth=False)
    drawn, again = on_host.draw(*with_depth), on_host.draw(*flat)
    for k in (0, 1, 3):
        assert torch.equal(drawn[k], again[k])
    slopes = loss_slopes(drawn)
    slopes[2].zero_()
    whole = on_host.go_back(*backward(with_depth), list(drawn), slopes, True)
    part = on_host.go_back(*backward(flat), list(again), [*slopes[:2], torch.empty(0, 0)], False)
    for k, slope in enumerate(part):
        assert torch.equal(slope, whole[k] if k > 2 else whole[k][:0])


@pytest.mark.parametrize("mode", MODES)
def test_too_little_room_is_made_more(on_host, monkeypatch, mode):
    given = operands(columns_of(make_splats(100, 1, seed=7)), SEEN, mode)
    expected = on_host.draw(*given)
    monkeypatch.setattr(gradients.Room, "for_scene", lambda splats: gradients.Room(1, 1))
    for image, other in zip(
        gradients.Gradients(Work(torch, shared_launcher())).draw(*given), expected
    ):
        assert torch.equal(image, other)


@pytest.mark.parametrize("mode", MODES)
def test_extreme_splats_have_finite_slopes(on_host, mode):
    columns = columns_of(make_splats(64, 1, seed=8))
    columns["scales"][:16] = 0.0
    columns["scales"][16:24] = 1e6
    columns["scales"][24:32, 1:] = 1e-12
    columns["means"][32:40] *= 1e6
    columns["opacities"][44:48] = 0.0
    columns["log_weights"][48:52] = 1e3
    columns["log_weights"][52:56] = -1e3
    for antialias in (False, True):
        given = operands(columns, SEEN, mode, antialias)
        drawn = on_host.draw(*given)
        for name, slope in zip(
            NAMES, on_host.go_back(*backward(given), list(drawn), loss_slopes(drawn), True)
        ):
            assert slope.isfinite().all(), name


@pytest.mark.parametrize("mode", MODES)
def test_a_loss_goes_back_through_the_operator(on_host, monkeypatch, mode):
    """`rasterize` and autograd with these kernels in place of the CPU's."""

    named = {"weighted": ("log_weights",), "cells": ("cells", "centers")}

    def slopes():
        given = columns_of(make_splats(60, 1, seed=9))
        for name in NAMES:
            given[name].requires_grad_()
        color, alpha, depth = kernels.rasterize(
            *(given[name] for name in NAMES[:-1]), SEEN, mode=mode, depth=True,
            **{name: given[name] for name in named.get(mode, ())}, depth_unit=DEPTH_UNIT,
        )  # fmt: skip
        ((color**2).sum() + (alpha * depth).mean()).backward()
        return {name: column.grad for name, column in given.items() if column.grad is not None}

    wanted = slopes()
    monkeypatch.setitem(torch_ops._rasterize._backend_fns, "cpu", on_host.draw)
    monkeypatch.setitem(torch_ops._backward._backend_fns, "cpu", on_host.go_back)
    found = slopes()
    assert set(found) == set(wanted)
    for name, slope in found.items():
        error = torch.linalg.norm(slope - wanted[name]) / torch.linalg.norm(wanted[name])
        assert 0 < error < MOST_ERROR[mode], name  # other kernels have run: not the same bytes


def test_kernels_are_offered_for_cuda(monkeypatch):
    """Both operators get them, of the launcher; torch then has no other for the device."""
    registered = {}

    class Operator:
        def __init__(self, name):
            self.name = name

        def register_kernel(self, device, kernel):
            registered[self.name] = device, kernel

    monkeypatch.setattr(gradients, "import_torch", lambda: torch)
    devices.OFFERS["cuda"](Operator("forward"), Operator("backward"))
    assert {name: device for name, (device, _) in registered.items()} == {
        "forward": "cuda",
        "backward": "cuda",
    }


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_cuda_is_refused_with_the_reason():
    with pytest.raises(voile.VoileError, match="torch"):
        devices.OFFERS["cuda"](torch_ops._rasterize, torch_ops._backward)


def test_every_kernel_was_run():
    """Runs last: what the tests above have launched is all there is of gradients."""
    files = [name for name in FILES if name.startswith("grad/")]
    assert len(files) == 10
    assert shared_launcher().launched >= {kernel for name in files for kernel in load(name).kernels}
