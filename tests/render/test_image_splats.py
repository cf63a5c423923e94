"""Images made of splats: the CPU draws what the definition says, of any image from anywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_images import make_image

from voile.kernels.cpu.image.decode import MOST
from voile.render import RenderError
from voile.render.image.cpu import CPUImageRenderer
from voile.render.image.reference import evaluate, render
from voile.render.image.renderer import create_image_renderer
from voile.render.image.view import STRONGEST, ImageView, ImageViewError, whole
from voile.render.metrics import psnr
from voile.scenes.image_splats import ImageSplats

FLIPS = 0.02
"""Share of pixels where rounding may decide which Gaussian is the K-th, or reaches 1/255."""


def close(one, other):
    """Equal but for rounding, and a pixel or a few that have flipped."""
    far = np.abs(one - other) > 2e-4
    far = far.any(axis=2) if far.ndim == 3 else far
    return far.sum() <= max(2, FLIPS * far.size)


def agree(splats, view):
    """Equal but for rounding, and where rounding decides what counts."""
    renderers = [create_image_renderer(name) for name in ("cpu", "reference")]
    for renderer in renderers:
        renderer.upload(splats)
    a, b = (renderer.render(view) for renderer in renderers)
    assert a.color.shape == (view.height, view.width, 3)
    for one, other in ((a.color, b.color), (a.alpha, b.alpha)):
        assert close(one, other)
    return a


@given(
    n=st.integers(0, 120),
    channels=st.integers(1, 4),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    k=st.integers(1, STRONGEST),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_any_image(n, channels, size, k, seed):
    agree(make_image(n, size, channels, seed=seed), ImageView(*size, k=k))


@given(
    scale=st.floats(0.05, 300.0),
    left=st.floats(-30, 60),
    top=st.floats(-30, 60),
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
@settings(max_examples=40)
def test_any_view(scale, left, top, size):
    agree(make_image(90, (40, 30), seed=5), ImageView(*size, scale, left, top))


def test_the_definition_written_a_second_time():
    """One pixel by plain numbers: normalised sum over the strongest three of five."""
    splats = make_image(5, (12, 12), seed=9, widest=4)
    point = np.array([6.25, 5.5])
    weights = []
    for i in range(5):
        t = float(splats.rotations[i])
        d = point - splats.means[i]
        u = (np.cos(t) * d[0] + np.sin(t) * d[1]) * splats.inverse_scales[i, 0]
        v = (-np.sin(t) * d[0] + np.cos(t) * d[1]) * splats.inverse_scales[i, 1]
        g = np.exp(-0.5 * (u * u + v * v))
        weights.append(g if g >= 1 / 255 else 0.0)
    best = np.argsort(weights)[::-1][:3]
    w = np.array(weights)[best]
    expected = (w[:, None] * splats.colors[best]).sum(axis=0) / w.sum()
    assert np.allclose(evaluate(splats, point[None], 3)[0, :-1], expected, atol=1e-6)


def test_equal_weights_all_count():
    """More Gaussians than K in the same place: none is preferred."""
    n = 20
    splats = ImageSplats(
        np.full((n, 2), 4.0, np.float32),
        np.full((n, 2), 0.5, np.float32),
        np.zeros(n, np.float32),
        np.linspace(0, 1, n, dtype=np.float32)[:, None],
        (8, 8),
    )
    drawn = agree(splats, whole(splats))
    assert np.allclose(drawn.color, 0.5, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_no_byte(threads):
    splats = make_image(300, (100, 70))
    frames = []
    for count in (2, threads):
        renderer = CPUImageRenderer(count)
        renderer.upload(splats)
        frames.append(renderer.render(whole(splats, 1.7)))
    assert np.array_equal(frames[0].color, frames[1].color)


def test_bands_are_seamless(monkeypatch):
    from voile.render.image import cpu

    splats = make_image(300, (90, 70))
    renderer = CPUImageRenderer(2)
    renderer.upload(splats)
    for scale in (1.0, 0.3):
        at_once = renderer.render(whole(splats, scale))
        monkeypatch.setattr(cpu, "BAND_SAMPLES", 700)
        in_bands = renderer.render(whole(splats, scale))
        monkeypatch.undo()
        assert close(at_once.color, in_bands.color)


def test_random_access_of_pixels_and_regions():
    splats = make_image(400, (90, 70), 4)
    renderer = CPUImageRenderer(2)
    renderer.upload(splats)
    points = np.random.default_rng(1).uniform((0, 0), splats.size, (300, 2))
    found = renderer.pixels(points)
    assert found.shape == (300, 4)
    wrong = np.abs(found - evaluate(splats, points, MOST)[:, :-1]).max(axis=1) > 1e-4
    assert wrong.mean() <= FLIPS
    # A region is a view of its own, and equals that part of the whole.
    part = renderer.render(ImageView(33, 21, 1.0, 16, 32))
    all_of_it = renderer.render(whole(splats))
    assert psnr(part.color, all_of_it.color[32:53, 16:49]) > 60
    assert not renderer.pixels([(-3.0, 5.0), (500.0, 5.0), (5.0, 71.0)]).any()


def test_far_in_is_smooth_and_exact():
    """At 10^7 pixels for one the field is a plane: no step is seen, and the colour is right."""
    splats = make_image(60, (40, 40), seed=3)
    renderer = CPUImageRenderer(2)
    renderer.upload(splats)
    frame = renderer.render(ImageView(64, 64, 1e7, 17.3, 21.9))
    middle = evaluate(splats, np.array([[17.3, 21.9]]), MOST)[0, :3]
    assert np.abs(frame.color - middle).max() < 1e-4


def test_minified_is_the_mean_of_what_it_covers():
    """Against the whole field averaged; point samples are farther from it, and ever more so."""
    splats = make_image(3000, (128, 128), seed=4, widest=4)
    big = render(splats, ImageView(128, 128))[..., :3]
    for factor, gain in ((2, 0.3), (4, 4), (8, 8)):
        small = 128 // factor
        exact = big.reshape(small, factor, small, factor, 3).mean(axis=(1, 3))
        drawn = render(splats, ImageView(small, small, 1 / factor))[..., :3]
        spots = evaluate(
            splats, np.stack(np.meshgrid(*[(np.arange(small) + 0.5) * factor] * 2), 2), MOST
        )[..., :3]
        assert psnr(drawn, exact) > psnr(spots, exact) + gain


def test_channels_are_shown_as_they_are():
    for channels in (1, 2, 3, 4):
        splats = make_image(200, (40, 30), channels, widest=12)
        frame = agree(splats, whole(splats))
        raw = render(splats, whole(splats))
        if channels < 3:
            assert np.array_equal(frame.color[..., 0], frame.color[..., 2])
        shown = raw[..., channels - 1] if channels in (2, 4) else raw[..., -1]
        assert np.mean(np.abs(frame.alpha - np.clip(shown, 0, 1)) > 1e-3) < FLIPS


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"width": 0}, "pixels"),
        ({"width": 1 << 20, "height": 1 << 20}, "pixels"),
        ({"scale": 0.0}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"left": float("inf")}, "left"),
        ({"k": 0}, "k is 0"),
        ({"k": 11}, "k is 11"),
    ],
)
def test_wrong_views(values, words):
    with pytest.raises(ImageViewError, match=words):
        ImageView(**{"width": 4, "height": 4, **values})


def test_unknown_backend():
    with pytest.raises(RenderError, match="does not draw images"):
        create_image_renderer("paper")
