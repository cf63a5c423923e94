"""Texts of errors: one line that any terminal can show, whatever the file says."""

import os

import pytest
from make_splats import make_splats

import voile
from voile.scenes import SceneFormatError
from voile.scenes.errors import LONGEST, plain
from voile.scenes.json_text import JsonError, decode
from voile.scenes.scene import open_scene


def test_what_cannot_be_printed_is_escaped():
    assert plain("a\x1b[31m\n\0é名") == "a\\x1b[31m\\n\\x00é名"
    assert plain("\ud800") == "\\ud800"
    assert "\u202e" not in plain("\u202e")  # turns the direction of what follows


def test_what_is_long_loses_its_middle():
    text = plain("a" * 1000 + "b" * 1000)
    assert text == "a" * (LONGEST // 2) + " ... " + "b" * (LONGEST // 2)
    assert plain("a" * LONGEST) == "a" * LONGEST


def test_a_damaged_header_cannot_write_to_the_terminal(tmp_path):
    path = tmp_path / "a.ply"
    head = b"ply\nformat ascii 1.0\nelement \x1b[2J 1\nproperty float x\nend_header\n1\n"
    path.write_bytes(head)
    with pytest.raises(SceneFormatError) as caught:
        voile.load(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (b"[" * 100_000, list, "nested too deeply"),
        (b'["\xff\xfe"]', list, "UTF-8"),
        (b"\xff\xfe[\0]\0", list, "byte 0"),
        (b"", list, "truncated"),
        (b'["a", 3]', list[str], r"Expected `str`, got `int` at \[1\]"),
    ],
)
def test_json_that_is_none(text, kind, words):
    with pytest.raises(JsonError, match=words):
        decode(text, kind)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_only_files_are_replaced_and_links_lead_to_them(tmp_path):
    real, link, pipe = tmp_path / "real.ply", tmp_path / "link.ply", tmp_path / "pipe.ply"
    real.write_bytes(b"before")
    link.symlink_to(real)
    voile.save(make_splats(5), link)
    assert link.is_symlink()
    assert len(voile.load(real)) == 5
    os.mkfifo(pipe)
    with pytest.raises(SceneFormatError, match=r"pipe\.ply.*no file but a device or a pipe"):
        voile.save(make_splats(5), pipe)
    assert pipe.is_fifo()


def test_names_as_long_as_the_file_system_takes(tmp_path):
    path = tmp_path / ("n" * 251 + ".ply")
    voile.save(make_splats(5), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    voile.Camera.look_at((0, 0, 1), (0, 0, 0)).save(path.with_suffix(".jsn"))
    assert len(open_scene(path).splats) == 5  # which looks for weights beside it, of a longer name
