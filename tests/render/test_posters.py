"""Posters: image splats on planes among the splats of a scene, opaque and clear, in every mode."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from gl_context import gl_renderer
from make_images import make_image
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.render import RenderError, create_renderer
from voile.render.display import to_display
from voile.render.image.poster import make_poster
from voile.render.image.reference import render as image_reference
from voile.render.image.view import whole
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.paint import Paint
from voile.scenes.content import Content, no_splats
from voile.scenes.lights import Lights, uniform
from voile.scenes.placement import Placement, from_euler
from voile.scenes.poster import SEEN, PlacedPoster, Poster
from voile.scenes.texture import LINEAR, Texture


def view(width=60, height=44, at=(0.3, 0.2, 4.0)):
    return Camera.look_at(at, (0, 0, 0), (0, 1, 0), width=width, height=height)


def veil(alpha=128, color=(200, 60, 30)) -> Poster:
    """One colour all over."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:] = (*color, alpha)
    return Poster(Texture(pixels, ("clamp", "clamp"), SEEN if alpha < 255 else 0.0))


def picture() -> Poster:
    """An image with alpha, of splats."""
    return make_poster(make_image(60, (40, 30), 4, seed=3, widest=12))


@cache
def scene() -> Content:
    """Clutter, an opaque poster behind it, and two clear ones that pass through each other."""
    wall = veil(255, (90, 120, 60))
    turned = Placement(from_euler((0, 40, 10)), (0.2, 0.1, 0.0), 2.6)
    posters = (
        PlacedPoster(wall, Placement(translation=(0.4, 0.2, -1.5), scale=3.0)),
        PlacedPoster(picture(), turned),
        PlacedPoster(veil(), Placement(from_euler((0, -50, 0)), (0.0, 0.0, 0.2), 2.0)),
    )
    splats = with_weights(make_splats(40, 1, seed=4))
    return Content(splats, lights=Lights(uniform(0.2)), posters=posters)


def draw(backend, content, camera, median=False, depth=True, **settings):
    renderer = gl_renderer() if backend == "gl" else create_renderer(backend)
    renderer.upload(content)
    chosen = Settings(**{"precision": "float32", "samples": 2, **settings})
    request = FrameRequest(
        *(camera, chosen), depth=depth, seed=1, depth_kind="median" if median else "mean"
    )
    try:
        return renderer.render(request)
    finally:
        renderer.close()


@cache
def expected_frame(mode):
    return draw("reference", scene(), view(48, 36), mode=mode, bins=4)


@pytest.mark.parametrize("backend", ["cpu", pytest.param("gl", marks=pytest.mark.gl)])
@pytest.mark.parametrize("mode", sorted(MODES))
def test_every_mode_and_backend(mode, backend):
    expected, found = expected_frame(mode), draw(backend, scene(), view(48, 36), mode=mode, bins=4)
    one, other = found.premultiplied(), expected.premultiplied()
    far = np.abs(one - other).max(axis=2) > 4e-3
    assert far.sum() <= 4, (
        "drivers place corners to parts of a pixel: which edge pixels are covered"
    )
    assert psnr(one[~far], other[~far]) > 55
    near = np.abs(found.depth - expected.depth) < 2e-3
    assert near.mean() > 0.98


def test_sorted_is_over_at_the_depth_of_the_plane():
    """By hand, from the frames of what is before the plane and of what is behind it alone."""
    splats = make_splats(80, 0, seed=7)
    means = splats.means.copy()
    means[:40, 2] = 1.0 + 0.2 * means[:40, 2]
    means[40:, 2] = -1.0 + 0.2 * means[40:, 2]
    splats = replace(splats, means=means, scales=np.minimum(splats.scales, 0.15))
    veiled = veil()
    camera = view(at=(0, 0, 4))
    poster = PlacedPoster(veiled, Placement(scale=20.0))  # fills the frame
    found = draw("reference", Content(splats, posters=(poster,)), camera, antialiasing="off")
    front = draw("reference", splats.take(slice(0, 40)), camera, antialiasing="off")
    back = draw("reference", splats.take(slice(40, 80)), camera, antialiasing="off")
    a = 128 / 255
    color = to_display(LINEAR[list(veiled.texture.pixels[0, 0, :3])].astype(np.float64))
    left = (1 - front.alpha)[..., None]
    expected = front.color + left * (a * color + (1 - a) * back.color)
    assert np.abs(found.color - expected).max() < 2e-5
    covered = front.alpha + left[..., 0] * (a + (1 - a) * back.alpha)
    assert np.abs(found.alpha - covered).max() < 2e-5
    depth = front.alpha * front.depth + left[..., 0] * (a * 4 + (1 - a) * back.alpha * back.depth)
    assert np.abs(found.depth * found.alpha - depth).max() < 1e-4


def test_two_veils_hide_each_other_where_they_cross():
    """Nothing but posters: at each pixel the nearer one is over the farther."""
    left = PlacedPoster(veil(128, (255, 0, 0)), Placement(from_euler((0, 45, 0)), scale=3.0))
    right = PlacedPoster(veil(128, (0, 0, 255)), Placement(from_euler((0, -45, 0)), scale=3.0))
    frame = draw("cpu", Content(no_splats(), posters=(left, right)), view(at=(0, 0, 6)))
    a = 128 / 255
    near, far = a, (1 - a) * a
    row = frame.color[22]
    both = (row[:, 0] > 0.1) & (row[:, 2] > 0.1)
    assert both.sum() > 10
    sides = row[both][:, [0, 2]]
    assert np.allclose(np.sort(sides, axis=1), sorted((near, far)), atol=1e-5)
    assert (sides[0, 0] > sides[0, 1]) != (sides[-1, 0] > sides[-1, 1])


def test_an_image_facing_the_camera_is_the_image():
    splats = make_image(200, (40, 30), 3, seed=5, widest=10)
    poster = make_poster(splats)
    assert poster.opaque == bool((poster.texture.pixels[..., 3] == 255).all())
    camera = Camera.look_at((0, 0, 4), (0, 0, 0), (0, 1, 0), width=40, height=30)
    size = 40 / camera.fx * 4  # a pixel of the image is one of the frame
    placed = PlacedPoster(poster, Placement(scale=size))
    frame = draw("reference", Content(no_splats(), posters=(placed,)), camera)
    expected = image_reference(splats, whole(splats))[..., :3]
    assert psnr(np.clip(frame.color, 0, 1), np.clip(expected, 0, 1)) > 32
    dark = Content(no_splats(), lights=Lights(uniform(0.0)), posters=(placed,))
    assert np.array_equal(draw("reference", dark, camera).color, frame.color)


@pytest.mark.parametrize("backend", ["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)])
def test_a_billboard_shows_the_same_from_everywhere(backend):
    poster = replace(picture(), billboard=True)
    placed = PlacedPoster(poster, Placement(from_euler((70, 10, 5)), scale=2.0))
    content = Content(no_splats(), posters=(placed,))
    places = [(0, 0, 4), (4, 0, 0), (0, 0, -4)]
    first, *others = (draw(backend, content, view(at=at)).premultiplied() for at in places)
    assert first[..., 3].max() > 0.5
    for other in others:
        assert psnr(other, first) > 45


def test_median_depth_counts_a_poster_where_it_hides_half():
    camera = view(at=(0, 0, 4))
    for alpha, depth in ((100, 0.0), (160, 4.0)):
        poster = PlacedPoster(veil(alpha), Placement(scale=20.0))
        content = Content(no_splats(), posters=(poster,))
        for backend in ("reference", "cpu"):
            frame = draw(backend, content, camera, median=True)
            assert np.allclose(frame.depth, depth, atol=1e-4)


@pytest.mark.gl
def test_gl_mixes_on_the_gpu_what_render_mixes_for_others():
    """Frames stay there; medians and paint are mixed on the host, which only render() can."""
    renderer = gl_renderer()
    renderer.upload(scene())
    plain = FrameRequest(view(), Settings(precision="float32"), depth=True)
    frame = renderer.draw(plain).download()
    again = renderer.render(plain)
    assert np.array_equal(frame.color, again.color)
    assert {"posters", "mix posters", "rasterize"} <= frame.timings.keys()
    values = np.zeros((len(scene().splats), 3), np.float32)
    for request in (
        replace(plain, depth_kind="median"),
        replace(plain, paint=Paint(values, np.ones(len(values), np.float32))),
    ):
        with pytest.raises(RenderError, match=r"mixed by render\(\)"):
            renderer.draw(request)
        hosted = renderer.render(request)
        assert psnr(hosted.color, frame.color) > 55
        assert renderer.shown_scene is scene()
    assert np.array_equal(renderer.draw(plain).download().color, frame.color)
    renderer.close()


@pytest.mark.parametrize("shown", ["alpha", "depth", "normals", "overdraw"])
def test_debug_views_with_posters(shown):
    frame = draw("cpu", scene(), view(), shown=shown)
    assert np.isfinite(frame.color).all()
