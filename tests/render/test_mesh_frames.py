"""Meshes among splats: an opaque mesh hides what is behind it and is veiled by what is in front."""

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.render import RenderError, create_renderer
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.paint import Paint
from voile.render.renderer import Capabilities
from voile.scenes.content import Content, no_splats
from voile.scenes.lights import Lamp, Lights, uniform
from voile.scenes.mesh import make_mesh

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=64, height=40)
BACKENDS = ["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)]
WHITE = Lights(uniform(1.0))


def wall(z=0.0, size=40.0, color=(1.0, 1.0, 1.0)):
    corners = size * np.float64([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) + [0, 0, z]
    return make_mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), color=color)


def ball(radius=1.0, at=(0, 0, 0), color=(0.8, 0.5, 0.3)):
    trimesh = pytest.importorskip("trimesh")
    made = trimesh.creation.icosphere(subdivisions=2, radius=radius)
    return make_mesh(made.vertices + at, made.faces, made.vertex_normals, color=color)


def scene(count=200) -> Content:
    splats = with_weights(make_splats(count, 1, seed=4))
    lamps = (Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6), Lamp("point", (-1, 1, -2)))
    meshes = (ball(), ball(0.6, (-1.1, 0.4, -0.8), (0.2, 0.6, 0.9)))
    return Content(splats, meshes, lights=Lights(lamps=lamps))


@pytest.fixture(scope="module", params=BACKENDS)
def renderer(request):
    made = gl_renderer() if request.param == "gl" else create_renderer(request.param)
    yield made
    made.close()


@pytest.fixture(scope="module")
def both():
    made = {"reference": create_renderer("reference"), "cpu": create_renderer("cpu")}
    made["gl"] = gl_renderer()
    for each in made.values():
        each.upload(scene())
    yield made
    for each in made.values():
        each.close()


def draw(renderer, content=None, camera=CAMERA, paint=None, **settings):
    if content is not None:
        renderer.upload(content)
    chosen = Settings(**{"precision": "float32", "samples": 2, **settings})
    return renderer.render(FrameRequest(camera, chosen, depth=True, seed=1, paint=paint))


@pytest.mark.gl
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_backends_draw_the_reference(both, backend, mode):
    """But for pixels whose centre is within rounding of a silhouette."""
    expected, actual = (draw(both[name], mode=mode) for name in ("reference", backend))
    other = np.abs(actual.premultiplied() - expected.premultiplied()).max(axis=2) > 0.02
    assert other.mean() < 2e-3
    least = 65 if backend == "cpu" else 55
    assert psnr(actual.premultiplied()[~other], expected.premultiplied()[~other]) >= least
    seen = (expected.alpha > 0.1) & ~other
    relative = np.abs(actual.depth[seen] / expected.depth[seen] - 1)
    assert np.quantile(relative, 0.995) < 2e-3


@pytest.mark.parametrize("mode", [m for m in MODES if m != "stochastic"])
def test_a_wall_in_front_hides_everything_and_one_behind_nothing(renderer, mode):
    splats = with_weights(make_splats(200, 0, seed=6))
    bare = draw(renderer, splats, mode=mode)
    front = draw(renderer, Content(splats, (wall(-4.0),), lights=WHITE), mode=mode)
    np.testing.assert_allclose(front.color, 1.0, atol=5e-3)
    np.testing.assert_array_equal(front.alpha, 1.0)
    distance = (-4.0 + 5.0) / CAMERA.world_to_camera[2, 2]  # along the middle of the picture
    assert front.depth[20, 32] == pytest.approx(distance, rel=0.1)
    back = draw(renderer, Content(splats, (wall(9.0),), lights=WHITE), mode=mode)
    np.testing.assert_allclose(back.color, bare.over((1, 1, 1)), atol=8e-3)


@pytest.mark.parametrize("mode", [m for m in MODES if m != "stochastic"])
def test_a_wall_amid_splats_is_the_scene_without_those_behind(renderer, mode):
    splats = with_weights(make_splats(200, 0, seed=6))
    camera = Camera.look_at((0, 0, -5), (0, 0, 0), width=60, height=40)
    depths = splats.means @ camera.world_to_camera[2, :3] + camera.world_to_camera[2, 3]
    amid = draw(renderer, Content(splats, (wall(0.0),), lights=WHITE), camera, mode=mode)
    if mode in ("weighted", "binned", "cells", "learned"):
        hidden = (depths > 5.0).astype(np.float32)[:, None]
        seen = draw(renderer, splats, camera, Paint(np.repeat(1 - hidden, 3, axis=1)), mode=mode)
        assert seen.paint.max() > 0.5  # there is something in front
    if mode == "sorted":
        cut = draw(renderer, splats.take(depths <= 5.0), camera, mode=mode)
        np.testing.assert_allclose(amid.color, cut.over((1, 1, 1)), atol=8e-3)
    veil = np.abs(amid.color - 1.0).max(axis=2) > 0.1
    assert 0.05 < veil.mean() < 0.95


def test_meshes_alone(renderer):
    frame = draw(renderer, Content(no_splats(), (ball(),), lights=WHITE))
    assert frame.alpha[20, 32] == 1.0
    assert frame.alpha[0, 0] == 0.0
    np.testing.assert_allclose(frame.color[20, 32], (0.8, 0.5, 0.3), atol=5e-3)
    assert frame.depth[20, 32] == pytest.approx(np.linalg.norm((1, 1.2, 5)) - 1.0, rel=2e-3)


def test_light_turns_and_brightens(renderer):
    content = Content(no_splats(), (ball(color=(0.5, 0.5, 0.5)),))
    plain = draw(renderer, content).color
    turned = draw(renderer, content, environment_rotation=120.0).color
    bright = draw(renderer, content, environment_exposure=1.0).color
    assert np.abs(plain - turned).max() > 0.05
    assert bright[20, 32].min() > plain[20, 32].max()


def test_lamps_shine_on_what_faces_them(renderer):
    dark = uniform(0.0)
    left, right = ((20, 27), (20, 37))
    lit = draw(
        renderer,
        Content(no_splats(), (ball(),), lights=Lights(dark, (Lamp("point", (-3, 0, -1)),))),
    )
    assert lit.color[left].max() > 4 * lit.color[right].max()
    sun = Lamp("directional", (3, 0, -1), (0.0, 1.0, 0.0), 2.0)
    lit = draw(renderer, Content(no_splats(), (ball(),), lights=Lights(dark, (sun,))))
    assert lit.color[right][1] > 4 * lit.color[left][1]
    assert lit.color[right][0] == 0.0


def test_paint_is_of_splats_and_meshes_hide_it(renderer):
    content = scene()
    values = np.ones((len(content.splats), 6), np.float32)
    frame = draw(renderer, content, paint=Paint(values))
    plain = draw(renderer, Content(content.splats), paint=Paint(values))
    seen = draw(renderer, Content(no_splats(), content.meshes)).alpha > 0
    np.testing.assert_array_equal(frame.paint[..., 3][~seen], plain.paint[..., 3][~seen])
    assert (frame.paint[..., 3][seen] <= plain.paint[..., 3][seen] + 1e-5).all()
    assert frame.paint[..., 3][seen].mean() < 0.7 * plain.paint[..., 3][seen].mean()
    np.testing.assert_array_equal(frame.color, frame.paint[..., :3])
    assert (frame.alpha[seen] == 1.0).all()


@pytest.mark.gl
def test_the_gl_renderer_takes_other_contents_in_turn():
    made = gl_renderer()
    content = scene(80)
    first = draw(made, content)
    draw(made, content.splats)
    draw(made, Content(no_splats(), content.meshes[1:]))
    again = draw(made, content)
    np.testing.assert_array_equal(first.color, again.color)
    many = Lights(lamps=(Lamp(),) * 40)
    with pytest.raises(RenderError, match="40 lamps"):
        draw(made, Content(content.splats, content.meshes, lights=many))
    made.close()


def test_capabilities_say_who_draws_meshes():
    assert Capabilities(frozenset(), "", 1).meshes
