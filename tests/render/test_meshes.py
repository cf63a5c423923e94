"""Meshes: the kernels against rays, edges without gaps, corners behind the camera, bad files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voile import Camera, SceneFormatError
from voile.kernels.cpu.workers import Workers
from voile.render.meshes import reference
from voile.render.meshes.cpu import draw_meshes
from voile.scenes.io.mesh import load_meshes
from voile.scenes.mesh import MeshError, make_mesh

trimesh = pytest.importorskip("trimesh")


def view(eye=(1.0, -1.2, -3.0), width=61, height=43, **rest) -> Camera:
    return Camera.look_at(eye, (0, 0, 0), width=width, height=height, **rest)


def triangles(seed: int, count: int = 12):
    rng = np.random.default_rng(seed)
    n = 3 * count
    return make_mesh(
        rng.uniform(-1.5, 1.5, (n, 3)),
        np.arange(n).reshape(-1, 3),
        rng.normal(size=(n, 3)),
        rng.uniform(0, 1, (n, 2)),
    )


def ball():
    made = trimesh.creation.icosphere(subdivisions=2)
    return make_mesh(made.vertices, made.faces)


def same(found, expected, pixels=2) -> None:
    """Equal but for pixels whose centre is within rounding of an edge."""
    other = found.mesh != expected.mesh
    assert other.sum() <= pixels
    both = ~other & (found.mesh >= 0)
    np.testing.assert_allclose(found.depth[both], expected.depth[both], rtol=1e-5)
    near = np.abs(found.uvs - expected.uvs).max(axis=-1)[both] > 1e-4
    assert near.sum() <= pixels
    turned = np.abs(found.normals - expected.normals).max(axis=-1)[both] > 1e-4
    assert turned.sum() <= pixels
    wide = ~np.isclose(found.footprints, expected.footprints, rtol=2e-3, atol=1e-6)[both]
    assert wide.sum() <= pixels


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(-4, 4), st.floats(-2, 2), st.floats(-4, 4))
def test_what_rays_meet(seed, x, y, z):
    """Also from amid the triangles, with corners behind the camera."""
    if abs(x) + abs(z) < 0.1:
        x += 0.5
    meshes = [triangles(seed), triangles(seed + 1, 3)]
    camera = view((x, y, z))
    same(draw_meshes(meshes, camera), reference.draw_meshes(meshes, camera))


def test_a_closed_surface_has_no_gaps():
    camera = view(width=200, height=200)
    surface = draw_meshes([ball()], camera)
    seen = surface.mesh >= 0
    # Rows of a convex body are one piece each.
    steps = np.abs(np.diff(seen.astype(int), axis=1)).sum(axis=1)
    assert set(steps[seen.any(axis=1)]) <= {2}
    # The normals of a ball look outwards, and at the camera.
    assert np.isfinite(surface.depth[seen]).all()
    assert np.isinf(surface.depth[~seen]).all()


def test_pixels_on_the_seam_of_two_triangles_are_covered():
    """The diagonal of this wall runs through the centres of pixels."""
    wall = 40 * np.float64([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    mesh = make_mesh(wall, np.array([[0, 1, 2], [0, 2, 3]]))
    camera = view((0, 0, -5), 60, 40)
    assert (draw_meshes([mesh], camera).mesh == 0).all()
    assert (reference.draw_meshes([mesh], camera).mesh == 0).all()


def test_from_inside_every_pixel_is_covered_and_normals_are_turned():
    camera = view((0.1, 0.05, -0.2))
    surface = draw_meshes([ball()], camera)
    assert (surface.mesh == 0).all()
    rays = reference._rays(camera, 0.5, 0.5)
    assert (np.sum(rays * surface.normals, axis=-1) < 0).all()


def test_the_nearer_mesh_is_seen_whatever_the_order():
    camera = view((0, 0, -5))
    wall = np.float64([[-9, -9, 0], [9, -9, 0], [9, 9, 0], [-9, 9, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    near, far = make_mesh(wall + [0, 0, 1], faces), make_mesh(wall + [0, 0, 2], faces)
    for meshes, number in (([near, far], 0), ([far, near], 1)):
        surface = draw_meshes(meshes, camera)
        assert (surface.mesh == number).all()
        np.testing.assert_allclose(surface.depth, 6, rtol=1e-6)


def test_footprint_is_a_pixel_on_the_texture():
    """A wall of 2 x 2 units with one texture, 5 units away: a pixel is 5 / f / 2 of it."""
    wall = np.float64([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    uvs = (wall[:, :2] + 1) / 2
    mesh = make_mesh(wall, np.array([[0, 1, 2], [0, 2, 3]]), None, uvs)
    camera = view((0, 0, -5))
    surface = draw_meshes([mesh], camera)
    seen = surface.mesh == 0
    np.testing.assert_allclose(surface.footprints[seen], 5 / camera.fx / 2, rtol=1e-5)


def test_the_same_bytes_for_any_number_of_threads():
    meshes, camera = [triangles(5, 60), ball()], view(width=150, height=110)
    one, three = (draw_meshes(meshes, camera, Workers(n)) for n in (1, 3))
    for name in ("depth", "mesh", "uvs", "normals", "footprints"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))


def test_nothing_and_triangles_without_area():
    camera = view()
    assert (draw_meshes([], camera).mesh == -1).all()
    empty = make_mesh(np.zeros((3, 3)), np.zeros((0, 3), int))
    flat = make_mesh(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    assert (draw_meshes([empty, flat], camera).mesh == -1).all()


def test_placing_turns_normals_with_the_surface():
    mesh = ball()
    matrix = np.diag([2.0, 1.0, 0.5, 1.0])
    matrix[:3, 3] = 1, 2, 3
    placed = mesh.placed(matrix)
    np.testing.assert_allclose(placed.vertices, mesh.vertices * [2, 1, 0.5] + [1, 2, 3], rtol=1e-5)
    again = make_mesh(placed.vertices, placed.faces)
    assert (np.sum(again.normals * placed.normals, axis=1) > 0.98).all()
    with pytest.raises(MeshError, match="inverse"):
        mesh.placed(np.diag([1.0, 1, 0, 1]))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"faces": np.array([[0, 1, 3]])}, "faces"),
        ({"faces": np.array([[0.0, 1, 2]])}, "faces"),
        ({"vertices": np.full((3, 3), np.nan)}, "vertices"),
        ({"uvs": np.zeros((2, 2))}, "uvs"),
    ],
)
def test_bad_arrays_are_named(change, word):
    values = {"vertices": np.eye(3), "faces": np.array([[0, 1, 2]]), "uvs": np.zeros((3, 2))}
    values |= change
    with pytest.raises(MeshError, match=word):
        make_mesh(values["vertices"], values["faces"], None, values["uvs"])


@pytest.mark.parametrize("suffix", [".glb", ".obj", ".stl"])
def test_files(tmp_path, suffix):
    box = trimesh.creation.box((1, 2, 3))
    path = tmp_path / f"box{suffix}"
    if suffix == ".glb":
        scene = trimesh.Scene()
        matrix = np.eye(4)
        matrix[:3, 3] = 5, 0, 0
        scene.add_geometry(box, transform=matrix)
        scene.export(path)
    else:
        box.export(path)
    meshes = load_meshes(path)
    assert len(meshes) == 1
    middle = (5, 0, 0) if suffix == ".glb" else (0, 0, 0)
    np.testing.assert_allclose(
        (meshes[0].vertices.min(0) + meshes[0].vertices.max(0)) / 2, middle, atol=1e-6
    )
    np.testing.assert_allclose(np.ptp(meshes[0].vertices, axis=0), (1, 2, 3), rtol=1e-5)
    assert len(meshes[0].faces) == 12


def test_textured_obj_has_its_coordinates(tmp_path):
    path = tmp_path / "quad.obj"
    path.write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
        "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
    )
    (mesh,) = load_meshes(path)
    by_vertex = {tuple(v[:2]): tuple(uv) for v, uv in zip(mesh.vertices, mesh.uvs)}
    assert by_vertex == {(0, 0): (0, 0), (1, 0): (1, 0), (1, 1): (1, 1), (0, 1): (0, 1)}


@pytest.mark.parametrize("kind", ["missing", "cut", "text", "points", "empty"])
def test_bad_files_are_told(tmp_path, kind):
    path = tmp_path / "mesh.glb"
    if kind == "cut":
        whole = trimesh.Scene(trimesh.creation.box()).export(file_type="glb")
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "text":
        path.write_text("no mesh")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "points":
        trimesh.Scene(trimesh.PointCloud(np.eye(3))).export(path)
    with pytest.raises(SceneFormatError) as told:
        load_meshes(path)
    assert told.value.path == path
    assert told.value.fix
