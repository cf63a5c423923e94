"""What splats wear: given to some, brought along, or the whole scene's."""

from dataclasses import replace

import numpy as np
import pytest
from make_materials import make_material
from make_splats import make_splats

from voile.scenes.bits import Bits
from voile.scenes.coat import Coat, Patch, put_on, same_patches, take_off
from voile.scenes.content import MOST_MATERIALS, ContentError
from voile.scenes.dress import mesh_node
from voile.scenes.mesh import MeshError, make_mesh
from voile.scenes.node import Edits, Node
from voile.scenes.placement import Placement
from voile.scenes.scene import Scene


def coat(name, seed=0):
    return Coat(name, replace(make_material(seed=seed), name=name))


RED, BLUE, GREEN = coat("red", 1), coat("blue", 2), coat("green", 3)
FEW = np.arange(12) < 4
ODD = np.arange(12) % 2 == 1


def scene(**more):
    return Scene(
        "s", (Node("a", make_splats(12)), Node("b", make_splats(5, seed=1))), "PLY", **more
    )


def names(made):
    """(N,) what each splat wears by name, "-" for nothing."""
    content = made.content
    column = content.splats.material
    if column is None:
        return ["-"] * len(content.splats)
    return [content.materials[k].name if k >= 0 else "-" for k in column]


def test_patches_never_share_a_splat_and_are_one_for_each_coat():
    patches = put_on(put_on((), RED, FEW), BLUE, ODD)
    masks = {patch.coat: patch.rows.mask for patch in patches}
    np.testing.assert_array_equal(masks[RED], FEW & ~ODD)
    np.testing.assert_array_equal(masks[BLUE], ODD)
    patches = put_on(patches, Coat("red", RED.material), ~FEW)  # an equal one is the same
    assert sorted(patch.rows.count for patch in patches) == [2, 10]
    patches = put_on(patches, None, np.ones(12, bool))
    assert [(patch.coat, patch.rows.count) for patch in patches] == [(None, 12)]
    assert take_off(patches, np.ones(12, bool)) == ()
    assert put_on((), RED, np.zeros(12, bool)) == ()
    assert not same_patches(patches, (Patch(None, Bits(FEW)),))


def test_what_a_splat_was_given_wins_over_the_scenes_and_nothing_may_be_given():
    made = scene().with_material(RED)
    assert names(made) == ["red"] * 17
    rows = np.zeros(17, bool)
    rows[[2, 3, 12]] = True
    mixed = made.with_material(BLUE, rows)
    assert [k for k, name in enumerate(names(mixed)) if name == "blue"] == [2, 3, 12]
    assert [m.name for m in mixed.content.materials] == ["blue", "red"]  # in both nodes, one entry
    assert mixed.splats is made.splats  # geometry, weights and digests know nothing of it
    assert (made.dress.own, mixed.dress.own) == (0, 3)
    bare = mixed.with_material(None, rows)
    assert names(bare)[2:4] == ["-", "-"]
    assert names(bare).count("red") == 14
    assert [m.name for m in bare.content.materials] == ["red"]
    undressed = bare.with_nodes([n.undress(np.ones(len(n), bool)) for n in bare.nodes])
    assert names(undressed) == ["red"] * 17
    assert names(undressed.with_material(None)) == ["-"] * 17


def test_the_scenes_own_materials_keep_their_numbers():
    splats = replace(make_splats(12), material=np.where(FEW, 1, -1).astype(np.int32))
    own = (RED.material, BLUE.material)
    made = Scene("s", (Node("a", splats), Node("b", make_splats(5, seed=1))), "PLY", materials=own)
    assert names(made) == ["blue"] * 4 + ["-"] * 13
    assert not made.flat.notes
    coated = made.with_material(GREEN).with_material(
        Coat("again", RED.material), np.arange(17) == 9
    )
    assert coated.content.materials == (*own, GREEN.material)
    assert names(coated) == ["blue"] * 4 + ["green"] * 5 + ["red"] + ["green"] * 7
    alone = Scene("s", (Node("a", splats),), "PLY", materials=own)
    assert alone.content.splats is splats
    with pytest.raises(ContentError, match="material 1; the scene has 1"):
        replace(alone, materials=own[:1]).content  # noqa: B018


def test_what_came_with_the_file_can_be_taken_off_and_is_reset():
    numbered = replace(
        make_splats(12),
        material=np.where(FEW, 0, -1).astype(np.int32),
        latent=np.ones((12, 8), np.float32),
    )
    patched = Node("b", make_splats(5, seed=1), coats=(Patch(BLUE, Bits(np.arange(5) < 2)),))
    made = Scene("s", (Node("a", numbered), patched), "PLY", materials=(RED.material,))
    made = made.with_nodes([made.nodes[0].wear(GREEN, ODD), made.nodes[1]])
    assert (made.dress.own, "red" in names(made), "blue" in names(made)) == (10, True, True)
    bare = made.with_nodes([node.stripped() for node in made.nodes])
    assert names(bare) == ["-"] * 17
    assert (bare.dress.own, bare.saved_splats().material) == (0, None)
    green = bare.with_material(GREEN)
    assert names(green) == ["green"] * 17
    alone = Scene("s", (Node("a", numbered),), "PLY", materials=(RED.material,), coat=GREEN)
    assert alone.content.splats.latent[FEW].all()
    alone = alone.with_nodes([alone.nodes[0].stripped()])
    assert not alone.content.splats.latent.any(), "they are of the red that is gone"
    again = green.with_nodes([replace(node, edits=Edits()) for node in green.nodes])
    assert names(again) == ["red"] * 4 + ["green"] * 8 + ["blue"] * 2 + ["green"] * 3


def test_equal_materials_are_one_and_others_of_that_name_get_one_of_their_own():
    twin = Coat("file.vnm", replace(make_material(seed=1), name="red"))
    other = Coat("other.vnm", replace(make_material(seed=5), name="red"))
    made = scene().with_material(RED, np.arange(17) < 3).with_material(twin, np.arange(17) == 5)
    assert [m.name for m in made.content.materials] == ["red"]
    made = made.with_material(other)
    assert [m.name for m in made.content.materials] == ["red", "red 2"]
    assert made.dress.sources == ("red", "other.vnm")


def test_meshes_wear_the_scenes_but_for_their_own_and_unlit_ones():
    corners = np.float64([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    plain = make_mesh(corners, np.array([[0, 1, 2]]))
    meshes = (plain, replace(plain, material="blue"), replace(plain, unlit=True))
    made = scene(materials=(BLUE.material,))
    node = mesh_node("m", meshes, "m.glb", (0.0, -1.0, 0.0), made.materials)
    made = made.with_nodes([*made.nodes, node]).with_material(RED, np.arange(17) < 17)
    assert worn_by_meshes(made) == ["", "blue", ""]
    assert (made.dress.own, made.dress.own_meshes) == (17, 1)
    made = made.with_material(GREEN)
    assert worn_by_meshes(made) == ["green", "blue", ""]
    given = made.with_nodes([*made.nodes[:2], made.nodes[2].wear(RED, np.array([0, 0, 1], bool))])
    assert worn_by_meshes(given) == ["green", "blue", ""], "one without light wears none"
    given = made.with_nodes([*made.nodes[:2], made.nodes[2].wear(RED, np.ones(3, bool))])
    assert worn_by_meshes(given) == ["red", "red", ""]
    bare = made.with_nodes([node.stripped() for node in given.nodes])
    assert worn_by_meshes(bare) == ["green", "green", ""]
    assert given.saved_splats().material_names == ("blue", "red", "green")


def test_meshes_that_stay_are_the_same_ones():
    corners = np.float64([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    mesh = make_mesh(corners, np.array([[0, 1, 2]]), uvs=np.float64([[0, 0], [1, 0], [0, 1]]))
    node = mesh_node("m", [mesh], "m.glb", (0.0, -1.0, 0.0))
    made = scene(coat=GREEN)
    made = made.with_nodes([*made.nodes, node])
    (before,) = made.content.meshes
    deleted = made.with_nodes([made.nodes[0].delete(FEW), *made.nodes[1:]])
    assert deleted.content.meshes[0] is before, "an edit of splats copies no mesh to the GPU"
    turn = Placement((0.5, 0.5, 0.5, 0.5), (1.0, 2.0, 3.0), 2.0)
    moved = made.with_nodes([*made.nodes[:2], node.edited(placement=turn)])
    assert moved.content.splats is made.content.splats
    (after,) = moved.content.meshes
    np.testing.assert_allclose(after.vertices[1], [1, 4, 3], atol=1e-6)  # x is turned to y
    np.testing.assert_allclose(after.normals[0], [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(after.tangents, replace(after).tangents, atol=1e-6)
    assert made.with_nodes(made.nodes).content.meshes[0].vertices is mesh.vertices
    hidden = moved.with_nodes([*made.nodes[:2], replace(moved.nodes[2], visible=False)])
    assert hidden.content.meshes == ()
    far = node.edited(placement=Placement(translation=(1e39, 0.0, 0.0)))
    with pytest.raises(MeshError, match="not finite"):
        made.with_nodes([*made.nodes[:2], far])


def worn_by_meshes(made):
    return [mesh.material for mesh in made.content.meshes]


def test_too_many_materials_are_told_by_name_before_anything_changes():
    made = scene()
    for k in range(MOST_MATERIALS):
        made = made.with_material(coat(f"m{k}", k), np.arange(17) == k)
    last = coat("last", 99)
    for change in (
        lambda: made.with_material(last),
        lambda: made.with_material(last, np.arange(17) == 16),
    ):
        with pytest.raises(ContentError, match=r"9 materials; at most 8.*m0, m1.*last"):
            change()
    assert len(made.content.materials) == MOST_MATERIALS
    # What only deleted splats wear counts no more; bringing them back would be one too many.
    gone = made.with_nodes([made.nodes[0].delete(np.arange(12) == 0), made.nodes[1]])
    full = gone.with_material(last)
    with pytest.raises(ContentError, match="9 materials"):
        full.with_nodes([full.nodes[0].edited(deleted=None), full.nodes[1]])


def test_parts_copies_and_files_take_along_what_they_wear():
    node = Node("a", make_splats(12), coats=(Patch(GREEN, Bits(~FEW)),)).wear(RED, FEW)
    node = node.delete(np.arange(12) == 0).wear(None, np.arange(12) == 11)
    rest, part = node.separated(ODD, "part")
    whole = Scene("s", (rest, part), "PLY")
    wanted = ["red" if k < 4 else "green" for k in range(12)]
    wanted[11] = "-"
    given = names(whole)
    assert [given[k] for k in (2, 4, 6, 8, 10)] == [wanted[k] for k in (2, 4, 6, 8, 10)]
    assert given[12:] == [wanted[k] for k in range(1, 12, 2)]
    assert part.id != rest.id
    purged = Scene("s", (node.purged(),), "PLY")
    assert names(purged) == wanted[1:]
    saved = Scene("s", (node,), "PLY").saved_splats()
    assert saved.material.tolist() == [1] * 3 + [0] * 7 + [-1]  # green came first
    moved = Scene("s", (node.edited(placement=Placement(scale=2.0)),), "PLY")
    assert names(moved)[1:] == wanted[1:]
    assert not node.edits.none


def test_edits_that_change_nothing_of_it_make_no_column_anew():
    made = scene().with_material(RED, np.arange(17) < 3)
    turned = made.with_nodes([n.edited(placement=Placement(scale=2.0)) for n in made.nodes])
    assert turned.dress is made.dress
    assert turned.content.splats.material is made.content.splats.material
    selected = made.with_nodes([made.nodes[0].select(ODD), made.nodes[1]])
    assert selected.content is made.content
