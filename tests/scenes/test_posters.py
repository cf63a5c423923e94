"""Posters as nodes of a scene: they have no splats, and cost the splats beside them nothing."""

from dataclasses import replace

import numpy as np
import pytest
from make_images import make_image
from make_splats import make_splats, with_weights

from voile.render import Camera
from voile.render.image.poster import load_poster, make_poster
from voile.render.posters import facing, posed
from voile.scenes import SceneFormatError
from voile.scenes.content import Content, no_splats
from voile.scenes.io.vis import save_image
from voile.scenes.node import Node
from voile.scenes.placement import Placement
from voile.scenes.poster import SEEN, PlacedPoster
from voile.scenes.scene import Scene, poster_node

WHERE = Placement(translation=(1.0, 2.0, 3.0), scale=2.0)


@pytest.fixture(scope="module")
def poster():
    return make_poster(make_image(60, (40, 30), 4, seed=3))


@pytest.fixture
def scene():
    return Scene("a", (Node("a", with_weights(make_splats(30, 1)), "a.ply"),), "made")


def test_splats_are_shared_and_weights_hold(scene, poster):
    added = scene.with_nodes([poster_node("p", poster, "p.vis", WHERE), *scene.nodes])
    assert added.splats is scene.splats
    assert added.splats.learned is not None
    assert added.pristine
    assert [each.stop - each.start for each in added.flat.spans] == [0, 30]
    assert [p.placement for p in added.content.posters] == [WHERE]
    assert len(added.saved_splats()) == 30


def test_only_what_posters_change_is_another_content(scene, poster):
    node = poster_node("p", poster, "p.vis", WHERE)
    scene = scene.with_nodes([*scene.nodes, node])
    assert scene.with_nodes([scene.nodes[0], replace(node, name="q")]).content is scene.content
    hidden = scene.with_nodes([scene.nodes[0], replace(node, visible=False)])
    assert not hidden.content.posters[0].shown
    moved = scene.with_nodes([scene.nodes[0], node.edited(placement=Placement())])
    assert moved.splats is scene.splats
    assert moved.content.posters[0].placement == Placement()
    assert moved.with_look(None, moved.lights).content.posters == moved.content.posters


def test_edits_of_splats_keep_the_poster(scene, poster):
    first, node = scene.nodes[0], poster_node("p", poster, "p.vis", WHERE)
    scene = scene.with_nodes([first, node])
    deleted = scene.with_nodes([first.delete(np.arange(30) < 4), node])
    assert (deleted.splats.opacities[:4] == 0).all()
    assert deleted.splats.sh is scene.splats.sh
    assert len(deleted.content.posters) == 1
    alone = scene.with_nodes([node])
    assert len(alone.splats) == 0
    assert len(alone.content.posters) == 1
    assert len(scene.reweighed(scene.splats).nodes) == 2


@pytest.mark.parametrize("billboard", [False, True])
def test_it_stands_as_it_is_told(poster, billboard):
    """Width and height of the image, its longer side the scale, upright where it faces a camera."""
    camera = Camera.look_at((0, -3, 9), (1, 2, 3), width=50, height=50)
    placement = WHERE if billboard else facing(camera, np.array([1.0, 2.0, 3.0]), 2.0)
    placed = PlacedPoster(replace(poster, billboard=billboard), placement)
    content = Content(no_splats(), posters=(placed,))
    mesh = posed(content, camera).meshes[0]
    assert posed(content, camera) is posed(content, camera)
    view = mesh.vertices @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    assert np.allclose(view[:, 2], view[0, 2], atol=1e-5)
    across, up = view[1] - view[0], view[3] - view[0]
    assert np.allclose(across, [2, 0, 0], atol=1e-5)
    assert np.allclose(up, [0, -1.5, 0], atol=1e-5)  # y is down in the camera


@pytest.mark.parametrize(
    ("size", "texture"),
    [((40, 30), (160, 120)), ((900, 600), (1800, 1200)), ((3000, 8), (3000, 8))],
)
def test_images_are_decoded_finer_than_they_are(size, texture):
    splats = make_image(300, size, 3, widest=300)
    assert make_poster(splats).texture.size == texture


def test_alpha_decides_whether_it_is_opaque(poster):
    assert not poster.opaque
    assert poster.texture.cutoff == SEEN
    assert replace(poster, solid=True).opaque
    full = make_image(50, (20, 20), 3, widest=60)
    full = replace(full, inverse_scales=np.full_like(full.inverse_scales, 0.01))
    assert make_poster(full).opaque


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "a.vis"
    save_image(make_image(9, (8, 8), 3), path)
    assert load_poster(path).texture.size == (32, 32)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SceneFormatError, match=r"a\.vis"):
        load_poster(path)
