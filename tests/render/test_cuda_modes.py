"""Every mode by the CUDA kernels' own source, on the host, against `reference`."""

import numpy as np
import pytest
from cuda_host import shared_launcher
from make_splats import make_splats, with_weights
from small_frames import MIN_DB, camera, draw

from voile import Camera, FrameRequest, Settings, Splats
from voile.kernels.cuda.sources import FILES, load
from voile.render.cpu.renderer import CPURenderer
from voile.render.cuda import modes
from voile.render.cuda.packing import pack_shapes, scale_range
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.metrics import psnr
from voile.render.paint import Paint
from voile.render.reference import ReferenceRenderer

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def renderer():
    made = CUDARenderer(Work(torch, shared_launcher()))
    yield made
    made.close()


CASES = {
    **{f"degree{d}": ({"sh_degree": d, "seed": d}, {}, {}) for d in range(5)},
    "antialiased": ({"antialiased": True, "seed": 9}, {}, {}),
    "off centre": ({"seed": 11}, {"cx": -12.0, "cy": 60.0}, {}),
    "other focal y": ({"seed": 12}, {"fy": 30.0}, {}),
    "degree capped": ({"sh_degree": 4, "seed": 13}, {}, {"max_sh_degree": 1}),
    "small splats": ({"seed": 14}, {}, {"splat_scale": 0.2}),
    "large splats": ({"seed": 15}, {}, {"splat_scale": 3.0}),
    "near plane": ({"seed": 16}, {"near": 4.5}, {}),
}
SETTINGS = {
    "weighted": [
        {"weight": w} for w in ("exponential", "linear", "mcguire7", "mcguire8", "mcguire9",
                                "mcguire10")
    ],
    "binned": [{"bins": b, "refine": r} for b, r in ((4, 0), (8, 2), (16, 1), (32, 3))],
    "stochastic": [{"samples": 3}],
}  # fmt: skip
ROUNDED = [
    (name, mode, {"storage": "float16"})
    for name in ("degree3", "antialiased")
    for mode in sorted(modes.NAMES - {"stochastic"})
]
MODE_CASES = (
    [(name, mode, {}) for name in CASES for mode in sorted(modes.NAMES)]
    + [
        ("degree1", mode, settings)
        for mode in sorted(modes.NAMES & set(SETTINGS))
        for settings in SETTINGS[mode]
    ]
    + ROUNDED
)


@pytest.mark.parametrize(("name", "mode", "more"), MODE_CASES)
def test_kernels_draw_the_reference(renderer, name, mode, more):
    scene, view, settings = CASES[name]
    splats, seen = with_weights(make_splats(300, **scene)), camera(**view)
    settings = {**settings, **more, "mode": mode}
    expected = draw(ReferenceRenderer(), splats, seen, 5, **settings)
    actual = draw(renderer, splats, seen, 5, **settings)
    assert expected.alpha.max() > 0.5, "the view must show something"
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
    shown = expected.alpha > 0.1
    relative = np.abs(actual.depth[shown] / expected.depth[shown] - 1)
    assert np.quantile(relative, 0.99) < 2e-3
    np.testing.assert_array_equal(actual.depth[actual.alpha == 0], 0)


@pytest.mark.parametrize("mode", sorted(modes.NAMES))
def test_nothing_to_draw(renderer, mode):
    splats = with_weights(make_splats(20))
    behind = Camera.look_at((0, 0, -5), (0, 0, -10), width=33, height=17)
    for scene in (splats, splats.take(slice(0, 0))):
        frame = draw(renderer, scene, behind, mode=mode)
        assert frame.color.shape == (17, 33, 3)
        assert not frame.color.any()
        assert not frame.alpha.any()


def test_many_layers_end_early_and_span_batches(renderer):
    """A wall of 1,000 layers over every pixel: several batches a tile, and a vote that ends it."""
    rng = np.random.default_rng(3)
    n = 1000
    means = np.zeros((n, 3), np.float32)
    means[:, 2] = rng.permutation(np.linspace(-1, 1, n))
    splats = Splats(
        means,
        np.tile(np.float32([1, 0, 0, 0]), (n, 1)),
        np.full((n, 3), 2.0, np.float32),
        np.full(n, 0.05, np.float32),
        rng.uniform(-1, 1, (n, 1, 3)).astype(np.float32),
    )
    seen = Camera.look_at((0, 0, -5), (0, 0, 0), width=40, height=24)
    for mode in sorted(modes.NAMES - {"learned"}):
        expected = draw(ReferenceRenderer(), splats, seen, mode=mode)
        actual = draw(renderer, splats, seen, mode=mode)
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB, mode


@pytest.mark.parametrize("culling", [{"frustum": "inside"}, {"frustum": "near"},
                                     {"min_pixels": 2.0}, {"min_alpha": 0.4}])  # fmt: skip
def test_culling_leaves_out_the_same_splats(renderer, culling):
    splats, seen = make_splats(300, seed=21), camera(fx=140.0, fy=140.0)
    expected, actual, counted = (
        draw(r, splats, seen, **culling) for r in (ReferenceRenderer(), renderer, CPURenderer())
    )
    whole = draw(renderer, splats, seen)
    assert 0 < actual.stats["visible"] == counted.stats["visible"] < whole.stats["visible"]
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB


@pytest.mark.parametrize("mode", sorted(modes.NAMES))
def test_paint_is_blended_by_the_weights_of_colours(renderer, mode):
    splats, rng = with_weights(make_splats(200, 1, seed=4)), np.random.default_rng(1)
    paint = Paint(
        rng.uniform(-1, 1, (200, 6)).astype(np.float32),
        rng.uniform(0, 1, 200).astype(np.float32),
    )
    request = FrameRequest(
        camera(), Settings(mode=mode, storage="float32"), depth=True, seed=1, paint=paint
    )
    frames = []
    for each in (ReferenceRenderer(), renderer):
        each.upload(splats)
        frames.append(each.render(request))
    expected, actual = frames
    assert expected.paint.min() < -0.1
    assert psnr(0.5 + 0.5 * actual.paint, 0.5 + 0.5 * expected.paint) >= MIN_DB
    np.testing.assert_array_equal(actual.color, actual.paint[..., :3])


@pytest.mark.parametrize("storage", ["uint8", "float16", "float32"])
def test_storage_costs_little_and_more_bits_cost_less(renderer, storage):
    splats, seen = make_splats(300, 3, seed=6), camera()
    exact = draw(ReferenceRenderer(), splats, seen)
    found = psnr(draw(renderer, splats, seen, storage=storage).color, exact.color)
    least, most = {"uint8": (40, 80), "float16": (60, 100), "float32": (90, 200)}[storage]
    assert least < found < most


def test_random_numbers_are_the_references_but_where_rounding_moves_alpha(renderer):
    splats, seen = make_splats(300, 3, seed=7), camera()
    expected, actual = (
        draw(r, splats, seen, 3, mode="stochastic", storage="float16")
        for r in (ReferenceRenderer(), renderer)
    )
    assert (np.abs(actual.color - expected.color).max(axis=2) > 1e-3).mean() < 5e-3


def test_a_tall_picture_of_large_splats_is_shared_out_among_lanes(renderer):
    """More rows of tiles than a thread counts alone, more tiles than it writes alone."""
    splats = make_splats(40, 0, seed=8)
    seen = Camera.look_at((0.5, 0, -4.0), (0, 0, 0), width=90, height=260)
    for mode in ("sorted", "binned"):
        expected, actual = (
            draw(r, splats, seen, mode=mode, splat_scale=4.0)
            for r in (ReferenceRenderer(), renderer)
        )
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
        assert actual.stats["instances"] > 16 * 40


def test_frames_are_the_same_bytes_each_time(renderer):
    splats, seen = with_weights(make_splats(300, 2, seed=10)), camera()
    for mode in sorted(modes.NAMES):
        one, two = (draw(renderer, splats, seen, 4, mode=mode) for _ in range(2))
        np.testing.assert_array_equal(one.premultiplied(), two.premultiplied())


SURFEL_CASES = {
    "centred": (1.0, {}),
    "off centre": (1.0, {"cx": -12.0, "cy": 60.0}),
    "large": (4.0, {"fy": 30.0}),
    "near plane": (3.0, {"near": 4.5}),
}
SURFEL_MODES = [
    (name, kind, mode, more)
    for name in SURFEL_CASES
    for kind in ("2d", "mixed")
    for mode in sorted(modes.NAMES)
    for more in (SETTINGS["binned"] if mode == "binned" and name == "centred" else ({},))
]  # fmt: skip


def draw_surfels(renderer, name, kind, mode, **more):
    """What the reference draws, and the renderer."""
    scale, view = SURFEL_CASES[name]
    splats = with_weights(make_splats(200, 1, kind, seed=31))
    settings = {"mode": mode, "splat_scale": scale, **more}
    return [draw(r, splats, camera(**view), 5, **settings) for r in (ReferenceRenderer(), renderer)]


@pytest.mark.parametrize(("name", "kind", "mode", "more"), SURFEL_MODES)
def test_surfels_are_the_references(renderer, name, kind, mode, more):
    expected, actual = draw_surfels(renderer, name, kind, mode, **more)
    assert expected.alpha.max() > 0.5, "the view must show something"
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
    shown = expected.alpha > 0.1
    nearest = expected.depth[shown].min()
    assert psnr(nearest / actual.depth[shown], nearest / expected.depth[shown]) >= MIN_DB
    np.testing.assert_array_equal(actual.depth[actual.alpha == 0], 0)


@pytest.mark.parametrize("storage", ["float16", "uint8"])
def test_packed_surfels_stay_surfels(renderer, storage):
    """Rounded axes and sizes, but of no thickness: as flat ellipsoids they are far off."""
    for kind in ("2d", "mixed"):
        expected, actual = draw_surfels(renderer, "large", kind, "sorted", storage=storage)
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= 45
        scene = make_splats(50, 0, kind, seed=3)
        scene.scales[1::2, 2] *= np.float32(1e-30)
        codes = pack_shapes(scene, scale_range(scene.scales), storage)[:, 6]
        np.testing.assert_array_equal(codes == 0, scene.surfels)


def test_a_scene_after_surfels_is_drawn_without_them(renderer):
    """Kernels and memory are of the scene at hand."""
    for kind in ("mixed", "3d", "2d"):
        splats = make_splats(100, 0, kind, seed=12)
        expected, actual = (draw(r, splats, camera()) for r in (ReferenceRenderer(), renderer))
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB


@pytest.mark.parametrize("culling", [{"frustum": "inside"}, {"min_pixels": 2.0},
                                     {"min_alpha": 0.4}])  # fmt: skip
def test_culling_leaves_out_the_same_surfels(renderer, culling):
    splats, seen = make_splats(200, 0, "mixed", seed=21), camera(fx=140.0, fy=140.0)
    expected, actual = (
        draw(r, splats, seen, **culling, antialiasing="on") for r in (ReferenceRenderer(), renderer)
    )
    assert 0 < actual.stats["visible"] < 200
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB


def test_every_kernel_was_run():
    """Runs last: these are all there is of projecting, grouping, binning and blending."""
    own = "project", "groups.cu", "bins.cu", "modes/"
    files = [name for name in FILES if name.startswith(own)]
    kernels = {kernel for name in files for kernel in load(name).kernels}
    assert shared_launcher().launched >= kernels
