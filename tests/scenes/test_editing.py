"""Nodes, their edits, and what is drawn of them."""

from dataclasses import replace

import numpy as np
import pytest
from make_splats import make_splats, with_weights

from voile.render import Camera, FrameRequest, Settings, create_renderer
from voile.render.metrics import psnr
from voile.scenes import SplatsError
from voile.scenes.bits import Bits
from voile.scenes.flatten import flatten
from voile.scenes.node import Node
from voile.scenes.placement import Placement, PlacementError, axis_angle, from_euler, to_euler
from voile.scenes.recolor import Recolor, RecolorError
from voile.scenes.scene import Scene
from voile.scenes.sh import sh_basis
from voile.scenes.sh_rotation import rotate_sh

TURN = Placement(axis_angle((0.3, -1.0, 0.5), 1.1), (0.4, -0.2, 0.7), 1.6)


def picture(splats, camera, mode="sorted", backend="cpu"):
    renderer = create_renderer(backend)
    renderer.upload(splats)
    frame = renderer.render(FrameRequest(camera, Settings(mode=mode)))
    renderer.close()
    return frame.premultiplied()


def placed_camera(camera, placement):
    """The camera that sees a placed scene as `camera` sees the scene itself."""
    matrix = np.eye(4)
    matrix[:3, :3] = camera.world_to_camera[:3, :3] @ placement.matrix.T
    scaled = placement.scale * camera.world_to_camera[:3, 3]
    matrix[:3, 3] = scaled - matrix[:3, :3] @ np.array(placement.translation)
    return replace(camera, world_to_camera=matrix, near=camera.near * placement.scale)


CAMERA = Camera.look_at((2.0, -2.5, -4.0), (0, 0, 0), width=96, height=72)


@pytest.mark.parametrize("kind", ["3d", "2d"])
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 4])
def test_scene_and_camera_placed_together_are_the_same_picture(degree, kind):
    splats = make_splats(200, degree, kind)
    placed = flatten([Node("a", splats).edited(placement=TURN)]).splats
    before, after = picture(splats, CAMERA), picture(placed, placed_camera(CAMERA, TURN))
    assert psnr(before, after) >= 60.0


def test_colours_that_are_not_turned_are_another_picture():
    """The test above can fail: without rotated harmonics it does."""
    splats = make_splats(200, 3)
    placed = flatten([Node("a", splats).edited(placement=TURN)]).splats
    wrong = placed.with_columns(sh=splats.sh)
    assert psnr(picture(splats, CAMERA), picture(wrong, placed_camera(CAMERA, TURN))) < 40.0


def test_rotated_harmonics_are_the_rotated_function():
    rng = np.random.default_rng(0)
    sh = rng.normal(size=(5, 25, 3)).astype(np.float32)
    directions = rng.normal(size=(40, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    turned = rotate_sh(sh, TURN.matrix)
    before = np.einsum("dk,nkc->ndc", sh_basis(directions @ TURN.matrix, 4), sh)
    after = np.einsum("dk,nkc->ndc", sh_basis(directions, 4), turned)
    np.testing.assert_allclose(after, before, atol=1e-5)


@pytest.mark.parametrize("mode", ["weighted", "learned"])
def test_weights_are_carried_through_placing_and_recolouring(mode):
    splats = with_weights(make_splats(150, 2))
    node = Node("a", splats).edited(placement=TURN)
    placed = flatten([node]).splats
    assert (
        psnr(picture(splats, CAMERA, mode), picture(placed, placed_camera(CAMERA, TURN), mode))
        >= 50.0
    )  # the radius of the scene, which beta is relative to, is that of a box of its own
    brighter = flatten([node.edited(recolor=Recolor(exposure=1.0))]).splats
    np.testing.assert_allclose(brighter.learned.colors, 2 * splats.learned.colors, rtol=1e-5)


def test_weights_are_dropped_with_a_note_where_they_no_longer_hold():
    splats = with_weights(make_splats(30))
    node = Node("a", splats)
    for nodes in ([node.delete(np.arange(30) < 3)], [node, Node("b", make_splats(5))]):
        flat = flatten(nodes)
        assert flat.splats.fitted is None
        assert flat.splats.learned is None
        assert sum("weights" in note for note in flat.notes) == 2
        assert flat.splats.notes == flat.notes


def test_masks_share_every_column_but_the_opacities():
    splats = make_splats(50)
    scene = Scene("s", (Node("a", splats),), "PLY")
    assert scene.splats is splats
    assert scene.pristine
    gone = np.arange(50) % 3 == 0
    edited = scene.with_nodes([scene.nodes[0].delete(gone)])
    for name in ("means", "quats", "scales", "sh"):
        assert getattr(edited.splats, name) is getattr(splats, name)
    np.testing.assert_array_equal(edited.splats.opacities, np.where(gone, 0, splats.opacities))
    # What is drawn is what is left, and what is left is what is saved.
    np.testing.assert_allclose(
        picture(edited.splats, CAMERA), picture(splats.take(~gone), CAMERA), atol=1e-6
    )
    np.testing.assert_array_equal(edited.saved_splats().means, splats.means[~gone])
    assert splats.opacities.min() > 0  # never touched


def test_selecting_draws_nothing_anew():
    scene = Scene("s", (Node("a", make_splats(20)), Node("b", make_splats(10, seed=1))), "PLY")
    turned = scene.with_nodes([scene.nodes[0].edited(placement=TURN), scene.nodes[1]])
    selected = turned.with_nodes([turned.nodes[0].select(np.arange(20) < 5), turned.nodes[1]])
    assert selected.splats is turned.splats


def test_columns_of_one_node_are_kept_while_another_is_edited(monkeypatch):
    import voile.scenes.flatten as module

    nodes = [Node("a", make_splats(20, 1)), Node("b", make_splats(10, 3, seed=1))]
    scene = Scene("s", tuple(nodes), "PLY").with_nodes([nodes[0].edited(placement=TURN), nodes[1]])
    made = []
    real = module.rotate_sh
    monkeypatch.setattr(module, "rotate_sh", lambda *a: made.append(1) or real(*a))
    again = scene.with_nodes([scene.nodes[0], nodes[1].edited(recolor=Recolor(saturation=0.0))])
    assert not made
    assert again.splats.means is scene.splats.means
    fresh = flatten(again.nodes).splats
    np.testing.assert_array_equal(again.splats.sh, fresh.sh)
    assert len(made) == 1
    # Grey: all channels are the same from every direction.
    grey = again.splats.sh[again.flat.spans[1]]
    np.testing.assert_allclose(grey, grey[..., :1].repeat(3, axis=2), atol=1e-6)


def test_nodes_of_other_degree_and_kind_are_joined():
    nodes = [Node("a", make_splats(20, 0)), Node("b", make_splats(10, 2, "2d", seed=1))]
    flat = flatten(nodes)
    assert len(flat.splats) == 30
    assert flat.splats.sh_degree == 2
    assert flat.splats.kind == "mixed"
    np.testing.assert_array_equal(flat.splats.surfels, np.arange(30) >= 20)
    replace(flat.splats)  # valid when it is checked in full
    alone = picture(make_splats(10, 2, "2d", seed=1), CAMERA)
    hidden = flatten([replace(nodes[0], visible=False), nodes[1]])
    assert psnr(alone, picture(hidden.splats, CAMERA)) > 45.0


def test_recolouring_is_exact_for_the_colour_that_is_seen():
    splats = make_splats(40, 3)
    recolor = Recolor(0.5, (1.2, 0.8, 1.0), 1.3, 0.4)
    directions = np.array([[0.6, 0.0, 0.8], [0.0, -1.0, 0.0]])
    basis = sh_basis(directions, 3)
    before = 0.5 + np.einsum("dk,nkc->ndc", basis, splats.sh)
    after = 0.5 + np.einsum("dk,nkc->ndc", basis, recolor.apply_sh(splats.sh))
    wanted = before * 2**0.5 * np.array((1.2, 0.8, 1.0))
    wanted = 0.5 + 1.3 * (wanted - 0.5)
    grey = wanted @ np.array((0.2126, 0.7152, 0.0722))
    wanted = grey[..., None] + 0.4 * (wanted - grey[..., None])
    np.testing.assert_allclose(after, wanted, atol=1e-5)


def test_separated_part_is_where_it_was():
    splats = make_splats(30, 2)
    node = Node("a", splats, rows=Bits(np.arange(60) % 2 == 0)).edited(placement=TURN)
    node = node.select(np.arange(30) < 12)
    rest, part = node.separated(node.selection, "part")
    assert (rest.remaining, len(part), rest.selected, part.selected.count) == (18, 12, None, 12)
    np.testing.assert_array_equal(np.nonzero(part.rows.mask)[0], np.arange(12) * 2)
    both = flatten([rest, part]).splats
    np.testing.assert_allclose(
        picture(both, CAMERA), picture(flatten([node]).splats, CAMERA), atol=1e-6
    )


def test_deleted_splats_are_not_selected():
    node = Node("a", make_splats(10)).delete(np.arange(10) < 4)
    assert node.select(np.ones(10, bool)).selected.count == 6
    assert node.select(np.arange(10) < 4).selected is None


@pytest.mark.parametrize("degree", [0, 3])
def test_everything_of_a_placed_and_recoloured_node_may_be_deleted_and_let_go(degree):
    node = Node("a", with_weights(make_splats(20, degree)))
    node = node.edited(placement=TURN, recolor=Recolor(exposure=1.0, saturation=0.5))
    scene = Scene("a", (node, Node("b", make_splats(5, 1))), "PLY")
    gone = node.delete(np.ones(20, bool)).purged()
    assert len(gone) == 0
    assert len(scene.with_nodes([gone]).splats) == 0
    assert len(scene.with_nodes([gone, scene.nodes[1]]).saved_splats()) == 5


def test_bits_round_trip_and_their_size_is_checked():
    mask = np.random.default_rng(0).random(77) < 0.3
    bits = Bits(mask)
    assert bits.count == mask.sum()
    np.testing.assert_array_equal(Bits.unpack(bits.packed, 77).mask, mask)
    with pytest.raises(ValueError, match="do not hold"):
        Bits.unpack(bits.packed, 100)


def test_placements_follow_each_other():
    other = Placement.about((1.0, 2.0, 3.0), axis_angle((0, 1, 0), 0.4), 0.5)
    points = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    np.testing.assert_allclose(
        TURN.then(other).apply(points), other.apply(TURN.apply(points)), atol=1e-5
    )
    pivot = np.array([[1.0, 2.0, 3.0]], np.float32)
    np.testing.assert_allclose(other.apply(pivot), pivot, atol=1e-6)


@pytest.mark.parametrize("degrees", [(10.0, -20.0, 130.0), (0.0, 90.0, 25.0), (0.0, -90.0, 40.0)])
def test_euler_angles_round_trip(degrees):
    np.testing.assert_allclose(to_euler(from_euler(degrees)), degrees, atol=1e-6)


def test_values_that_place_or_colour_nothing_are_refused():
    with pytest.raises(PlacementError, match="rotation"):
        Placement((0.0, 0.0, 0.0, 0.0))
    with pytest.raises(PlacementError, match="scale"):
        Placement(scale=0.0)
    with pytest.raises(PlacementError, match="translation"):
        Placement(translation=(np.nan, 0.0, 0.0))
    with pytest.raises(RecolorError, match="contrast"):
        Recolor(contrast=-1.0)
    with pytest.raises(RecolorError, match="tint red"):
        Recolor(tint=(np.nan, 1.0, 1.0))
    far = Node("a", make_splats(3)).edited(placement=Placement(translation=(1e39, 0.0, 0.0)))
    with pytest.raises(SplatsError, match="beyond"):
        flatten([far])


def test_scene_without_nodes_is_an_empty_one():
    scene = Scene("s", (Node("a", make_splats(3)),), "PLY").with_nodes([])
    assert len(scene.splats) == 0
    assert not scene.pristine
