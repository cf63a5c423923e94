"""The CUDA pipeline on the host: its kernels' own source and its frame loop, against `reference`.

Tolerance 60 dB of PSNR over colour clamped to [0, 1]: float32 footprints and sums, the host's own
exp2, and compositing that stops at T < 1e-4.
"""

import numpy as np
import pytest
from cuda_host import HostLauncher
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings, Splats
from voile.kernels.cuda.sources import FILES, load
from voile.render.cuda import modes
from voile.render.cuda.frame import Work
from voile.render.cuda.renderer import CUDARenderer
from voile.render.metrics import psnr
from voile.render.reference import ReferenceRenderer

MIN_DB = 60.0
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def launcher(tmp_path_factory) -> HostLauncher:
    return HostLauncher(tmp_path_factory.mktemp("cuda_host"))


@pytest.fixture(scope="module")
def renderer(launcher):
    made = CUDARenderer(Work(torch, launcher))
    yield made
    made.close()


def camera(**view) -> Camera:
    seen = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=70, height=50)
    return Camera.from_dict({**seen.to_dict(), **view})


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
MODE_CASES = [(name, mode, {}) for name in CASES for mode in sorted(modes.NAMES)] + [
    ("degree1", mode, settings)
    for mode in sorted(modes.NAMES & set(SETTINGS))
    for settings in SETTINGS[mode]
]


def draw(renderer, splats: Splats, seen: Camera, seed: int = 0, **settings):
    renderer.upload(splats)
    request = FrameRequest(seen, Settings(precision="float32", **settings), depth=True, seed=seed)
    return renderer.render(request)


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


def test_every_kernel_was_run(launcher):
    """Runs last: what the tests above have launched is all there is."""
    assert launcher.launched == {kernel for name in FILES for kernel in load(name).kernels}
