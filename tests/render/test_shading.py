"""Light on materials: the sampling's expectation, lamps, G-buffers, and what settings do."""

from dataclasses import replace

import numpy as np
import pytest
from gl_context import gl_renderer
from make_materials import make_material
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.kernels.constants import LEAST_SLANT, SKY_ROWS
from voile.render import create_renderer
from voile.render.accumulate import accumulates, draw_whole
from voile.render.gl.programs import Programs
from voile.render.materials.decode import decode, unit
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.shading import environment_frame, gbuffer_paint, relights
from voile.render.shading.environment import pixel_directions
from voile.render.shading.lit import Points, facing, latents, light, tangent_frames
from voile.render.shading.sampling import alias_table, radiance, table_of
from voile.render.smooth_normals import smooth_normals
from voile.scenes.builtin.materials import builtin_material
from voile.scenes.content import Content, ContentError, no_splats
from voile.scenes.lights import Lamp, Lights, sky, uniform
from voile.scenes.material import NetShape
from voile.scenes.mesh import make_mesh
from voile.scenes.relearn import relearned

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=36, height=24)
LAMPS = (Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6), Lamp("point", (-1, -1, -2)))


def materials(count=2):
    return tuple(replace(make_material(seed=k), name=f"m{k}") for k in range(count))


def wavy(material: str = "m0"):
    """A bent sheet with texture coordinates that fills most of the view."""
    u, v = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9))
    places = np.stack([3 * u - 1.5, 2 * v - 1, 0.3 * np.sin(5 * u) * np.cos(4 * v)], -1)
    k = np.arange(81).reshape(9, 9)
    a, b, c, d = (part.ravel() for part in (k[:-1, :-1], k[:-1, 1:], k[1:, 1:], k[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    uvs = np.stack([u, v], -1).reshape(-1, 2)
    return make_mesh(
        places.reshape(-1, 3), faces, None, uvs, color=(0.9, 0.8, 1), material=material
    )


def relit(count=250) -> Content:
    """Splats of two materials and of none, about a sheet that has a material as well."""
    splats = with_weights(make_splats(count, 1, seed=8))
    which = np.random.default_rng(1).integers(-1, 2, count).astype(np.int32)
    lights = Lights(sky(), LAMPS)
    return Content(replace(splats, material=which), (wavy("m1"),), materials(), lights)


def points(count=6, seed=0) -> Points:
    rng = np.random.default_rng(seed)
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Points(
        np.arange(count, dtype=np.uint32), rng.normal(size=(count, 3)), normals,
        rng.normal(size=(count, 3)), rng.uniform(size=(count, 1, 2)), np.ones((count, 1)),
        np.full(count, 0.3), np.ones((count, 3)), np.zeros((count, 8)),
    )  # fmt: skip


def eye_for(at: Points) -> np.ndarray:
    """An eye for one point, off its normal."""
    return at.positions[0] + 2.0 * at.normals[0] + [0.4, 0.2, -0.3]


@pytest.mark.parametrize("environment", [sky(), uniform(0.7)])
def test_samples_of_the_environment_add_up_to_the_integral(environment):
    """Both strategies together are unbiased, whatever the net predicts."""
    (material,) = materials(1)
    settings = Settings(light_samples=64, environment_rotation=40.0, environment_exposure=0.5)
    content = Content(no_splats(), materials=(material,), lights=Lights(environment))
    one = points(1)
    eye = eye_for(one)
    many = Points(
        *(np.repeat(getattr(one, name), 300, axis=0) for name in one.__dataclass_fields__)
    )
    many = replace(many, pixels=np.arange(300, dtype=np.uint32))
    drawn = light(material, many, content, eye, settings, 0)

    directions, angles = pixel_directions(180, 360)
    directions, angles = directions.reshape(-1, 3), np.repeat(angles[:, 0], 360)
    turn = environment_frame(content.splats.up, 40.0)
    to_local = tangent_frames(one.normals, one.tangents)[0]
    w = (directions @ turn) @ to_local.T
    w_o = to_local @ ((eye - one.positions[0]) / np.linalg.norm(eye - one.positions[0]))
    z, w_o = (np.broadcast_to(a, (len(w), a.shape[-1])) for a in (latents(material, one), w_o))
    f = decode(material, z, w, w_o) * np.maximum(w[:, 2:], 0)
    exact = (f * radiance(environment, directions) * angles[:, None]).sum(0) * 2**0.5
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - exact) < 4 * error + 5e-3 * exact).all()


def test_lamps_are_exact():
    (material,) = materials(1)
    at = points(1, 3)
    eye = eye_for(at)
    lamp = Lamp(
        "point", tuple(at.positions[0] + 1.5 * at.normals[0] + [0.1, 0.3, 0.2]), intensity=2
    )
    content = Content(no_splats(), materials=(material,), lights=Lights(uniform(0.0), (lamp,)))
    drawn = light(material, at, content, eye, Settings(), 0)[0]
    away = np.array(lamp.place) - at.positions[0]
    distance = np.linalg.norm(away)
    to_local = tangent_frames(at.normals, at.tangents)[0]
    w, w_o = to_local @ (away / distance), to_local @ (eye - at.positions[0])
    f = decode(material, latents(material, at)[0], w, w_o / np.linalg.norm(w_o))
    np.testing.assert_allclose(drawn, f * w[2] * np.pi * 2 / distance**2, rtol=1e-6)


def test_the_table_draws_by_its_densities():
    table = table_of(sky())
    rng = np.random.default_rng(0)
    drawn = table.sample(rng.uniform(size=(200_000, 4)))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1.0)
    _, angles = pixel_directions(SKY_ROWS, 2 * SKY_ROWS)
    assert (table.densities.reshape(SKY_ROWS, -1) * angles).sum() == pytest.approx(1.0, rel=1e-5)
    assert table.densities.min() > 0
    for low, high in ((-1, -0.5), (-0.5, 0.2), (0.2, 1.0)):
        inside = (drawn[:, 1] >= low) & (drawn[:, 1] < high)
        assert np.mean(1 / table.density(drawn[inside])) * inside.mean() == pytest.approx(
            2 * np.pi * (high - low), rel=0.02
        )


def test_alias_tables_keep_the_chances():
    chances = np.random.default_rng(2).uniform(size=37) ** 4
    chances /= chances.sum()
    shares, others = alias_table(chances)
    found = shares / 37
    np.add.at(found, others, (1 - shares) / 37)
    np.testing.assert_allclose(found, chances, atol=1e-12)


def test_smooth_normals_agree_on_a_plane_of_noisy_discs():
    rng = np.random.default_rng(0)
    n = 2000
    splats = make_splats(n, 0)
    splats.means[:] = rng.uniform(-1, 1, (n, 3)) * [1, 1, 0]
    splats.scales[:] = (0.05, 0.05, 0.005)
    tilt = rng.normal(0, 0.15, (n, 2))
    quats = np.column_stack([np.ones(n), tilt, np.zeros(n)])
    splats.quats[:] = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    found = np.abs(smooth_normals(splats, 0.5, 6.0)[:, 2])
    assert np.quantile(np.degrees(np.arccos(np.clip(found, 0, 1))), 0.9) < 20
    own = np.abs(1 - 2 * (splats.quats[:, 1] ** 2 + splats.quats[:, 2] ** 2))
    means = [np.abs(smooth_normals(splats, k, 6.0)[:, 2]).mean() for k in (0.0, 0.25, 0.5, 1.0)]
    assert means[0] == pytest.approx(own.mean(), abs=1e-5)
    assert means == sorted(means)
    assert means[-1] > 0.995
    # The wider the cells the more agree; those of a file are smoothed likewise.
    near, far = (np.abs(smooth_normals(splats, 1.0, reach)[:, 2]).mean() for reach in (1.0, 12.0))
    assert near < means[-1] < far
    tilted = replace(splats, normals=np.tile(np.float32([0, 0.6, 0.8]), (n, 1)))
    np.testing.assert_allclose(np.abs(smooth_normals(tilted, 0.7, 6.0)[:, 2]), 0.8, atol=1e-5)


def test_smooth_normals_do_not_hang_on_rounding():
    """A disc that stands across a plane has no side of it: it must not be on one by 1e-7."""
    count, half = 200, np.float32(np.sqrt(0.5))
    rng = np.random.default_rng(3)
    quats = np.tile(np.float32([1, 0, 0, 0]), (count, 1))
    quats[::10] = half, 0, half, 0  # about y by 90 degrees
    flat = make_splats(count, 0)
    flat = replace(
        flat,
        means=(0.1 * rng.uniform(-1, 1, (count, 3))).astype(np.float32),
        quats=quats,
        scales=np.tile(np.float32([0.1, 0.1, 1e-3]), (count, 1)),
    )
    found = []
    for turn in (-1e-7, 1e-7):
        turned = flat.quats + np.float32(turn) * np.float32([1, 1, -1, 1])
        found.append(smooth_normals(replace(flat, quats=turned), 0.8, 20.0))
    assert (np.abs(found[0][::10, 0]) > 0.1).all()
    np.testing.assert_allclose(*found, atol=1e-5)


BACKENDS = ["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)]


@pytest.fixture(scope="module", params=BACKENDS)
def renderer(request):
    made = gl_renderer() if request.param == "gl" else create_renderer(request.param)
    yield made
    made.close()


def draw(renderer, content, seed=0, **settings):
    renderer.upload(content)
    chosen = Settings(**{"precision": "float32", "bins": 8, **settings})
    return renderer.render(FrameRequest(CAMERA, chosen, depth=True, seed=seed))


def test_relight_goes_from_captured_to_lit_and_keeps_alpha(renderer):
    content = replace(relit(), meshes=())
    captured = draw(renderer, Content(content.splats))
    none = draw(renderer, content, relight=0.0)
    np.testing.assert_array_equal(none.color, captured.color)
    lit, half = draw(renderer, content, relight=1.0), draw(renderer, content, relight=0.5)
    np.testing.assert_allclose(half.color, (lit.color + captured.color) / 2, atol=2e-3)
    np.testing.assert_array_equal(lit.alpha, captured.alpha)
    assert np.abs(lit.color - captured.color).max() > 0.1
    assert "light_samples" in lit.stats
    assert "light_samples" not in captured.stats


def test_splats_without_a_material_stay_as_they_are(renderer):
    content = replace(relit(), meshes=())
    free = replace(content.splats, material=np.full(len(content.splats), -1, np.int32))
    same = draw(renderer, replace(content, splats=free))
    np.testing.assert_array_equal(same.color, draw(renderer, Content(content.splats)).color)
    assert not relights(replace(content, splats=free), Settings())


def ball_of_splats(count=3000):
    """Discs on a ball that are all of the content's one material."""
    rng = np.random.default_rng(5)
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    quats = np.stack([1 + normals[:, 2], -normals[:, 1], normals[:, 0], 0 * normals[:, 0]], 1)
    return replace(
        make_splats(count, 0),
        means=(1.1 * normals).astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=np.tile(np.float32([0.12, 0.12, 0.01]), (count, 1)),
        opacities=np.full(count, 0.95, np.float32),
        material=np.zeros(count, np.int32),
    )


def round_mesh(material: str):
    """A ball of few triangles with the normals of a round one."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 15), np.linspace(0.05, np.pi - 0.05, 9))
    normals = np.stack([np.sin(v) * np.sin(u), np.cos(v), np.sin(v) * np.cos(u)], -1)
    k = np.arange(u.size).reshape(u.shape)
    a, b, c, d = (part.ravel() for part in (k[:-1, :-1], k[:-1, 1:], k[1:, 1:], k[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    normals = normals.reshape(-1, 3)
    uvs = 1.2 * np.stack([u, v], -1).reshape(-1, 2)
    return make_mesh(1.2 * normals, faces, normals, uvs, material=material)


@pytest.mark.parametrize("made_of", ["splats", "triangles"])
def test_silhouettes_have_no_dark_specks(renderer, made_of):
    """A flake that faces away is black; seen along the surface, a pixel has many flakes."""
    material, lights = builtin_material("car-paint"), Lights(uniform(1.0))
    if made_of == "splats":
        content = Content(ball_of_splats(), (), (material,), lights)
    else:
        content = Content(no_splats(), (round_mesh("car-paint"),), (material,), lights)
    renderer.upload(content)
    camera = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=150, height=100)
    settings = Settings(precision="float32", light_samples=16, material_scale=1.2)
    drawn = renderer.render(FrameRequest(camera, settings))
    shown = drawn.color.max(axis=-1)[drawn.alpha > 0.9]
    assert len(shown) > 1500
    assert shown.min() > 0.3 * np.median(shown)


def test_normals_are_tilted_until_they_face_the_viewer():
    rng = np.random.default_rng(4)
    normals, w = (unit(rng.normal(size=(200, 3))) for _ in range(2))
    normals[0], normals[1] = w[0], -w[1]
    found = facing(normals, w)
    slants = np.sum(normals * w, axis=1)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0)
    np.testing.assert_array_equal(found[slants >= LEAST_SLANT], normals[slants >= LEAST_SLANT])
    tilted = slants < LEAST_SLANT
    tilted[1] = False
    np.testing.assert_allclose(np.sum(found * w, axis=1)[tilted], LEAST_SLANT)
    # In the plane of both.
    across = np.cross(normals, w)[tilted]
    np.testing.assert_allclose(np.sum(found[tilted] * across, axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(found[1], w[1])


@pytest.mark.parametrize("name", ["material_tint", "material_scale", "environment_rotation"])
def test_settings_of_light_change_the_picture(renderer, name):
    content = relit(120)
    value = {"material_tint": 1.0, "material_scale": 11.0, "environment_rotation": 70.0}[name]
    assert np.abs(draw(renderer, content, **{name: value}).color
                  - draw(renderer, content).color).max() > 0.02  # fmt: skip


def test_frames_of_other_seeds_add_up(renderer):
    content = relit(60)
    first, second = draw(renderer, content, 0), draw(renderer, content, 1)
    noise = np.abs(first.color - second.color).mean()
    assert noise > 1e-3
    settings = Settings(accumulate=24, light_samples=4)
    whole = draw_whole(renderer, FrameRequest(CAMERA, settings)).color
    other = draw(renderer, content, 77, light_samples=24).color
    assert np.abs(whole - other).mean() < 0.6 * noise
    assert accumulates(settings, content)
    assert not accumulates(settings, Content(content.splats))


@pytest.fixture(scope="module")
def all_renderers():
    made = {"reference": create_renderer("reference"), "cpu": create_renderer("cpu")}
    made["gl"] = gl_renderer()
    yield made
    for each in made.values():
        each.close()


@pytest.mark.gl
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_backends_draw_the_reference(all_renderers, backend, mode):
    """Draws of light are hashed from the pixel: the same directions, so no noise between them."""
    expected, actual = (
        draw(all_renderers[name], relit(), 3, mode=mode) for name in ("reference", backend)
    )
    difference = np.abs(expected.color - actual.color)
    assert difference.mean() <= 0.5 / 255
    assert np.quantile(difference, 0.99) < 0.02


@pytest.mark.parametrize("mode", MODES)
def test_a_gbuffer_is_of_the_splats_that_are_drawn(mode):
    """Mode learned moves, turns and colours them; cells draws the scene's own in another order."""
    content = relit()
    drawn = content.splats
    if mode == "learned":
        drawn = relearned(drawn, drawn.learned)
    found = gbuffer_paint(content, CAMERA, Settings(mode=mode)).values
    wanted = gbuffer_paint(replace(content, splats=drawn), CAMERA, Settings(mode="sorted")).values
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.gl
def test_opengl_keeps_a_gbuffer_for_the_splats_that_it_is_of(all_renderers):
    content, gl = relit(), all_renderers["gl"]
    expected = draw(gl, relit(), mode="learned")
    draw(gl, content, mode="sorted")
    np.testing.assert_array_equal(draw(gl, content, mode="learned").color, expected.color)


@pytest.mark.gl
def test_opengl_has_passes_for_nets_that_are_worn(all_renderers, monkeypatch):
    """Of three materials of three shapes, one on splats, one on the mesh, one on nothing."""
    content, passes = relit(), []
    shapes = NetShape(5, 0, (7,), (4,)), NetShape(), NetShape(8, 1, (16, 16), (8, 8))
    made = tuple(replace(make_material(s, seed=k), name=f"m{k}") for k, s in enumerate(shapes))
    which = np.where(content.splats.material == 0, 2, -1).astype(np.int32)
    splats = replace(content.splats, material=which)
    content = replace(content, splats=splats, materials=made)
    assert (content.worn_by_splats, content.worn_by_meshes) == (made[2:], made[1:2])
    generated = Programs.generated

    def noted(self, name, marker, functions, **defines):
        passes.append(("SPLATS" in defines, functions))
        return generated(self, name, marker, functions, **defines)

    monkeypatch.setattr(Programs, "generated", noted)
    frames = [draw(all_renderers[name], content, seed=5) for name in ("reference", "gl")]
    assert psnr(*(frame.color for frame in frames)) > 40
    assert [by_splats for by_splats, _ in passes] == [True, False]
    assert passes[0][1] != passes[1][1]


def test_what_does_not_fit_is_told():
    good = materials()
    with pytest.raises(ContentError, match="'m9'; there are m0, m1"):
        Content(no_splats(), (wavy("m9"),), good)
    with pytest.raises(ContentError, match="names of their own"):
        Content(no_splats(), (), (good[0], good[0]))
    with pytest.raises(ContentError, match="at most 8"):
        Content(no_splats(), (), materials(9))
    splats = replace(make_splats(3), material=np.array([0, 1, 2], np.int32))
    with pytest.raises(ContentError, match="material 2; there are 2"):
        Content(splats, (), good)
