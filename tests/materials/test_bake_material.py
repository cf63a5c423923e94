"""Baking: nets in torch are the definition, learning learns, a break loses nothing."""

import numpy as np
import pytest
from make_materials import directions

from voile.app.cli import run
from voile.render.materials.bake import BakeMaterialError, BakeOptions, Baker, bake_material
from voile.render.materials.baking_state import forget, keep, resume, state_path
from voile.render.materials.decode import decode, lookup
from voile.render.materials.library import LIBRARY, texels_of
from voile.render.materials.nets import Nets, Pyramid
from voile.render.materials.proposal import density, propose
from voile.render.materials.quality import held_back_errors
from voile.scenes.errors import Cancelled, SceneFormatError
from voile.scenes.material import NetShape, NeuralMaterial
from voile.scenes.material_file import load_material, material_bytes

torch = pytest.importorskip("torch")

QUICK = BakeOptions(NetShape(hidden=(16, 16), sampler=(8,)), steps=40, batch=32)


@pytest.fixture(scope="module")
def texels():
    return texels_of(LIBRARY["ceramic"](8), 8)


@pytest.mark.parametrize("frames", [0, 2])
def test_torch_and_numpy_evaluate_alike(frames):
    shape = NetShape(frames=frames)
    nets = Nets(torch, shape, 5, 1, "cpu")
    finest = torch.from_numpy(np.random.default_rng(2).normal(size=(8, 8, 8)).astype(np.float32))
    pyramid = Pyramid(torch, finest)
    material = NeuralMaterial("m", shape, tuple(pyramid.arrays()), nets.dense())
    rng = np.random.default_rng(3)
    uv, level = rng.uniform(-2, 2, (200, 2)), rng.uniform(0, 3, 200)
    w_i, w_o = directions(200, 4), directions(200, 5)
    z = lookup(material, uv, level)
    t = [torch.from_numpy(a.astype(np.float32)) for a in (uv, level, z, w_i, w_o)]
    np.testing.assert_allclose(pyramid.at(*t[:2]).numpy(), z, atol=1e-4)
    with torch.no_grad():
        f = nets.reflectance(*t[2:]).numpy()
        lobes = nets.propose(t[2], t[4])
        p = nets.density(lobes, t[3], t[4]).numpy()
    np.testing.assert_allclose(f, decode(material, z, w_i, w_o), rtol=1e-3)
    expected = propose(material, z, w_o)
    np.testing.assert_allclose(lobes[1].numpy(), expected.alpha, atol=1e-5)
    np.testing.assert_allclose(p, density(expected, w_i, w_o), rtol=2e-3)


def test_learning_comes_close_and_reports():
    said = []
    texels = texels_of(LIBRARY["fabric"](8), 8)
    options = BakeOptions(NetShape(), steps=240, batch=256)
    baker = Baker(texels, options, "cup", "a test")
    before = held_back_errors(baker.material(), texels, count=2000)
    baked = baker.run(lambda fraction, stage: said.append((fraction, stage)))
    after = held_back_errors(baked, texels, count=2000)
    coarse = held_back_errors(baked, texels, 2.0, count=1000)
    assert max(after.relative, coarse.relative) < 0.6 * before.relative
    assert (baked.name, baked.made_by, baked.size) == ("cup", "a test", (8, 8))
    assert 0.2 < np.mean(baked.albedo) < 0.8
    fractions, stages = zip(*said)
    assert list(fractions) == sorted(fractions)
    assert "encoder" in stages[1]
    assert "left" in stages[1]
    assert any("loss 0." in stage for stage in stages)
    assert "sampler" in stages[-1]


def test_the_sampler_finds_the_light():
    texels = texels_of({"metal": 1.0, "roughness": (0.15, 0.15)}, 2)
    baked = bake_material(texels, BakeOptions(NetShape(), steps=360, batch=128))
    w_o = directions(200, 6)
    z = lookup(baked, np.full((200, 2), 0.25))
    lobes = propose(baked, z, w_o)
    assert lobes.share.mean() > 0.6  # a metal has no diffuse lobe; it begins at a half
    assert lobes.alpha.mean() < 0.4
    assert lobes.normal[:, 2].mean() > 0.95


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(texels):
    one, two = (material_bytes(bake_material(texels, QUICK)) for _ in range(2))
    other = BakeOptions(QUICK.shape, QUICK.steps, QUICK.batch, seed=1)
    assert one == two
    assert one != material_bytes(bake_material(texels, other))


@pytest.mark.parametrize("stop", [10, 20, 35])
def test_going_on_after_a_break_changes_nothing(texels, tmp_path, stop):
    def until(fraction, stage):
        if fraction >= stop / QUICK.steps:
            raise Cancelled("Baking")

    first = Baker(texels, QUICK)
    with pytest.raises(Cancelled):
        first.run(until)
    keep(first, tmp_path / "a.vnm")
    first.material()  # looking at what there is so far is no part of the bake
    second = Baker(texels, QUICK)
    assert resume(second, tmp_path / "a.vnm")
    assert second.step == stop
    assert material_bytes(second.run()) == material_bytes(bake_material(texels, QUICK))
    forget(tmp_path / "a.vnm")
    assert not resume(second, tmp_path / "a.vnm")


def test_a_state_of_another_bake_or_a_damaged_one_is_refused(texels, tmp_path):
    output = tmp_path / "a.vnm"
    keep(Baker(texels, QUICK), output)
    other = Baker(texels, BakeOptions(QUICK.shape, steps=61, batch=64))
    with pytest.raises(SceneFormatError, match="another material or other options"):
        resume(other, output)
    data = state_path(output).read_bytes()
    for damaged in (b"", b"no state", data[: len(data) // 2]):
        state_path(output).write_bytes(damaged)
        with pytest.raises(SceneFormatError, match="damaged"):
            resume(Baker(texels, QUICK), output)


def test_a_gpu_is_taken_where_there_is_one(texels, monkeypatch):
    """The choice alone: what is asked of torch is asked of that device."""
    baker = Baker(texels, QUICK)
    assert baker.device == ("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    baker.device = "cpu"
    assert baker.device_name == "the CPU"
    baker.device = "cuda"
    assert baker.device_name == "Some GPU"
    asked = []

    def refused(*_size, device=None, **_rest):
        asked.append(device)
        raise RuntimeError("no GPU here")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "tensor", refused)
    with pytest.raises(RuntimeError, match="no GPU here"):
        Baker(texels, QUICK)
    assert asked == ["cuda"]


def test_too_few_steps_are_an_error():
    with pytest.raises(BakeMaterialError, match="3 steps"):
        BakeOptions(steps=3)


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["bake-material", "fabric", "-o", "f.vnm", "--size", "8", "--steps", "20"]
    assert run(command) == 0
    material = load_material("f.vnm")
    assert material.made_by.startswith("voile bake-material fabric --size 8 --steps 20")
    assert not state_path(tmp_path / "f.vnm").exists()
    said = capsys.readouterr().out
    assert "mean relative error" in said
    assert "learning on " in said


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nothing"], "there is no material 'nothing': give ceramic, brushed"),
        (["missing.toml"], "missing.toml: file: cannot be read"),
        (["fabric", "--size", "12"], "12x12; sides must be powers of two"),
        (["fabric", "--steps", "3"], "3 steps"),
        (["fabric", "--size", "1"], "8 is the least"),
        (["fabric", "--size", "8", "--seed", "-1"], "seed -1"),
        (["fabric", "--size", "8", "--frames", "9"], "9 learned frames"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments, text, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["bake-material", *arguments, "-o", "x.vnm"]) == 1
    assert text in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for output, text in ((tmp_path, "is a folder"), (tmp_path / "file" / "a.vnm", "written")):
        assert run(["bake-material", "fabric", "--size", "8", "-o", str(output)]) == 1
        assert text in capsys.readouterr().err


def test_cancelling_keeps_the_best_and_goes_on(tmp_path, capsys, monkeypatch):
    from contextlib import contextmanager

    from voile.app.commands import bake_material as command

    monkeypatch.chdir(tmp_path)

    @contextmanager
    def stopped(progress):
        def report(fraction, stage):
            if fraction >= 0.5:
                raise Cancelled("Baking")

        yield report

    arguments = ["bake-material", "fabric", "-o", "f.vnm", "--size", "8", "--steps", "20"]
    with monkeypatch.context() as patch:
        patch.setattr(command, "interruptible", stopped)
        assert run(arguments) == 130
    partly = load_material("f.vnm")
    assert state_path(tmp_path / "f.vnm").exists()
    assert run(arguments) == 0
    assert "going on from step 10 of 20" in capsys.readouterr().out
    assert material_bytes(load_material("f.vnm")) != material_bytes(partly)
