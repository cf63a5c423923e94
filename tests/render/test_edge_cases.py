"""What no backend may stumble over: nothing visible, too much, too large, too small, too many."""

from dataclasses import replace

import numpy as np
import pytest
from any_renderer import any_renderer
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings, Splats
from voile.render import RenderError, create_renderer
from voile.render.metrics import psnr

C0 = 0.28209479177387814


@pytest.fixture(
    scope="module", params=["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)]
)
def renderer(request):
    made = any_renderer(request.param)
    yield made
    made.close()


def camera(width=64, height=48, **changes) -> Camera:
    view = Camera.look_at((0, 0, -5), (0, 0, 0), width=width, height=height)
    return Camera.from_dict({**view.to_dict(), **changes})


def blobs(means, scales=0.3, opacities=0.99, colors=(0.8, 0.4, 0.2)) -> Splats:
    means = np.asarray(means, np.float32).reshape(-1, 3)
    n = len(means)
    sh = (np.broadcast_to(np.asarray(colors, np.float32), (n, 3)) - 0.5) / C0
    return Splats(
        means,
        np.tile(np.float32([1, 0, 0, 0]), (n, 1)),
        np.broadcast_to(np.asarray(scales, np.float32), (n, 3)).copy(),
        np.broadcast_to(np.asarray(opacities, np.float32), (n,)).copy(),
        sh[:, None].astype(np.float32).copy(),
    )


def draw(renderer, splats, view=None):
    renderer.upload(splats)
    frame = renderer.render(
        FrameRequest(view or camera(), Settings(precision="float32"), depth=True)
    )
    for name in ("color", "alpha", "depth"):
        assert np.isfinite(getattr(frame, name)).all(), name
    assert frame.alpha.min() >= 0
    assert frame.alpha.max() <= 1
    return frame


def assert_empty(frame):
    assert frame.color.max() == frame.alpha.max() == frame.depth.max() == 0


def test_no_splats(renderer):
    assert_empty(draw(renderer, blobs(np.zeros((0, 3)))))


def test_all_behind(renderer):
    frame = draw(renderer, blobs([[0, 0, -9], [1, 0, -5.001]]))
    assert_empty(frame)
    assert frame.stats["splats"] == 2


def test_out_of_sight(renderer):
    assert_empty(draw(renderer, blobs([[500, 0, 0], [0, -500, 3]])))


def test_invisible_opacity(renderer):
    assert_empty(draw(renderer, blobs([[0, 0, 0]], opacities=0.5 / 255)))


def test_one_splat_behind_does_not_hide_one_in_front(renderer):
    frame = draw(renderer, blobs([[0, 0, -9], [0, 0, 0]]))
    assert frame.alpha[24, 32] > 0.95
    assert frame.depth[24, 32] == pytest.approx(5, rel=1e-3)


def test_covers_the_whole_screen(renderer):
    frame = draw(renderer, blobs([[0, 0, 0]], scales=50))
    assert frame.alpha.min() > 0.95
    np.testing.assert_allclose(frame.over((0, 0, 0))[24, 32], np.multiply(0.99, (0.8, 0.4, 0.2)),
                               atol=2e-3)  # fmt: skip


def test_alpha_of_one_is_capped(renderer):
    frame = draw(renderer, blobs([[0, 0, 0]], scales=50, opacities=1.0))
    assert frame.alpha.max() == pytest.approx(0.99, abs=1e-4)


@pytest.mark.parametrize("size", [1e-20, 1e-6, 1e6, 1e20, 3e37])
def test_extreme_scales(renderer, size):
    splats = make_splats(50)
    splats.scales[:] *= np.float32(size)
    frame = draw(renderer, splats)
    if size < 1:
        # The low-pass filter keeps the smallest splat a spot of about a pixel.
        assert 0 < frame.alpha.mean() < 0.1
    else:
        assert frame.alpha.min() > 0.9


def test_needles(renderer):
    splats = make_splats(200, seed=3)
    splats.scales[:] = np.float32((4.0, 1e-5, 1e-5))
    assert draw(renderer, splats).alpha.max() > 0.01


def test_one_pixel_picture(renderer):
    frame = draw(renderer, blobs([[0, 0, 0]], scales=5), camera(1, 1))
    assert frame.color.shape == (1, 1, 3)
    assert frame.alpha[0, 0] > 0.9


def test_eight_k_picture(renderer):
    view = camera().resized(7680, 4320)
    frame = draw(renderer, blobs([[0, 0, 0], [-2, 1, 0]], scales=0.2), view)
    assert frame.alpha.shape == (4320, 7680)
    assert frame.alpha[2160, 3840] > 0.95


def test_principal_point_outside_the_picture(renderer):
    view = camera(cx=-100.0, cy=200.0)
    position = view.position + view.world_to_camera[:3, :3].T @ (
        132 / view.fx * 5,
        -176 / view.fy * 5,
        5,
    )
    frame = draw(renderer, blobs([position], scales=0.2), view)
    y, x = np.unravel_index(frame.alpha.argmax(), frame.alpha.shape)
    assert abs(x + 0.5 - 32) <= 1
    assert abs(y + 0.5 - 24) <= 1


def test_near_plane_cuts_by_centre(renderer):
    splats = blobs([[0, 0, -4], [0, 0, 1]], colors=[[1, 0, 0], [0, 1, 0]])
    kept = draw(renderer, splats, camera(near=1.5)).color[24, 32]
    assert kept[1] > 0.9
    assert kept[0] < 1e-3


def test_thousands_of_layers_in_one_pixel(renderer):
    z = np.linspace(0, 40, 5000)
    frame = draw(renderer, blobs(np.stack([0 * z, 0 * z, z], 1), opacities=0.02))
    # 1 - (1 - 0.02)^5000 to within the early stop at T < 1e-4
    assert frame.alpha[24, 32] == pytest.approx(1, abs=2e-4)


def test_all_at_one_depth_are_drawn_in_their_order(renderer):
    colors = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    frame = draw(renderer, blobs(np.zeros((6, 3)), opacities=0.5, colors=colors, scales=3))
    weights = 0.5 ** np.arange(1, 7)
    np.testing.assert_allclose(frame.color[24, 32], weights @ colors, atol=4e-3)


@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("mode", ["sorted", "binned", "cells"])
def test_quaternions_are_as_good_as_unit(renderer, mode, kind):
    """As long as `Splats` takes them, where the long axis of a needle would tell in its others.
    Their bytes differ, which moves alpha across 1/255 at few pixels."""
    unit = make_splats(300, 1, kind, seed=5)
    unit.scales[:, 0] *= np.float32(8)
    unit.scales[:, 1] *= np.float32(0.01)
    longer = replace(unit, quats=unit.quats * np.float32(1.0009**0.5))
    settings, frames = Settings(mode=mode, precision="float32", storage="float32"), []
    for splats in (unit, longer):
        renderer.upload(splats)
        frames.append(renderer.render(FrameRequest(camera(), settings)).premultiplied())
    assert frames[0][..., 3].max() > 0.5
    assert psnr(*frames) > 100


def test_a_mode_or_scene_that_is_missing_is_an_error():
    with pytest.raises(RenderError, match="no backend"):
        create_renderer("vulkan")
    with pytest.raises(RenderError, match="upload"):
        create_renderer("reference").render(FrameRequest(camera()))
