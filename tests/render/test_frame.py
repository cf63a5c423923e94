"""What a frame becomes: over a background, as bytes, with straight alpha."""

import numpy as np

from voile import Frame
from voile.render.frame import quantise

COLOR = np.float32([[[0.25, 0.5, 0.0], [0.0, 0.0, 0.0], [1.5, 0.2, 0.1]]])
ALPHA = np.float32([[0.5, 0.0, 1.0]])


def test_over_adds_the_background_that_shows_through():
    over = Frame(COLOR, ALPHA).over((0.2, 0.4, 0.6))
    expected = [[[0.35, 0.7, 0.3], [0.2, 0.4, 0.6], [1.5, 0.2, 0.1]]]
    np.testing.assert_allclose(over, expected, atol=1e-6)
    assert over.dtype == np.float32


def test_bytes_over_a_background_are_rounded_and_clamped():
    np.testing.assert_array_equal(
        Frame(COLOR, ALPHA).to_rgb8((1, 1, 1)), [[[191, 255, 128], [255, 255, 255], [255, 51, 26]]]
    )


def test_png_alpha_is_straight():
    np.testing.assert_array_equal(
        Frame(COLOR, ALPHA).to_rgba8(), [[[128, 255, 0, 128], [0, 0, 0, 0], [255, 51, 26, 255]]]
    )


def test_premultiplied_keeps_values_above_one():
    image = Frame(COLOR, ALPHA).premultiplied()
    assert image.shape == (1, 3, 4)
    np.testing.assert_array_equal(image[0, 2], np.float32([1.5, 0.2, 0.1, 1.0]))


def test_every_byte_survives_the_way_there_and_back():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(quantise((levels / 255).astype(np.float32)), levels)
