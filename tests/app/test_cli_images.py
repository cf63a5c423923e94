"""The command line on images made of splats: fit, info, render, convert."""

import json

import numpy as np
import pytest
from make_images import make_image, picture
from PIL import Image

from voile.app.cli import FAILED, INTERRUPTED, OK, run
from voile.scenes.io.vis import load_image, save_image


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(picture(64, 48)).save(path)
    return path


@pytest.fixture
def vis(tmp_path):
    path = tmp_path / "image.vis"
    save_image(make_image(400, (64, 48), 4), path)
    return path


def voile(*arguments):
    return run([str(a) for a in arguments])


def test_fit_then_look_at_it(photo, tmp_path, capsys):
    out = tmp_path / "photo.vis"
    assert voile("fit", photo, "-n", 150, "--steps", 60, "-o", out, "-q") == OK
    assert capsys.readouterr().out == ""
    assert len(load_image(out)) == 150
    assert voile("info", out, "--json") == OK
    facts = json.loads(capsys.readouterr().out)
    assert (facts["width"], facts["height"], facts["splats"]) == (64, 48, 150)
    assert facts["file_bytes"] == out.stat().st_size
    assert voile("info", out) == OK
    assert "150 Gaussians" in capsys.readouterr().out
    assert voile("render", out, "-o", tmp_path / "a.png") == OK
    drawn = np.asarray(Image.open(tmp_path / "a.png"))
    assert drawn.shape == (48, 64, 3)
    assert np.abs(drawn.astype(int) - picture(64, 48)).mean() < 12


def test_fit_says_what_it_found(photo, tmp_path, capsys):
    assert voile("fit", photo, "--bpp", 2, "--steps", 20, "-o", tmp_path / "a.vis") == OK
    said = capsys.readouterr().out
    assert " dB, " in said
    assert "bits a pixel" in said
    assert "20 steps in " in said
    assert voile("fit", photo, "--psnr", 18, "--steps", 30, "-o", tmp_path / "b.vis") == OK


def test_stopped_and_resumed(photo, tmp_path, capsys, monkeypatch):
    from voile.render.image import fit as module
    from voile.scenes import Cancelled

    whole, part = tmp_path / "whole.vis", tmp_path / "part.vis"
    flags = ("-n", 80, "--steps", 40, "--seed", 7)
    assert voile("fit", photo, *flags, "-o", whole, "-q") == OK
    advance = module.Fit.advance

    def stopping(self):
        if self.state.step == 17:
            raise Cancelled
        return advance(self)

    monkeypatch.setattr(module.Fit, "advance", stopping)
    assert voile("fit", photo, *flags, "-o", part) == INTERRUPTED
    assert "--resume --force goes on" in capsys.readouterr().err
    assert part.read_bytes() != whole.read_bytes()
    monkeypatch.undo()
    assert voile("fit", photo, "--resume", "--force", "-o", part, "-q") == OK
    assert part.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "part.vis.fit").exists()


def test_a_hole_is_filled(photo, tmp_path):
    mask = np.zeros((48, 64), np.uint8)
    mask[12:40, 16:52] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    out = tmp_path / "filled.vis"
    flags = ("-n", 200, "--steps", 60, "--mask", tmp_path / "mask.png")
    assert voile("fit", photo, *flags, "-o", out, "-q") == OK
    assert len(load_image(out)) > 200
    assert voile("convert", out, tmp_path / "a.png", "-q") == OK
    drawn = np.asarray(Image.open(tmp_path / "a.png"))
    assert drawn.shape == (48, 64, 4)
    assert (drawn[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("flags", "size"),
    [
        ((), (64, 48)),
        (("--scale", 2.5), (160, 120)),
        (("--size", "50x50"), (50, 50)),
        (("--region", "10,8,20,12", "--scale", 3), (60, 36)),
        (("--detail", 0.25, "--strongest", 4), (64, 48)),
        (("--backend", "reference"), (64, 48)),
    ],
)
def test_render(vis, tmp_path, flags, size):
    out = tmp_path / "a.png"
    assert voile("render", vis, "-o", out, *flags, "-q") == OK
    assert Image.open(out).size == size


def test_regions_are_parts(vis, tmp_path):
    for name, flags in {"a": (), "b": ("--region", "16,16,32,16")}.items():
        assert voile("render", vis, "-o", tmp_path / f"{name}.npy", *flags, "-q") == OK
    whole, part = (np.load(tmp_path / f"{name}.npy") for name in "ab")
    assert np.mean(np.abs(whole[16:32, 16:48] - part) > 1e-3) < 0.01


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("render", "VIS", "-o", "a.png", "--view", "front"), "--view means nothing"),
        (("render", "builtin", "-o", "a.png", "--detail", "0.5"), "--detail means nothing"),
        (("render", "VIS", "-o", "a.png", "--scale", "0"), "--scale is 0"),
        (("render", "VIS", "-o", "a.png", "--scale", "nan"), "--scale is nan"),
        (("render", "VIS", "-o", "a.png", "--scale", "1e6"), "Draw it smaller"),
        (("render", "VIS", "-o", "a.png", "--detail", "2"), "--detail is 2"),
        (("render", "VIS", "-o", "a.png", "--strongest", "11"), "k is 11"),
        (("render", "VIS", "-o", "a.png", "--region", "1,2,3"), "left,top,width,height"),
        (("render", "VIS", "-o", "a.png", "--backend", "paper"), "does not draw images"),
        (("render", "VIS", "-o", "a.jpg"), "is not written"),
        (("convert", "VIS", "a.ply"), "is not written"),
        (("convert", "VIS", "a.png", "--to", "ply"), "holds no image"),
        (("fit", "PHOTO", "-o", "a.vis", "-n", "0"), "count is 0"),
        (("fit", "PHOTO", "-o", "a.vis", "-n", "5", "--bpp", "1"), "give one of them"),
        (("fit", "PHOTO", "-o", "a.vis", "--bits", "40"), "--bits is 40"),
        (("fit", "PHOTO", "-o", "a.vis", "--bpp", "1e-6"), "not room for one"),
        (("fit", "PHOTO", "-o", "a.png"), "is written as .vis"),
        (("fit", "PHOTO", "-o", "no/a.vis"), "does not exist"),
        (("fit", "none.png", "-o", "a.vis"), "none.png"),
        (("fit", "VIS", "-o", "a.vis"), "no picture that Pillow reads"),
        (("fit", "PHOTO", "-o", "a.vis", "--resume"), "a.vis.fit"),
        (("fit", "PHOTO", "-o", "a.vis", "--resume", "-n", "4"), "leave out --count"),
        (("fit", "PHOTO", "-o", "a.vis", "--mask", "VIS"), "no picture that Pillow reads"),
        (("info", "none.vis"), "none.vis"),
    ],
)
def test_one_line_says_what_is_wrong(arguments, words, vis, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    places = {"VIS": vis.name, "PHOTO": photo.name}
    assert run([places.get(a, a) for a in arguments]) == FAILED
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_nothing_is_overwritten(vis, photo, tmp_path, capsys):
    before = vis.read_bytes()
    assert voile("fit", photo, "-n", 5, "--steps", 2, "-o", vis) == FAILED
    assert "exists already" in capsys.readouterr().err
    assert vis.read_bytes() == before


def test_posters_stand_in_a_scene(vis, tmp_path, capsys):
    from make_splats import make_splats

    from voile.scenes.io import save

    scene = tmp_path / "scene.ply"
    save(make_splats(60, 1, seed=2), scene)
    drawn = {}
    for name, poster in {
        "none": (),
        "plain": ("--poster", vis),
        "placed": ("--poster", f"{vis}@0,0,0.5,2,10,20,30"),
        "billboard": ("--poster", f"{vis}@0,0,0.5,2,billboard", "--poster", vis),
    }.items():
        out = tmp_path / f"{name}.png"
        assert voile("render", scene, "-o", out, "--size", "60x40", *poster, "-q") == OK
        drawn[name] = np.asarray(Image.open(out)).astype(int)
    for one, other in [("none", "plain"), ("plain", "placed"), ("placed", "billboard")]:
        assert np.abs(drawn[one] - drawn[other]).mean() > 1
    for place in ("1,2", "a,b,c", "0,0,0,-1", "0,0,0,1,90"):
        flags = ("--poster", f"{vis}@{place}", "--size", "60x40")
        assert voile("render", scene, "-o", tmp_path / "a.png", *flags) == FAILED
        assert "after @ come x,y,z" in capsys.readouterr().err
