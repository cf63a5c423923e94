"""Presenting: the bytes in a window are those of a saved picture; shaders compile and reload."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from gl_context import gl_renderer
from make_images import make_image
from make_materials import make_material
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings, shaders
from voile.render.display import CURVES, developed
from voile.render.gl import programs as programs_module
from voile.render.gl.present import CHECKER_DARK, CHECKER_LIGHT, Presenter
from voile.render.gl.programs import Programs
from voile.render.gl.scene_buffers import STORED_BITS
from voile.render.image.gl import GLImageRenderer
from voile.render.image.view import ImageView
from voile.render.modes import MODES
from voile.render.paint import Paint
from voile.scenes.content import Content
from voile.scenes.mesh import make_mesh
from voile.scenes.placement import Placement
from voile.scenes.poster import SEEN, PlacedPoster, Poster
from voile.scenes.texture import Texture

pytestmark = pytest.mark.gl

CAMERA = Camera.look_at((1, -2, -5), (0, 0, 0), width=61, height=37)
BACKGROUND = (0.2, 0.5, 0.9)


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    renderer.upload(make_splats(300, 2))
    yield renderer
    renderer.close()


@pytest.fixture
def shown(gl):
    """Presents a frame into a fresh framebuffer and returns its bytes, top row first."""
    with gl.ctx:
        presenter = Presenter(gl.ctx)

    def show(frame, background=BACKGROUND, size=(61, 37), **options):
        with gl.ctx:
            texture = gl.ctx.texture(size, 4)
            framebuffer = gl.ctx.framebuffer([texture])
            presenter.present(framebuffer, frame, background, **options)
            data = framebuffer.read(components=4, alignment=1)
            framebuffer.release()
            texture.release()
        return np.frombuffer(data, np.uint8).reshape(size[1], size[0], 4)[::-1]

    yield show
    with gl.ctx:
        presenter.release()


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_bytes_are_those_of_to_rgb8(gl, shown, precision):
    frame = gl.draw(FrameRequest(CAMERA, Settings(precision=precision)))
    on_gpu = shown(frame)
    arrays = frame.download()
    want = arrays.to_rgb8(BACKGROUND)
    assert want.std() > 20
    for image in (on_gpu, shown(arrays)):
        # A fused multiply-add may turn over a value that lies on the edge between two bytes.
        difference = np.abs(image[..., :3].astype(int) - want)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3
        assert (image[..., 3] == 255).all()


@pytest.mark.parametrize("exposure", [-2.0, 0.0, 1.5])
@pytest.mark.parametrize("curve", list(CURVES))
def test_bytes_are_those_of_a_developed_frame(gl, shown, exposure, curve):
    settings = Settings(precision="float32", exposure=exposure, tone_mapping=curve)
    frame = gl.draw(FrameRequest(CAMERA, settings))
    image = shown(frame, exposure=exposure, tone_mapping=curve)[..., :3].astype(int)
    difference = np.abs(image - developed(frame.download(), settings).to_rgb8(BACKGROUND))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 5e-3  # pow() of a GPU is not exact to the last bit


def test_the_same_frame_object_is_uploaded_once_and_a_new_one_again(gl, shown):
    first = gl.render(FrameRequest(CAMERA))
    second = replace(first, color=np.zeros_like(first.color), alpha=np.ones_like(first.alpha))
    a, b = shown(first), shown(second)
    assert a[..., :3].any()
    assert not b[..., :3].any()
    np.testing.assert_array_equal(shown(first), a)


def test_two_frames_share_a_framebuffer(gl):
    first = gl.render(FrameRequest(CAMERA))
    second = replace(first, color=first.color[::-1].copy(), alpha=first.alpha[::-1].copy())
    with gl.ctx:
        presenter = Presenter(gl.ctx)
        framebuffer = gl.ctx.framebuffer([gl.ctx.texture((61, 37), 3)])
        uploads = []
        for _ in range(2):
            presenter.present(framebuffer, first, BACKGROUND, part=(0.0, 0.3))
            presenter.present(framebuffer, second, BACKGROUND, part=(0.3, 1.0))
            presenter.present(framebuffer, first, (1.0, 1.0, 1.0), part=(1.0, 1.0))  # nothing
            uploads.append([texture.glo for _, texture in presenter._textures])
        data = framebuffer.read(components=3, alignment=1)
        presenter.release()
        framebuffer.release()
    image = np.frombuffer(data, np.uint8).reshape(37, 61, 3)[::-1]
    at = round(0.3 * 61)
    want = np.hstack([first.to_rgb8(BACKGROUND)[:, :at], second.to_rgb8(BACKGROUND)[:, at:]])
    assert np.abs(image.astype(int) - want).max() <= 1
    assert uploads[0] == uploads[1]  # neither is uploaded again


def test_no_background_is_a_checkerboard(gl, shown):
    frame = gl.render(FrameRequest(CAMERA))
    empty = replace(frame, color=np.zeros_like(frame.color), alpha=np.zeros_like(frame.alpha))
    seen = {tuple(pixel) for pixel in shown(empty, None)[..., :3].reshape(-1, 3).tolist()}
    want = {tuple(int(c * 255 + 0.5) for c in colour) for colour in (CHECKER_DARK, CHECKER_LIGHT)}
    assert seen == want


@pytest.mark.parametrize("filter", ["linear", "nearest"])
def test_another_size_is_scaled_the_right_way_up(gl, shown, filter):
    frame = gl.render(FrameRequest(CAMERA))
    color = np.zeros_like(frame.color)
    color[:18, :30] = 1.0
    quarter = replace(frame, color=color, alpha=np.ones_like(frame.alpha))
    image = shown(quarter, size=(122, 74), filter=filter)
    assert (image[:34, :58, :3] == 255).all()
    assert not image[38:].any(where=[True, True, True, False])
    assert not image[:, 62:].any(where=[True, True, True, False])
    edge = image[10, 55:65, 0]
    assert (len(set(edge.tolist())) > 2) == (filter == "linear")


@pytest.mark.parametrize("degree", range(5))
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("bits", STORED_BITS.values())
def test_the_projection_compiles(gl, degree, antialias, ordered, bits):
    with gl.ctx:
        programs = Programs(gl.ctx)
        programs.compute(
            "splat_project.comp",
            SH_DEGREE=degree,
            ANTIALIAS=antialias,
            ORDERED=ordered,
            SH_STORAGE=bits,
        )
        programs.release()


def test_the_other_shaders_compile_and_none_is_forgotten(gl, monkeypatch):
    """Every mode is drawn in every variant of its shaders; the compiler sees what the mode asks."""
    compiled = set()
    loaded = programs_module.load
    monkeypatch.setattr(
        programs_module, "load", lambda name, defines: compiled.add(name) or loaded(name, defines)
    )
    renderer = gl_renderer()
    try:
        renderer.upload(with_weights(make_splats(10, 1)))
        kinds = get_args(get_type_hints(Settings)["weight"])
        variants = [{"mode": mode} for mode in MODES]
        variants += [{"mode": "weighted", "weight": weight} for weight in kinds]
        variants += [{"mode": "binned", "bins": bins} for bins in (4, 8, 16, 32)]
        variants += [{"mode": "stochastic", "samples": samples} for samples in (1, 2, 3, 4, 5)]
        for settings in variants:
            for paint in (None, Paint(np.ones((10, 6), np.float32))):
                request = FrameRequest(CAMERA, Settings(**settings), paint=paint)
                for depth in (False, True):
                    renderer.render(replace(request, depth=depth))
        triangle = make_mesh(np.eye(3), np.array([[0, 1, 2]]))
        lit = replace(make_splats(10, 1), material=np.zeros(10, np.int32))
        glossy = replace(triangle, material="random")
        renderer.upload(Content(lit, (glossy,), (make_material(),)))
        renderer.render(FrameRequest(CAMERA))
        renderer.upload(Content(with_weights(make_splats(10, 1)), (triangle,)))
        for settings in variants:
            for depth in (False, True):
                renderer.render(FrameRequest(CAMERA, Settings(**settings), depth=depth))
        renderer.render(FrameRequest(CAMERA, depth=True, depth_kind="median"))
        clear = Poster(Texture(np.full((2, 2, 4), 128, np.uint8), cutoff=SEEN))
        renderer.upload(Content(make_splats(10, 1), posters=(PlacedPoster(clear, Placement()),)))
        frame = renderer.draw(FrameRequest(CAMERA))
        with renderer.ctx:
            mean = renderer.new_mean()
            mean.add(frame, 1)
            mean.release()
            Presenter(renderer.ctx).release()
    finally:
        renderer.close()
    images = GLImageRenderer()
    try:
        images.upload(make_image(20, (16, 16), 3))
        images.render(ImageView(16, 16))
    finally:
        images.close()
    assert {n for n in shaders.names() if not n.endswith(".glsl")} == compiled


def test_a_broken_shader_names_file_and_line_and_the_last_good_one_stays(gl, tmp_path, monkeypatch):
    for name in shaders.names():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(Path(shaders.__file__).parent / name, tmp_path / name)
    monkeypatch.setattr(shaders, "_root", lambda: tmp_path)
    with gl.ctx:
        programs = Programs(gl.ctx)
        good = programs.draw("present.vert", "present.frag")
        assert programs.reload() is None
        broken = tmp_path / "present.frag"
        text = broken.read_text()
        line = text.splitlines().index("void main() {") + 2
        broken.write_text(text.replace("void main() {", "void main() {\n    float x = nothing;"))
        os.utime(broken, (1, broken.stat().st_mtime + 10))
        error = programs.reload()
        assert error is not None
        assert f"present.frag:{line}: float x = nothing;" in str(error)
        assert programs.draw("present.vert", "present.frag") is good
        broken.write_text(text)
        os.utime(broken, (1, broken.stat().st_mtime + 20))
        assert programs.reload() is None
        assert programs.draw("present.vert", "present.frag") is not good
        programs.release()
