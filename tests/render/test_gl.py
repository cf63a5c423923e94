"""The OpenGL backend against the CPU backend, at its edges, and its use of GPU memory."""

import gc
from dataclasses import replace
from pathlib import Path

import moderngl
import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats

import voile
from voile import Camera, FrameRequest, Settings, Splats
from voile.render import BackendUnavailable, RenderError
from voile.render.cpu.renderer import CPURenderer
from voile.render.gl import context
from voile.render.gl.renderer import GLRenderer

pytestmark = pytest.mark.gl

CAMERA = Camera.look_at((1, -2, -5), (0, 0, 0), width=160, height=96)


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def cpu():
    return CPURenderer()


def psnr(a, b):
    error = np.clip(a, 0, 1).astype(np.float64) - np.clip(b, 0, 1)
    return -10 * np.log10(np.mean(error**2) + 1e-20)


def both(gl, cpu, splats, camera=CAMERA, **settings):
    settings.setdefault("precision", "float32")
    request = FrameRequest(camera, Settings(**settings), depth=True)
    gl.upload(splats)
    cpu.upload(splats)
    return gl.render(request), cpu.render(request)


def single(mean=(0, 0, 0), scale=0.2, opacity=1.0, dc=1.0):
    f = np.float32
    return Splats(
        np.array([mean], f),
        np.array([[1, 0, 0, 0]], f),
        np.full((1, 3), scale, f),
        np.array([opacity], f),
        np.full((1, 1, 3), dc, f),
    )


# float32 arithmetic and float16 harmonics give 90 dB and more on random scenes; blending into
# float16 rounds every layer to 11 bits, near 60 dB. A wrong sign or clamp gives less than 40.
@pytest.mark.parametrize(("precision", "least"), [("float32", 80), ("float16", 50)])
@pytest.mark.parametrize("degree", range(5))
def test_random_scene_is_that_of_the_cpu_backend(gl, cpu, degree, precision, least):
    a, b = both(gl, cpu, make_splats(1500, degree), precision=precision)
    assert b.alpha.mean() > 0.3
    assert psnr(a.color, b.color) > least
    assert psnr(a.alpha, b.alpha) > least
    drawn = b.alpha > 0.01
    np.testing.assert_allclose(a.depth[drawn], b.depth[drawn], rtol=1e-3)
    assert a.stats["visible"] == pytest.approx(b.stats["visible"], abs=2)


@pytest.mark.parametrize(
    "settings",
    [{"splat_scale": 2.5}, {"antialiasing": "on"}, {"max_sh_degree": 1}, {"max_sh_degree": 0}],
    ids=str,
)
def test_settings_do_what_they_do_on_the_cpu(gl, cpu, settings):
    splats = make_splats(800, 3)
    plain, _ = both(gl, cpu, splats)
    a, b = both(gl, cpu, splats, **settings)
    assert psnr(a.color, b.color) > 80
    assert psnr(a.color, plain.color) < 60


@pytest.mark.parametrize(
    "camera",
    [
        replace(CAMERA, cx=20.0, cy=90.0),
        replace(CAMERA, fx=60.0, fy=240.0),
        replace(CAMERA, near=4.5),
        Camera.look_at((0.1, 0, 0), (1, 0, 0.2), width=97, height=61, fov_y=120),
    ],
    ids=["off-centre", "anamorphic", "near", "inside"],
)
def test_any_pinhole(gl, cpu, camera):
    a, b = both(gl, cpu, make_splats(800, 2), camera)
    assert psnr(a.color, b.color) > 75
    assert psnr(a.alpha, b.alpha) > 75


def test_far_from_the_origin_positions_are_relative_to_the_camera_first(gl, cpu):
    shift = np.array([4096.0, -8192.0, 2048.0])
    splats = make_splats(600, 1)
    moved = replace(splats, means=(splats.means + shift).astype(np.float32))
    camera = Camera.look_at(shift - [-1.01, 2.03, 5.07], shift - [0.02, 0, 0], width=160, height=96)
    a, b = both(gl, cpu, moved, camera)
    assert psnr(a.color, b.color) > 75


def test_needles_stay_exact(gl, cpu):
    splats = make_splats(300, 0)
    thin = splats.scales.copy()
    thin[:, 0], thin[:, 1:] = 3.0, 1e-5
    a, b = both(gl, cpu, replace(splats, scales=thin))
    assert psnr(a.color, b.color) > 70


def test_row_zero_is_the_top_and_columns_run_right(gl):
    gl.upload(single(mean=(-1, -1, 0), scale=0.05))
    frame = gl.render(FrameRequest(Camera.look_at((0, 0, -5), (0, 0, 0), width=40, height=40)))
    row, column = np.unravel_index(np.argmax(frame.alpha), frame.alpha.shape)
    assert row < 20
    assert column < 20


def test_nothing_to_draw_is_an_empty_frame(gl):
    for splats in (
        make_splats(0, 3),
        single(mean=(0, 0, -50)),
        single(opacity=0.0),
        single(mean=(1e6, 0, 0)),
    ):
        gl.upload(splats)
        frame = gl.render(FrameRequest(CAMERA, depth=True))
        counts = [frame.stats[name] for name in ("splats", "visible")]
        assert counts == [len(splats), 0]
        assert not frame.color.any()
        assert not frame.alpha.any()
        assert frame.depth is not None
        assert not frame.depth.any()


@pytest.mark.parametrize("scale", [50.0, 1e6, 1e20, 1e30])
def test_a_splat_over_the_whole_screen(gl, scale):
    gl.upload(single(scale=scale, dc=0.5))
    frame = gl.render(FrameRequest(CAMERA, Settings(precision="float32"), depth=True))
    np.testing.assert_allclose(frame.alpha, 0.99, atol=2e-2 if scale == 50 else 1e-6)
    assert frame.depth is not None
    np.testing.assert_allclose(frame.depth, np.sqrt(30), rtol=1e-5)


def test_colours_beyond_float16_stay_finite(gl):
    splats = make_splats(300, 3)
    gl.upload(replace(splats, sh=splats.sh * np.float32(1e8)))
    for precision in ("float16", "float32"):
        frame = gl.render(FrameRequest(CAMERA, Settings(precision=precision)))
        assert np.isfinite(frame.color).all()
        assert frame.color.max() > 1e4


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (7680, 4320)])
def test_sizes(gl, cpu, size):
    camera = Camera.look_at((0, 0, -5), (0, 0, 0), width=size[0], height=size[1])
    splats = make_splats(20, 0)
    gl.upload(splats)
    frame = gl.render(FrameRequest(camera))
    assert frame.alpha.shape == (size[1], size[0])
    cpu.upload(splats)
    step = max(1, size[0] // 64)  # compares a grid of pixels, to spare time
    want = cpu.render(FrameRequest(camera)).color[::step, ::step]
    assert psnr(frame.color[::step, ::step], want) > 50


def test_a_size_beyond_the_driver_names_the_limit(gl):
    limit = gl.capabilities.max_side
    if limit >= 32768:
        pytest.skip("this driver draws anything a camera can ask for")
    gl.upload(single())
    with pytest.raises(RenderError, match=str(limit)):
        gl.render(FrameRequest(replace(CAMERA, width=limit + 1)))


def test_small_storage_blocks_give_the_same_bytes(gl):
    splats, request = make_splats(1000, 3), FrameRequest(CAMERA, Settings(precision="float32"))
    gl.upload(splats)
    want = gl.render(request)
    small = gl_renderer(block_bytes=16384)
    try:
        small.upload(splats)
        got = small.render(request)
    finally:
        small.close()
    np.testing.assert_array_equal(got.color, want.color)
    assert got.stats == want.stats


def test_timings_and_stats(gl):
    gl.upload(make_splats(500, 1))
    frame = gl.draw(FrameRequest(CAMERA))
    assert list(frame.timings) == ["sort", "project", "rasterize"]
    arrays = frame.download()
    assert list(arrays.timings) == ["sort", "project", "rasterize", "download"]
    assert all(0 < t < 1e5 for t in arrays.timings.values())
    assert frame.depth is None
    assert arrays.depth is None


def test_a_frame_that_was_drawn_over_says_so(gl):
    gl.upload(single())
    first = gl.draw(FrameRequest(CAMERA))
    gl.draw(FrameRequest(CAMERA))
    with pytest.raises(RenderError, match="later draw"):
        first.download()


def test_uploads_and_resizes_leak_no_objects():
    renderer, splats = gl_renderer(), make_splats(50, 1)
    # moderngl then collects every object that is dropped without having been released.
    renderer.ctx.gc_mode = "context_gc"
    for i in range(50):
        renderer.upload(splats)
        renderer.render(FrameRequest(replace(CAMERA, width=16 + i % 2, height=8), depth=True))
        gc.collect()
    dropped = [o for o in renderer.ctx.objects if not isinstance(o, moderngl.InvalidObject)]
    assert dropped == []
    with renderer.ctx:
        renderer.ctx.buffer(reserve=16)  # the test can fail
    gc.collect()
    assert [o for o in renderer.ctx.objects if not isinstance(o, moderngl.InvalidObject)]
    renderer.close()


def test_contexts_are_made_and_closed_again_and_again():
    for _ in range(100):
        renderer = gl_renderer()
        renderer.upload(single())
        assert renderer.render(FrameRequest(CAMERA)).alpha.max() > 0.9
        renderer.close()
        renderer.close()  # closing twice is harmless


def test_two_renderers_do_not_disturb_each_other(gl):
    gl.upload(single(dc=0.5))
    want = gl.render(FrameRequest(CAMERA)).color
    frame = gl.draw(FrameRequest(CAMERA))
    other = gl_renderer()
    other.upload(make_splats(100, 2))
    other.render(FrameRequest(CAMERA))
    np.testing.assert_array_equal(frame.download().color, want)
    other.close()
    np.testing.assert_array_equal(gl.render(FrameRequest(CAMERA)).color, want)


def test_drawing_before_upload_is_an_error():
    renderer = gl_renderer()
    with pytest.raises(RenderError, match="upload"):
        renderer.render(FrameRequest(CAMERA))
    renderer.close()


def test_a_context_of_the_caller_is_used_and_left_alone(gl):
    gl.upload(make_splats(200, 1))
    want = gl.render(FrameRequest(CAMERA)).color
    window = moderngl.create_context(standalone=True, require=430, backend="egl")
    with window:
        renderer = GLRenderer(window)
        renderer.upload(make_splats(200, 1))
        np.testing.assert_array_equal(renderer.render(FrameRequest(CAMERA)).color, want)
        renderer.close()
        assert window.buffer(b"alive").read() == b"alive"
    window.release()


SHARED = Path(voile.__file__).resolve().parent.parent / "shared" / "data"


# Stored as float16, which caps float32 drawings near 90 dB where the picture is mostly dark.
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real scenes are not here")
@pytest.mark.parametrize(("precision", "least"), [("float32", 60), ("float16", 42)])
@pytest.mark.parametrize(
    ("scene", "reference"), [("biker.spz", "biker_spz"), ("playbot/2_0", "playbot_lod2")]
)
def test_real_scenes_match_independent_references(gl, scene, reference, precision, least):
    gl.upload(voile.load(SHARED / "scenes" / scene))
    for view in "AB":
        path = SHARED / "refs" / f"{reference}_{view}_640x360.json"
        want = np.load(path.with_suffix(".npz"))
        frame = gl.render(FrameRequest(Camera.load(path), Settings(precision=precision)))
        assert psnr(frame.color, want["color"].astype(np.float32)) > least
        assert psnr(frame.alpha, want["alpha"].astype(np.float32)) > least


def test_no_driver_is_explained(monkeypatch):
    def refuse(**_):
        raise Exception("libEGL.so.1 not found")

    monkeypatch.setattr(context.moderngl, "create_context", refuse)
    with pytest.raises(BackendUnavailable, match=r"libEGL\.so\.1 not found.*cpu backend"):
        GLRenderer()


def test_an_old_driver_is_explained():
    class Old:
        version_code = 330
        info = {"GL_RENDERER": "Old card"}  # noqa: RUF012

    with pytest.raises(BackendUnavailable, match=r"Old card.*3\.3.*needs 4\.3"):
        GLRenderer(Old())  # pyright: ignore[reportArgumentType]


def test_an_edit_of_masks_and_places_copies_only_the_geometry(gl):
    splats = make_splats(300, 3)
    request = FrameRequest(CAMERA, Settings(precision="float32"))
    gl.upload(splats)
    gl.render(request)
    harmonics = [block.harmonics for block in gl._scenes[0].blocks]
    faint = splats.with_columns(
        opacities=np.where(np.arange(300) % 2, splats.opacities, np.float32(0)),
        means=splats.means + np.float32(0.1),
    )
    gl.upload(faint)
    assert all(a is b.harmonics for a, b in zip(harmonics, gl._scenes[0].blocks, strict=True))
    edited = gl.render(request).premultiplied()
    gl.upload(make_splats(3))  # and from scratch
    gl.upload(faint)
    np.testing.assert_array_equal(gl.render(request).premultiplied(), edited)
