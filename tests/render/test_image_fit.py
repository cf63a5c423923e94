"""Fitting pictures: the gradient is one, chance is the seed's, and stopping loses nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_images import make_image, picture
from PIL import Image

from voile.kernels.cpu.workers import Workers
from voile.render.image.fit import Fit, FitError, Plan
from voile.render.image.fit_file import load_state, save_state
from voile.render.image.fitting import count_for_rate, fit_image, fit_to_quality
from voile.render.image.loss import Loss
from voile.render.image.source import Source, SourceError, read_source
from voile.scenes import Cancelled, SceneFormatError
from voile.scenes.image_splats import ImageSplats
from voile.scenes.io.vis import Bits, file_bytes, load_image, quantised, save_image


def ssim_sum(x, y, channels):
    """Sum of SSIM over pixels, zero beyond the image: Wang et al. 2004 in plain float64."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def blur(a):
        a = np.pad(a, ((5, 5), (5, 5), (0, 0)))
        a = sum(t * a[k : k + x.shape[0]] for k, t in enumerate(taps))
        return sum(t * a[:, k : k + x.shape[1]] for k, t in enumerate(taps))

    x, y = x.astype(np.float64), y.astype(np.float64)
    m, n = blur(x), blur(y)
    covariance = blur(x * y) - m * n
    spread = blur(x * x) - m * m + blur(y * y) - n * n
    similarity = (2 * m * n + 1e-4) * (2 * covariance + 9e-4)
    similarity /= (m * m + n * n + 1e-4) * (spread + 9e-4)
    return similarity[..., :channels].sum()


def loss_of(loss, splats, strength):
    band, _ = next(iter(loss.bands(splats)))
    c = splats.channels
    return np.abs(
        band.image[..., :c].astype(np.float64) - band.target[..., :c]
    ).sum() - strength * ssim_sum(band.image, band.target, c)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_gradient_against_finite_differences(channels):
    rng = np.random.default_rng(4)
    # Wide enough that no pixel is at the edge of a Gaussian, and fewer than K.
    splats = ImageSplats(
        rng.uniform(6, 18, (6, 2)).astype(np.float32),
        (1 / rng.uniform(9, 14, (6, 2))).astype(np.float32),
        rng.uniform(0, 3, 6).astype(np.float32),
        rng.uniform(0.1, 0.9, (6, channels)).astype(np.float32),
        (24, 24),
    )
    loss = Loss(Source(rng.uniform(0, 1, (24, 24, channels)).astype(np.float32)), Workers(2), 10)
    gradients, _ = loss.gradient(splats, 0.7)
    step = 4e-3
    for n in range(3):
        for p in range(5 + channels):
            values = []
            for sign in (1, -1):
                arrays = {k: getattr(splats, k).copy() for k in
                          ("means", "inverse_scales", "rotations", "colors")}  # fmt: skip
                if p < 2:
                    arrays["means"][n, p] += sign * step
                elif p < 4:
                    arrays["inverse_scales"][n, p - 2] *= np.exp(sign * step)
                elif p == 4:
                    arrays["rotations"][n] += sign * step
                else:
                    arrays["colors"][n, p - 5] += sign * step
                values.append(loss_of(loss, ImageSplats(**arrays, size=(24, 24)), 0.7))
            expected = (values[0] - values[1]) / (2 * step)
            assert abs(gradients[n, p] - expected) < 0.02 * abs(expected) + 0.05, (n, p)


def test_gradient_of_bands_is_that_of_the_whole():
    splats = make_image(150, (40, 90), widest=6)
    source = Source(picture(40, 90))
    whole, _ = Loss(source, Workers(1), 10).gradient(splats, 0.1)
    bands, _ = Loss(source, Workers(3), 10, band_pixels=40 * 16).gradient(splats, 0.1)
    assert np.allclose(whole, bands, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_is_found(channels):
    source = Source(picture(64, 48, channels))
    found = fit_image(source, Plan(300, 250))
    assert found.finished
    assert len(found.splats) == 300
    assert found.splats.channels == channels
    assert found.psnr > 30


def test_16_bits_and_floats():
    pixels = picture(48, 48, 1)
    plan = Plan(120, 60)
    eight = fit_image(Source(pixels), plan)
    sixteen = fit_image(Source(pixels.astype(np.uint16) * 257), plan)
    floats = fit_image(Source((pixels / 255).astype(np.float32)), plan)
    assert abs(eight.psnr - sixteen.psnr) < 0.3
    assert abs(eight.psnr - floats.psnr) < 0.3


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    channels=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    unknown=st.floats(0, 1),
    count=st.integers(1, 60),
    k=st.integers(1, 10),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=40)
def test_any_picture_and_any_count(
    width, height, channels, dtype, unknown, count, k, seed, tmp_path_factory
):
    """Noise of any kind, whatever part of it is known: splats that a file gives back."""
    rng = np.random.default_rng(seed)
    shape = height, width, channels
    pixels = rng.random(shape) * {"f": 1, "u": np.iinfo(np.uint16).max}[np.dtype(dtype).kind]
    pixels = (pixels / (257 if dtype is np.uint8 else 1)).astype(dtype)
    known = rng.random((height, width)) >= unknown
    known[rng.integers(height), rng.integers(width)] = True
    found = fit_image(Source(pixels, known), Plan(count, 8, seed=seed, k=k))
    assert len(found.splats) >= count
    assert found.psnr > 0
    path = tmp_path_factory.mktemp("any") / "a.vis"
    save_image(found.splats, path, found.bits)
    assert same(load_image(path), found.splats)


def same(a: ImageSplats, b: ImageSplats) -> bool:
    return all(
        np.array_equal(getattr(a, c), getattr(b, c))
        for c in ("means", "inverse_scales", "rotations", "colors")
    )


def test_seed_decides_and_threads_do_not():
    source = Source(picture(70, 50))
    one = fit_image(source, Plan(150, 40, seed=3), threads=1)
    two = fit_image(source, Plan(150, 40, seed=3), threads=3)
    other = fit_image(source, Plan(150, 40, seed=4))
    assert same(one.splats, two.splats)
    assert not same(one.splats, other.splats)


def test_stopping_and_going_on_ends_the_same(tmp_path):
    source, plan = Source(picture(60, 44)), Plan(120, 50, Bits(12, 8, 7, 8), seed=5)
    whole = fit_image(source, plan)
    fit = Fit(source, plan)
    for _ in range(23):
        fit.advance()
    save_state(fit.state, plan, source, tmp_path / "a.fit")
    kept, state = load_state(tmp_path / "a.fit", source)
    assert kept == plan
    assert same(fit_image(source, kept, state=state).splats, whole.splats)


def test_cancelling_keeps_what_there_is():
    calls = 0

    def progress(fraction, stage, /):
        nonlocal calls
        calls += 1
        if calls == 30:
            assert " dB · " in stage
            assert stage.endswith(" left")
            raise Cancelled

    found = fit_image(Source(picture(60, 44)), Plan(100, 500), progress)
    assert not found.finished
    assert found.steps == 29
    assert found.psnr > 15
    assert len(found.splats) == 50


def test_first_gaussians_are_a_picture():
    """More of them are better, and a quarter of them is far better than a plain colour."""
    from voile.render.image.cpu import CPUImageRenderer
    from voile.render.image.view import whole
    from voile.render.metrics import psnr

    pixels = picture(96, 72)
    splats = fit_image(Source(pixels), Plan(500, 250)).splats
    target = pixels / 255
    quality = []
    for count in (60, 125, 250, 500):
        renderer = CPUImageRenderer(1)
        coarse = splats.detail(count)
        renderer.upload(coarse)
        quality.append(psnr(renderer.render(whole(coarse)).color, target))
    assert quality == sorted(quality)
    assert quality[1] > psnr(np.broadcast_to(target.mean(axis=(0, 1)), target.shape), target) + 2


def test_the_file_costs_little():
    """What is returned is what a file of the usual bits gives back, and nearly as good."""
    source = Source(picture(64, 48))
    fine = fit_image(source, Plan(250, 200, Bits(16, 14, 14, 14)))
    usual = fit_image(source, Plan(250, 200))
    assert same(usual.splats, quantised(usual.splats, usual.bits))
    assert usual.psnr > fine.psnr - 0.6


def test_size_that_is_asked_for(tmp_path):
    source = Source(picture(80, 60))
    count = count_for_rate(source, 2.0, None)
    found = fit_image(source, Plan(count, 5))
    save_image(found.splats, tmp_path / "a.vis", found.bits)
    size = (tmp_path / "a.vis").stat().st_size
    assert size == file_bytes(count, found.bits, 3)
    assert 1.9 < 8 * size / (80 * 60) <= 2.0
    with pytest.raises(FitError, match="not room for one"):
        count_for_rate(source, 0.01, None)


def test_quality_that_is_asked_for():
    source = Source(picture(64, 48))
    found = fit_to_quality(source, 27.0, Plan(1, 90))
    assert 27.0 <= found.psnr < 29.0
    with pytest.raises(FitError, match="is not reached"):
        fit_to_quality(source, 99.0, Plan(1, 3))


def test_unknown_pixels_weigh_nothing():
    pixels = picture(64, 48)
    known = np.ones((48, 64), bool)
    known[15:30, 20:40] = False
    spoiled = pixels.copy()
    spoiled[~known] = 255 - spoiled[~known]
    plan = Plan(200, 60)
    a = fit_image(Source(pixels, known), plan)
    b = fit_image(Source(spoiled, known), plan)
    assert same(a.splats, b.splats)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_pictures_that_pillow_reads(mode, tmp_path):
    image = Image.fromarray(picture(20, 16, 4))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    path = tmp_path / ("a.png" if mode not in ("CMYK", "YCbCr") else "a.tif")
    image.save(path)
    source = read_source(path)
    assert source.size == (20, 16)
    assert source.channels == {"1": 1, "L": 1, "I;16": 1, "LA": 2, "P": 4, "RGBA": 4}.get(mode, 3)
    assert source.pixels.dtype == (np.uint16 if mode == "I;16" else np.uint8)


def test_pictures_that_are_none(tmp_path):
    path = tmp_path / "a.png"
    good = tmp_path / "good.png"
    Image.fromarray(picture(64, 64)).save(good)
    for content in [b"", b"\0" * 100, good.read_bytes()[:200]]:
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"a\.png"):
            read_source(path)
    Image.new("L", (1, 40_000)).save(tmp_path / "tall.gif")
    with pytest.raises(SourceError, match=r"tall\.gif: the picture has 1x40000 pixels"):
        read_source(tmp_path / "tall.gif")
    with pytest.raises(SourceError, match=r"none\.png"):
        read_source(tmp_path / "none.png")
    with pytest.raises(SourceError, match="mask"):
        read_source(good, good_mask(tmp_path, (3, 3)))
    with pytest.raises(SourceError, match="hides the whole"):
        read_source(good, good_mask(tmp_path, (64, 64)))


def test_whatever_a_reader_of_pillow_raises_is_told(tmp_path, monkeypatch, recwarn):
    path = tmp_path / "a.tif"
    Image.fromarray(picture(20, 16)).save(path)
    path.write_bytes(path.read_bytes()[:-20])  # it ends within its tags, of which Pillow warns
    with pytest.raises(SourceError, match=r"a\.tif"):
        read_source(path)
    assert not recwarn.list

    def fails(*_):
        raise RuntimeError("made up")  # as of its AVIF

    monkeypatch.setattr(Image, "open", fails)
    with pytest.raises(SourceError, match=r"a\.tif: is damaged: made up"):
        read_source(path)


def good_mask(folder, size):
    path = folder / "mask.png"
    Image.new("L", size, 255).save(path)
    return path


@pytest.mark.parametrize("plan", [{"count": 0}, {"steps": 0}, {"seed": -1}, {"k": 11}])
def test_plans_that_are_none(plan):
    with pytest.raises(FitError, match="it must be"):
        Plan(**{"count": 5, **plan})


def test_states_that_are_none(tmp_path):
    source = Source(picture(30, 20))
    fit = Fit(source, Plan(20, 10))
    fit.advance()
    path = tmp_path / "a.fit"
    save_state(fit.state, fit.plan, source, path)
    data = path.read_bytes()
    with pytest.raises(SceneFormatError, match="another picture"):
        load_state(path, Source(picture(30, 20) // 2))
    for k in range(0, len(data), 37):
        path.write_bytes(data[:k])
        with pytest.raises(SceneFormatError):
            load_state(path, source)
    path.write_bytes(data[:-800] + b"\xff" * 800)
    with pytest.raises(SceneFormatError, match="values"):
        load_state(path, source)
    with pytest.raises(SceneFormatError, match=r"none\.fit"):
        load_state(tmp_path / "none.fit", source)


@pytest.fixture
def deep():
    """(16, 20, 4) uint16 whose lower eight bits matter, the first pixel clear."""
    pixels = np.random.default_rng(8).integers(0, 65536, (16, 20, 4), np.uint16)
    pixels[0, 0] = 0
    return pixels


@pytest.mark.parametrize(("channels", "grey"), [(2, True), (3, False), (4, False)])
def test_png_colours_of_16_bits(channels, grey, deep, tmp_path):
    import png

    pixels = deep[..., :channels]
    writer = png.Writer(20, 16, greyscale=grey, alpha=channels in (2, 4), bitdepth=16)
    with (tmp_path / "a.png").open("wb") as file:
        writer.write(file, pixels.reshape(16, -1))
    assert np.array_equal(read_source(tmp_path / "a.png").pixels, pixels)


@pytest.mark.parametrize(
    ("extra", "planar"),
    [
        *((extra, "contig") for extra in (None, "unassalpha", "assocalpha", "unspecified")),
        *((extra, "separate") for extra in (None, "unassalpha")),
    ],
)
def test_tiff_colours_of_16_bits(extra, planar, deep, tmp_path):
    import tifffile

    pixels = deep if extra else deep[..., :3]
    if extra == "assocalpha":
        pixels = pixels.copy()
        pixels[..., :3] = pixels[..., :3] * (pixels[..., 3:] / 65535)
    stored = np.moveaxis(pixels, -1, 0) if planar == "separate" else pixels
    tifffile.imwrite(
        *(tmp_path / "a.tif", stored), photometric="rgb", planarconfig=planar,
        extrasamples=[extra] if extra else None,
    )  # fmt: skip
    found = read_source(tmp_path / "a.tif").pixels
    if extra == "assocalpha":
        shown = Source(found).rows(0, 16)
        assert np.abs(shown * 65535 - pixels).max() <= 1.5
    else:
        assert np.array_equal(found, pixels if extra == "unassalpha" else deep[..., :3])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_colours_of_16_bits_are_upright(orientation, deep, tmp_path):
    """As Pillow turns those of 8 bits."""
    import tifffile

    rgb = deep[..., :3]
    tag = [(0x0112, 3, 1, orientation, True)]
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb", extratags=tag)
    tifffile.imwrite(
        tmp_path / "b.tif", (rgb >> 8).astype(np.uint8), photometric="rgb", extratags=tag
    )
    found, coarse = (read_source(tmp_path / name).pixels for name in ("a.tif", "b.tif"))
    assert np.array_equal(found >> 8, coarse)


def test_colours_of_16_bits_that_are_not_read(deep, tmp_path, monkeypatch):
    import png

    with (tmp_path / "a.png").open("wb") as file:
        png.Writer(20, 16, greyscale=False, alpha=True, bitdepth=16).write(
            file, deep.reshape(16, -1)
        )

    def fails(*args, **kwargs):
        raise png.FormatError("made up")

    monkeypatch.setattr(png.Reader, "read", fails)
    with pytest.raises(SourceError, match=r"a\.png: has 16-bit colours .* made up"):
        read_source(tmp_path / "a.png")


def test_first_gaussians_lie_evenly():
    """By part, and of each any beginning is over all of the picture; it is a mere order."""
    from voile.render.image.order import by_detail, evenly

    splats = make_image(1000, (80, 60))
    ordered = by_detail(splats, [600, 1000])
    for part in (slice(0, 600), slice(600, 1000)):
        a, b = (np.sort(each.rotations[part]) for each in (splats, ordered))
        assert np.array_equal(a, b)
    points = np.random.default_rng(2).uniform(0, 64, (1024, 2))
    order = evenly(points, (64, 64))
    assert np.array_equal(np.sort(order), np.arange(1024))
    cells = (points[order[:64]] // 16).astype(int)  # four to each of 16 cells, on average
    counts = np.bincount(cells[:, 0] * 4 + cells[:, 1], minlength=16)
    assert counts.min() >= 2
    assert counts.max() <= 6
    for n in (0, 1, 2, 5):
        assert np.array_equal(np.sort(evenly(points[:n], (64, 64))), np.arange(n))
