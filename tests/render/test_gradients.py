"""Differentiable rasterization: its pictures and slopes against `reference` in float64.

Slopes are compared with central differences of the reference over every single parameter. Steps are
1e-6, so small that hardly a pixel crosses alpha = 1/255 or 0.99, where pictures jump or bend; the
scenes are seeded, and none of theirs does. In mode binned they are 1e-8: a picture also bends where
the end of a splat crosses the edge of a bin, and splats are as short as 1/500 of the bins' range.
"""

import numpy as np
import pytest
import reference64
from make_splats import make_splats

import voile
from voile.kernels.cpu.frame import Columns
from voile.kernels.cpu.grad import frame
from voile.kernels.cpu.grad.lists import weights_of
from voile.kernels.cpu.grad.shot import Shot
from voile.kernels.cpu.project import make_view
from voile.kernels.cpu.workers import Workers

torch = pytest.importorskip("torch")
kernels = pytest.importorskip("voile.kernels")

NAMES = ("means", "quats", "scales", "opacities", "sh")
STEPS = {"sorted": 1e-6, "weighted": 1e-6, "cells": 1e-6, "binned": 1e-8}
SEEN = voile.Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=37, height=29)


def view(**changes) -> voile.Camera:
    return voile.Camera.from_dict({**SEEN.to_dict(), **changes})


def columns_of(splats, seed=0) -> dict[str, np.ndarray]:
    """float64 columns, quaternions of any length, and log weights."""
    rng = np.random.default_rng(seed)
    columns = {name: getattr(splats, name).astype(np.float64) for name in NAMES}
    columns["quats"] *= rng.uniform(0.5, 2.0, (len(splats), 1))
    columns["log_weights"] = rng.normal(size=len(splats))
    return columns | in_cells(columns["means"])


def in_cells(means, count=4):
    """Splats in cells that lie through each other, and centres of these."""
    cells = np.arange(len(means), dtype=np.int32) % count
    centers = [means[cells == k].mean(0) if (cells == k).any() else means[0] for k in range(count)]
    return {"cells": cells, "centers": np.array(centers)}


def scene(n=10, degree=1, seed=0, **columns) -> dict[str, np.ndarray]:
    """Splats of some pixels' size in the middle of the picture, one behind the other."""
    splats = make_splats(n, degree, seed=seed)
    made = columns_of(splats, seed)
    made["means"] /= 2
    made["scales"] = np.clip(made["scales"] * 2, 0.02, 0.6)
    return {**made, **columns}


def tensors(columns, dtype=torch.float64, wanted=(*NAMES, "log_weights")):
    return {
        name: torch.tensor(
            value, dtype=None if name == "cells" else dtype, requires_grad=name in wanted
        )
        for name, value in columns.items()
    }


def rasterize(given, camera, mode, antialias=False, depth=True, settings=None):
    bins, refine = (settings.bins, settings.refine) if settings else (8, 2)
    more = {
        "weighted": ("log_weights",),
        "cells": ("cells", "centers"),
    }
    return kernels.rasterize(
        *(given[name] for name in NAMES), camera, mode=mode, antialias=antialias, depth=depth,
        bins=bins, refine=refine, depth_unit=reference64.DEPTH_UNIT,
        **{name: given[name] for name in more.get(mode, ())},
    )  # fmt: skip


def loss_slopes(camera, seed=0):
    """Slopes of a loss by colour, alpha and depth; that by depth only where something is drawn."""
    rng = np.random.default_rng(seed)
    size = camera.height, camera.width
    return rng.normal(size=(*size, 3)), rng.normal(size=size), rng.normal(size=size)


def slopes_of(
    columns, camera, mode, antialias=False, dtype=torch.float64, wanted=None, settings=None
):
    """{name: slopes} of the loss, by the operator."""
    given = tensors(columns, dtype, wanted or (*NAMES, "log_weights"))
    picture = rasterize(given, camera, mode, antialias, settings=settings)
    parts = [
        torch.sum(image * torch.tensor(slope, dtype=dtype))
        for image, slope in zip(picture, loss_slopes(camera))
    ]
    torch.stack(parts).sum().backward()
    return {name: t.grad.numpy() for name, t in given.items() if t.grad is not None}


def differences(columns, camera, mode, name, antialias=False, settings=None):
    """Central differences of the reference by every value of a column."""
    weights = loss_slopes(camera)

    def loss(values):
        images = reference64.draw({**columns, name: values}, camera, mode, antialias, settings)
        return sum(np.sum(image * slope) for image, slope in zip(images, weights))

    found = np.empty_like(columns[name])
    for at in np.ndindex(found.shape):
        step = np.zeros_like(found)
        step[at] = STEPS[mode]
        found[at] = (loss(columns[name] + step) - loss(columns[name] - step)) / (2 * step[at])
    return found


# Turned about the view's up: at 0.02 from the edge, and more.
_TURN = 0.5 * (np.pi / 2 + np.linspace(0.02, 0.4, 10))
GRAZING = np.column_stack([np.cos(_TURN), 0 * _TURN, np.sin(_TURN), 0 * _TURN])

CASES = {
    "degree 0": ({"degree": 0, "seed": 1}, {}, False),
    "degree 4": ({"n": 4, "degree": 4, "seed": 2}, {}, False),
    "antialiased": ({"seed": 3}, {}, True),
    "off centre": ({"seed": 4}, {"cx": -3.0, "cy": 31.0, "fy": 20.0}, False),
    # Centres beyond the slopes that the Jacobian is kept to.
    "far outside": (
        {"seed": 9, "scales": np.tile([2.0, 1.0, 0.5], (10, 1))},
        {"fx": 90.0, "cx": -40.0},
        False,
    ),
    "near": ({"seed": 5}, {"near": 4.8}, False),
    "dense": ({"n": 16, "seed": 6, "opacities": np.linspace(0.6, 0.98, 16)}, {}, False),
    "needles": ({"seed": 7, "scales": np.tile([0.5, 1e-3, 1e-4], (10, 1))}, {}, False),
    "surfels": ({"seed": 8, "scales": np.tile([0.5, 0.3, 0.0], (10, 1))}, {}, True),
    "surfels, off centre": (
        {"seed": 10, "scales": np.tile([0.4, 0.6, 0.0], (10, 1))},
        {"cx": -3.0, "cy": 31.0, "fy": 20.0},
        False,
    ),
    # Some of the discs lie across the near plane.
    "surfels, near": (
        {"seed": 11, "scales": np.tile([1.5, 0.8, 0.0], (10, 1))},
        {"near": 4.8},
        False,
    ),
    "surfels from the edge": (
        {"seed": 12, "scales": np.tile([0.6, 0.6, 0.0], (10, 1)), "quats": GRAZING},
        {},
        False,
    ),
    # Smaller than a pixel: the low-pass filter is what shows.
    "surfels of a point": ({"seed": 13, "scales": np.tile([0.02, 0.01, 0.0], (10, 1))}, {}, False),
    "surfels among ellipsoids": (
        {"seed": 14, "scales": np.tile([[0.5, 0.3, 0.0], [0.3, 0.4, 0.2]], (5, 1))},
        {},
        True,
    ),
}


# Differences of mode binned take long, and what these are about is the same for all modes.
LEFT_OUT = {"off centre", "far outside", "surfels, off centre", "surfels, near"}


@pytest.mark.parametrize(
    ("case", "mode"),
    [(c, m) for c in CASES for m in frame.MODES if m != "binned" or c not in LEFT_OUT],
)
def test_picture_and_slopes_are_those_of_the_reference(case, mode):
    made, seen, antialias = CASES[case]
    columns, camera = scene(**made), view(**seen)
    expected = reference64.draw(columns, camera, mode, antialias)
    assert expected[1].max() > 0.3, "the view must show something"
    actual = rasterize(tensors(columns), camera, mode, antialias)
    for image, wanted in zip(actual, expected):
        np.testing.assert_allclose(image.detach().numpy(), wanted, atol=1e-9)
    found = slopes_of(columns, camera, mode, antialias)
    assert set(found) == {*NAMES} | ({"log_weights"} if mode == "weighted" else set())
    for name, slope in found.items():
        wanted = differences(columns, camera, mode, name, antialias)
        if name == "scales":  # surfels stay surfels
            wanted[columns["scales"] == 0] = 0
        if case == "surfels of a point" and name in ("quats", "scales"):
            assert np.abs(slope).max() < 1e-12
            assert np.abs(wanted).max() < 1e-6
            continue
        assert np.abs(wanted).max() > 0.05
        np.testing.assert_allclose(slope, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize(("bins", "refine"), [(4, 0), (16, 1), (32, 3)])
def test_slopes_of_other_bins(bins, refine):
    columns = scene(n=6, degree=0, seed=15, opacities=np.linspace(0.4, 0.9, 6))
    settings = voile.Settings(mode="binned", bins=bins, refine=refine)
    found = slopes_of(columns, SEEN, "binned", settings=settings)
    for name in ("means", "quats", "scales", "opacities"):
        wanted = differences(columns, SEEN, "binned", name, settings=settings)
        np.testing.assert_allclose(found[name], wanted, rtol=1e-4, atol=1e-5 * abs(wanted).max())


@pytest.mark.parametrize("mode", frame.MODES)
@pytest.mark.parametrize("kind", ["3d", "mixed"])
def test_float32_follows_float64(mode, kind):
    """Of a scene with all shapes; float32 stops compositing and takes a polynomial for 2^x.

    In mode binned some splats, of 1/500 of the bins' range, begin in a bin: where they end is known
    to 5e-5 of their length in float32, and the root of what little is in it is steep. They are few,
    but have the largest slopes; the median splat is as near as in the other modes.
    """
    columns = columns_of(make_splats(300, 3, kind, seed=5, antialiased=True))
    whole = columns.pop("cells")
    columns = {name: value.astype(np.float32) for name, value in columns.items()}
    exact = {name: value.astype(np.float64) for name, value in columns.items()}
    columns["cells"] = exact["cells"] = whole
    camera = SEEN.resized(120, 90)
    found = slopes_of(columns, camera, mode, True, torch.float32)
    for name, wanted in slopes_of(exact, camera, mode, True).items():
        assert found[name].dtype == np.float32
        error = np.linalg.norm(found[name] - wanted) / np.linalg.norm(wanted)
        assert error < (0.1 if mode == "binned" else 2e-3), name
        off, size = (
            np.abs(part).reshape(300, -1).max(1) for part in (found[name] - wanted, wanted)
        )
        seen = size > 0
        assert np.median(off[seen] / size[seen]) < 2e-4, name


def wall(n=600):
    """Layers over every pixel, of which float32 draws about a third."""
    rng = np.random.default_rng(3)
    means = np.zeros((n, 3))
    means[:, 2] = rng.permutation(np.linspace(-1, 1, n))
    return {
        "means": means,
        "quats": np.tile([1.0, 0, 0, 0], (n, 1)),
        "scales": np.tile([3.0, 2.0, 1.0], (n, 1)),
        "opacities": np.full(n, 0.1),
        "sh": rng.uniform(-1, 1, (n, 1, 3)),
        "log_weights": rng.normal(size=n),
        **in_cells(means, 20),
    }


@pytest.mark.parametrize("mode", frame.MODES)
def test_many_layers(mode):
    """Several batches a tile; in mode sorted what is behind T < 1e-4 is left out."""
    columns, camera = wall(), view(width=24, height=20, cx=12, cy=10)
    wanted = slopes_of(columns, camera, mode)
    found = slopes_of(columns, camera, mode, dtype=torch.float32)
    for name, slope in wanted.items():
        assert np.abs(found[name] - slope).max() < 2e-3 * np.abs(slope).max(), name
    hidden = np.argsort(columns["means"][:, 2])[-200:]
    if mode == "sorted":
        assert not found["sh"][hidden].any()
        assert wanted["sh"][hidden].any()
    else:
        assert found["sh"][hidden].any()


@pytest.mark.parametrize("mode", frame.MODES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_to_draw(mode, dtype):
    columns = scene(n=5)
    away = voile.Camera.look_at((0, 0, -9), (0, 0, -20), width=32, height=17)
    nobody = {name: value[:0] for name, value in columns.items()}
    for some, camera in ((columns, away), (nobody, SEEN)):
        picture = rasterize(tensors(some, dtype), camera, mode)
        assert not any(image.any() for image in picture)
        found = slopes_of(some, camera, mode, dtype=dtype)
        for name in NAMES:
            assert found[name].shape == some[name].shape
            assert not found[name].any()


def test_what_is_capped_or_black_has_no_slope():
    """alpha = 0.99 does not rise with the opacity, and max(0, colour) not with its coefficients."""
    columns = scene(n=1, degree=0, opacities=np.ones(1), means=np.zeros((1, 3)))
    columns["scales"][:] = 100.0  # flat over the picture
    found = slopes_of(columns, SEEN, "sorted", dtype=torch.float32)
    assert not found["opacities"].any()
    assert not found["scales"].any()
    columns["sh"][:] = -3.0
    found = slopes_of(scene(n=1, degree=0, sh=np.full((1, 1, 3), -3.0)), SEEN, "sorted")
    assert not found["sh"].any()
    assert found["opacities"].any()


@pytest.mark.parametrize("mode", frame.MODES)
def test_extreme_splats_have_finite_slopes(mode):
    columns = columns_of(make_splats(64, 1, seed=8))
    columns["scales"][:16] = 0.0
    columns["scales"][16:24] = 1e6
    columns["scales"][24:32, 1:] = 1e-12
    columns["means"][32:40] *= 1e6
    columns["means"][40:44] = SEEN.position + 1e-5  # nearer than the near plane
    columns["opacities"][44:48] = 0.0
    columns["log_weights"][48:52] = 1e3
    columns["log_weights"][52:56] = -1e3
    columns |= in_cells(columns["means"])
    for dtype in (torch.float32, torch.float64):
        for antialias in (False, True):
            for name, slope in slopes_of(columns, SEEN, mode, antialias, dtype).items():
                assert np.isfinite(slope).all(), name


def test_only_what_is_asked_for():
    """Slopes are the same bytes whatever else is asked for, and depth costs nothing unasked."""
    columns, camera = scene(n=40, degree=2), SEEN
    all_of_them = slopes_of(columns, camera, "weighted")
    for wanted in (("sh",), ("opacities", "log_weights"), ("quats",)):
        found = slopes_of(columns, camera, "weighted", wanted=wanted)
        assert set(found) == set(wanted)
        for name in wanted:
            np.testing.assert_array_equal(found[name], all_of_them[name])
    picture = rasterize(tensors(columns), camera, "weighted", depth=False)
    assert picture.depth is None
    picture.color.sum().backward()


@pytest.mark.parametrize("mode", frame.MODES)
def test_threads_do_not_change_a_byte(mode):
    splats = make_splats(500, 1, seed=2)
    camera = SEEN.resized(130, 100)
    shot = Shot(
        make_view(
            camera.world_to_camera, (camera.fx, camera.fy), (camera.cx, camera.cy), (130, 100), 0.01
        ),
        *((130, 100), 1, False, True, mode),
        groups=np.arange(500, dtype=np.int32) // 20 if mode == "cells" else None,
        depth_unit=reference64.DEPTH_UNIT,
    )
    columns = Columns(*(getattr(splats, name) for name in NAMES))
    log_weights = np.linspace(-2, 2, 500 if mode == "weighted" else 0, dtype=np.float32)
    slopes = tuple(np.float32(slope) for slope in loss_slopes(camera))
    runs = []
    for threads in (1, 3):
        workers = Workers(threads)
        weigh = weights_of(log_weights) if mode == "weighted" else None
        picture, lists = frame.draw(columns, shot, weigh, workers)
        totals = frame.collect(shot, picture, lists, slopes, True, workers)
        found = frame.differentiate(columns, log_weights, shot, lists, totals, workers)
        runs.append([*picture, *found])
    assert any(slope.any() for slope in runs[0])
    for one, three in zip(*runs):
        np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize("mode", frame.MODES)
def test_torch_accepts_the_operator(mode):
    """Schema, fake tensors and autograd registration; gradcheck compares with own differences."""
    columns, camera = scene(n=3, seed=1), view(width=18, height=17, cx=9, cy=8)
    made = tensors(columns)
    cells = made.pop("cells"), made.pop("centers")
    given = list(made.values())
    if mode != "weighted":
        given[-1] = given[-1].detach()[:0]
    if mode != "cells":
        cells = tuple(part[:0] for part in cells)
    pose = [*camera.world_to_camera.ravel(), *(camera.fx, camera.fy, camera.cx, camera.cy), 0.01]
    bins = 4, 1, reference64.DEPTH_UNIT
    arguments = *given, *cells, torch.tensor(pose), 18, 17, mode, False, True, *bins
    torch.library.opcheck(torch.ops.voile.rasterize.default, arguments)

    def images(*values):
        return torch.ops.voile.rasterize(*values, *arguments[6:])[:3]

    assert torch.autograd.gradcheck(images, given, eps=1e-6, atol=1e-4, fast_mode=True)


def test_compiled_by_torch():
    """The operator is one node of a graph, and a step compiles without falling out of it."""
    columns = scene(n=6)

    def step(opacities, given):
        picture = rasterize({**given, "opacities": opacities}, SEEN, "sorted")
        return (picture.color**2).mean()

    given = tensors(columns, wanted=("opacities",))
    plain = step(given["opacities"], given)
    compiled = torch.compile(step, backend="aot_eager", fullgraph=True)(given["opacities"], given)
    torch.testing.assert_close(compiled, plain)
    (slope,) = torch.autograd.grad(compiled, given["opacities"])
    torch.testing.assert_close(slope, torch.autograd.grad(plain, given["opacities"])[0])


def test_what_does_not_fit_is_told():
    columns, error = scene(n=4), kernels.RasterizeError
    given = tensors(columns)
    wrong = [("means", (4, 2)), ("quats", (5, 4)), ("scales", (4,)), ("opacities", (4, 1))]
    for name, shape in [*wrong, ("sh", (4, 5, 3)), ("sh", (4, 4))]:
        with pytest.raises(error, match=name):
            rasterize({**given, name: torch.zeros(shape, dtype=torch.float64)}, SEEN, "sorted")
    with pytest.raises(error, match=r"opacities is torch\.float32"):
        rasterize({**given, "opacities": torch.zeros(4)}, SEEN, "sorted")
    with pytest.raises(error, match="float16"):
        rasterize({name: given[name].half() for name in NAMES}, SEEN, "sorted")
    with pytest.raises(error, match="on meta; there are kernels for"):
        rasterize({name: t.to("meta") for name, t in given.items()}, SEEN, "sorted")
    with pytest.raises(error, match="log_weights has shape"):
        rasterize({**given, "log_weights": torch.zeros(3)}, SEEN, "weighted")
    positional = [given[name] for name in NAMES]
    with pytest.raises(error, match="log_weights are missing"):
        kernels.rasterize(*positional, SEEN, mode="weighted")
    with pytest.raises(error, match="no mode 'sharp'"):
        kernels.rasterize(*positional, SEEN, mode="sharp")
    with pytest.raises(error, match="by chance, so pictures jump"):
        kernels.rasterize(*positional, SEEN, mode="stochastic")
    with pytest.raises(error, match="cells or centers are missing"):
        kernels.rasterize(*positional, SEEN, mode="cells", cells=given["cells"])
    for cells, text in ((torch.zeros(4), "int32 or int64"), (torch.full((4,), 4), "4 to 4 of 4")):
        with pytest.raises(error, match=text):
            rasterize({**given, "cells": cells}, SEEN, "cells")
    many = tensors(scene(n=257))
    with pytest.raises(error, match="a cell has 257 splats; there may be 256"):
        rasterize({**many, "cells": torch.zeros(257, dtype=torch.int32)}, SEEN, "cells")
    with pytest.raises(error, match="depth_unit is missing"):
        kernels.rasterize(*positional, SEEN, mode="binned")
    with pytest.raises(error, match="depth_unit is -1"):
        kernels.rasterize(*positional, SEEN, mode="binned", depth_unit=-1.0)
    with pytest.raises(error, match="there are 5 bins"):
        kernels.rasterize(*positional, SEEN, mode="binned", depth_unit=1.0, bins=5)
    assert issubclass(error, voile.VoileError)
