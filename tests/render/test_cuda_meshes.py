"""Meshes by the CUDA kernels on the host: the surface of the CPU, its textures, its light."""

from dataclasses import replace

import numpy as np
import pytest
from cuda_host import HostCanvas, HostCopy, shared_launcher
from hypothesis import given, settings
from hypothesis import strategies as st
from make_materials import make_material
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings
from voile.render.cpu.renderer import CPURenderer
from voile.render.cuda.meshes import MESH, pack_mesh_view
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.meshes.cpu import draw_meshes
from voile.render.metrics import psnr
from voile.render.posters import posed
from voile.render.reference import ReferenceRenderer
from voile.scenes.content import Content, no_splats
from voile.scenes.lights import Lamp, Lights, sky
from voile.scenes.material import NetShape
from voile.scenes.mesh import make_mesh
from voile.scenes.placement import Placement
from voile.scenes.poster import SEEN, PlacedPoster, Poster
from voile.scenes.texture import Texture

torch = pytest.importorskip("torch")

LAMPS = (Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6), Lamp("point", (-1, -1, -2)))


def view(eye=(1.0, -1.2, -3.0), width=61, height=43, **rest) -> Camera:
    return Camera.look_at(eye, (0, 0, 0), width=width, height=height, **rest)


def triangles(seed: int, count: int, size=1.5, **rest):
    """Large ones, or small ones in places of their own."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-1.5, 1.5, (count, 1, 3)) * (size < 1)
    corners = (places + rng.uniform(-size, size, (count, 3, 3))).reshape(-1, 3)
    n = 3 * count
    return make_mesh(
        corners, np.arange(n).reshape(-1, 3), rng.normal(size=(n, 3)), rng.uniform(0, 1, (n, 2)),
        **rest,
    )  # fmt: skip


def sheet(rows=9, columns=9, z=0.0, bend=0.3, spread=1.0, **rest):
    """A sheet across the view with texture coordinates."""
    v, u = np.mgrid[: rows + 1, : columns + 1] / [[[rows]], [[columns]]]
    places = np.stack([4 * u - 2, 3 * v - 1.5, z + bend * np.sin(5 * u) * np.cos(4 * v)], -1)
    k = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    a, b, c, d = (part.ravel() for part in (k[:-1, :-1], k[:-1, 1:], k[1:, 1:], k[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    uvs = spread * np.stack([u, v], -1).reshape(-1, 2) - 0.4
    return make_mesh(places.reshape(-1, 3), faces, None, uvs, **rest)


def image(**rest) -> Texture:
    rng = np.random.default_rng(3)
    return Texture(rng.integers(0, 256, (12, 20, 4), np.uint8).repeat(3, 0), **rest)


@pytest.fixture(scope="module")
def cuda():
    made = CUDARenderer(Work(torch, shared_launcher()))
    yield made
    made.close()


def request_of(camera, depth=True, **chosen) -> FrameRequest:
    chosen = {"storage": "float32", "light_samples": 2, **chosen}
    return FrameRequest(camera, Settings(**chosen), depth=depth, seed=2)


def content_of(*meshes, splats=None, materials=()) -> Content:
    found = no_splats() if splats is None else splats
    return Content(found, meshes, materials, Lights(sky(), LAMPS))


def assert_the_cpus(cuda, content, camera, pixels=2, **chosen):
    """Depth and mesh in float64 are the CPU's but where rounding decides; light is in float32."""
    given, cpu = request_of(camera, **chosen), CPURenderer(1)
    for each in (cpu, cuda):
        each.upload(content)
    expected, actual = cpu.render(given), cuda.render(given)
    surface = draw_meshes(posed(content, camera).meshes, camera)
    seen = actual.alpha == 1
    if not len(content.splats):
        assert (seen != (surface.mesh >= 0)).sum() <= pixels
    off = np.abs(actual.premultiplied() - expected.premultiplied()).max(axis=2) > 2e-3
    assert off.sum() <= pixels
    assert psnr(actual.premultiplied()[~off], expected.premultiplied()[~off]) >= 70
    far = ~np.isclose(actual.depth, expected.depth, rtol=1e-5, atol=1e-6)
    assert far.sum() <= pixels
    return actual


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(-4, 4), st.floats(-2, 2), st.floats(-4, 4))
def test_what_is_nearest(cuda, seed, x, y, z):
    """Large and small triangles, also from amid them, with corners behind the camera."""
    if abs(x) + abs(z) < 0.1:
        x += 0.5
    meshes = triangles(seed, 12), triangles(seed + 1, 60, 0.1), triangles(seed + 2, 3)
    assert_the_cpus(cuda, content_of(*meshes), view((x, y, z)))


def test_more_large_triangles_than_a_block_takes_at_once(cuda):
    """And a frame whose sides are no multiples of a tile; every pixel shows the nearest of two."""
    near, far = sheet(16, 16, bend=0.1), sheet(12, 12, 0.5, bend=0.6, color=(0.9, 0.2, 0.1))
    camera = view((0.2, 0.1, -3.2), 205, 157)
    actual = assert_the_cpus(cuda, content_of(near, far), camera)
    assert (actual.alpha == 1).mean() > 0.9


def test_of_what_is_equally_near_the_first_is_seen(cuda):
    red, blue = (sheet(4, 4, color=color) for color in ((1, 0, 0), (0, 0, 1)))
    for first, second, channel in ((red, blue, 0), (blue, red, 2)):
        actual = assert_the_cpus(cuda, content_of(first, second), view())
        seen = actual.color[actual.alpha == 1]
        assert (seen.argmax(axis=1) == channel).all()


@pytest.mark.parametrize("wrap", ["repeat", "mirror", "clamp"])
@pytest.mark.parametrize("distance", [1.5, 4.0, 30.0])
def test_textures_near_and_far(cuda, wrap, distance):
    """Their levels, what lies beyond them, and what is cut out, which shows what is behind it."""
    textured = sheet(3, 3, spread=3.0, texture=image(wrap=(wrap, "repeat")), color=(0.9, 0.7, 1.0))
    holes = sheet(2, 2, -0.5, texture=image(wrap=("repeat", wrap), cutoff=0.5))
    holes = replace(holes, unlit=True)
    camera = view((0.3, 0.2, -distance))
    actual = assert_the_cpus(cuda, content_of(holes, textured), camera)
    alone = assert_the_cpus(cuda, content_of(textured), camera)
    assert 0.0005 < (np.abs(actual.color - alone.color).max(axis=2) > 0.05).mean() < 0.95


@pytest.mark.parametrize("mode", ["sorted", "weighted"])
def test_meshes_among_splats_and_billboards(cuda, mode):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 4), np.uint8) | [0, 0, 0, 255]
    poster = Poster(Texture(pixels.astype(np.uint8), ("clamp", "clamp"), SEEN), billboard=True)
    content = content_of(sheet(z=0.6), splats=make_splats(150, 1, seed=3))
    content = replace(content, posters=(PlacedPoster(poster, Placement(scale=1.2)),))
    for eye in ((1.0, -1.2, -3.0), (-1.5, 0.4, -2.5)):
        assert_the_cpus(cuda, content, view(eye), mode=mode)


def test_light_on_meshes_is_the_references(cuda):
    """Materials of two shapes, tinted, beside matte and unlit ones, at a slant and from behind."""
    shapes = NetShape(), NetShape(5, 0, (7,), (4,))
    named = tuple(replace(make_material(s, seed=k), name=f"m{k}") for k, s in enumerate(shapes))
    content = content_of(
        sheet(material="m0", color=(0.9, 0.8, 1.0)),
        sheet(5, 5, 0.4, material="m1", texture=image()),
        triangles(4, 4), replace(triangles(5, 3), unlit=True), triangles(6, 9, 0.3, material="m0"),
        materials=named,
    )  # fmt: skip
    reference = ReferenceRenderer()
    for eye in ((1.0, -1.2, -3.0), (3.0, 0.1, -0.4), (0.5, 0.3, 3.0)):
        given = request_of(view(eye))
        for each in (reference, cuda):
            each.upload(content)
        expected, actual = reference.render(given), cuda.render(given)
        # A random number within rounding of a share draws another direction, and an edge is one.
        off = np.abs(actual.color - expected.color).max(axis=2) > 4e-3
        assert off.mean() < 5e-3
        assert psnr(actual.color[~off], expected.color[~off]) >= 70
        assert actual.stats["light_samples"] == 2


def test_nothing_to_see(cuda):
    """No faces, none that is seen, none in the frame, and none any more."""
    flat = make_mesh(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    empty = make_mesh(np.zeros((0, 3)), np.zeros((0, 3), int))
    away = sheet(z=-9.0)
    for meshes in ((empty,), (empty, flat), (flat, away, empty)):
        actual = assert_the_cpus(cuda, content_of(*meshes), view())
        assert (actual.alpha == 0).all()
    content = content_of(empty, sheet(), empty, triangles(3, 5, 0.1), empty)
    assert (assert_the_cpus(cuda, content, view()).alpha == 1).any()
    cuda.upload(content_of())
    assert (cuda.render(request_of(view())).alpha == 0).all()


class Counted:
    """A launcher whose sends are counted, and whose graphs do again what was captured."""

    def __init__(self):
        self._launcher = shared_launcher()
        self.sent, self.captures = [], 0

    def __getattr__(self, name):
        return getattr(self._launcher, name)

    def send(self, tensor, array):
        self.sent.append(array.nbytes)
        self._launcher.send(tensor, array)

    def capture(self, work):
        self.captures += 1
        return work


def test_frames_with_meshes_and_light_are_replayed_and_nobody_waits(monkeypatch):
    """The camera moves, and lamps; all that is sent is some numbers."""
    launcher = Counted()
    renderer = CUDARenderer(Work(torch, launcher))
    material = replace(make_material(), name="m0")
    splats = replace(make_splats(200, 1, seed=3), material=np.arange(200, dtype=np.int32) % 3 - 1)
    named = material, replace(make_material(seed=1), name="m1")
    mesh = sheet(40, 40, 0.4, material="m0", texture=image())
    content = content_of(mesh, splats=splats, materials=named)
    renderer.upload(content)
    renderer.render(request_of(view()))
    monkeypatch.setattr(HostCopy, "late", 1)
    shown = []
    for frame in range(8):
        if frame == 4:
            launcher.sent.clear()
        camera = view((1.0 + 0.05 * frame, -1.2, -3.0))
        canvas = HostCanvas(camera.width, camera.height)
        lamps = (LAMPS[0], replace(LAMPS[1], intensity=1.0 + frame))
        renderer.upload(replace(content, lights=Lights(content.lights.environment, lamps)))
        request = replace(request_of(camera, depth=False), seed=frame)
        drawn = renderer.draw(request, canvas)
        assert drawn.outcome(False) is None
        shown.append((request, lamps, canvas.pixels))
    assert launcher.captures == 2, "one for each lane"
    assert sum(launcher.sent) < 4 * 2000
    plain = CUDARenderer(Work(torch, shared_launcher()))
    for request, lamps, pixels in shown:
        plain.upload(replace(content, lights=Lights(content.lights.environment, lamps)))
        np.testing.assert_array_equal(pixels, plain.render(request).premultiplied())
    assert {"meshes", "shade"} <= set(drawn.outcome(True).timings)
    renderer.close()
    plain.close()


def test_meshes_and_cameras_lie_as_the_kernels_read_them():
    assert MESH.itemsize == 96
    assert MESH.fields["first"][1] == 56
    packed = pack_mesh_view(view(near=0.25))
    np.testing.assert_array_equal(packed[16:19], [61, 43, 0.25])
    np.testing.assert_allclose(packed[19:], (1.0, -1.2, -3.0))
