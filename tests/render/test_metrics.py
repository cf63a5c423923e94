"""Measures with values known by hand."""

import numpy as np
import pytest

from voile.render.metrics import flip, max_error, mean_signed, mse, psnr, ssim


def picture(seed=0, shape=(40, 50, 3)):
    return np.random.default_rng(seed).random(shape)


def test_psnr_of_a_constant_offset():
    a = np.full((8, 8, 3), 0.5)
    assert mse(a, a + 0.1) == pytest.approx(0.01)
    assert psnr(a, a + 0.1) == pytest.approx(20.0)
    assert psnr(a, a) == float("inf")


def test_psnr_clamps_to_what_a_display_shows():
    a = np.full((8, 8, 3), 1.0)
    assert psnr(a, a + 5.0) == float("inf")
    assert psnr(a, a + 0.1, clamp=False) == pytest.approx(20.0)


def test_max_error_and_mean_signed():
    a = np.zeros((10, 10, 3))
    b = a.copy()
    b[3, 4, 1] = 0.7
    assert max_error(a, b) == pytest.approx(0.7)
    np.testing.assert_allclose(mean_signed(a, b), [0, -0.007, 0])


def test_ssim_is_one_for_equal_and_falls_with_noise():
    a = picture()
    assert ssim(a, a) == pytest.approx(1.0)
    noisy = a + np.random.default_rng(1).normal(0, 0.1, a.shape)
    more = a + np.random.default_rng(1).normal(0, 0.3, a.shape)
    assert 1.0 > ssim(a, noisy) > ssim(a, more) > 0.0


def test_ssim_of_two_constants_is_the_luminance_term():
    a, b = np.full((20, 20, 3), 0.3), np.full((20, 20, 3), 0.6)
    expected = (2 * 0.3 * 0.6 + 1e-4) / (0.3**2 + 0.6**2 + 1e-4)
    assert ssim(a, b) == pytest.approx(expected, abs=1e-9)


def test_ssim_refuses_small_or_unequal_pictures():
    with pytest.raises(ValueError, match="11x11"):
        ssim(picture(shape=(10, 50, 3)), picture(shape=(10, 50, 3)))


def test_flip_is_zero_for_equal_and_grows():
    a = picture().astype(np.float32)
    mean, image = flip(a, a)
    assert mean == pytest.approx(0.0, abs=1e-6)
    assert image.shape == a.shape
    assert flip(a, 1 - a)[0] > 0.1


def test_different_shapes_are_an_error():
    with pytest.raises(ValueError, match="shapes"):
        psnr(np.zeros((2, 2, 3)), np.zeros((2, 3, 3)))
