"""The GLSL loader: includes, defines, and errors that name the file and the line."""

import os

import pytest

from voile import shaders
from voile.scenes import VoileError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shaders, "_root", lambda: tmp_path)
    return tmp_path


def test_include_is_resolved_once_with_line_directives(folder):
    (folder / "common.glsl").write_text("float one() { return 1.0; }\n")
    (folder / "main.comp").write_text(
        '// top\n#include "common.glsl"\n#include "common.glsl"\nend\n'
    )
    source = shaders.load("main.comp")
    assert source.text.splitlines() == [
        "#version 430 core",
        "#line 1 0",
        "// top",
        "#line 1 1",
        "float one() { return 1.0; }",
        "#line 3 0",
        "#line 4 0",
        "end",
    ]
    assert source.files == ("main.comp", "common.glsl")


def test_defines_come_before_the_first_line(folder):
    (folder / "a.frag").write_text("void main() {}\n")
    text = shaders.load("a.frag", {"N": 3, "X": 1 / 255, "ON": True, "OFF": False}).text
    assert text.startswith("#version 430 core\n#define N 3\n#define X 0.00392156862745098\n")
    assert "#define ON 1\n" in text
    assert "OFF" not in text


def test_missing_shader_and_missing_include_are_named(folder):
    (folder / "a.comp").write_text('#include "nowhere.glsl"\n')
    with pytest.raises(shaders.ShaderError, match=r"'b\.comp'; there are a\.comp"):
        shaders.load("b.comp")
    with pytest.raises(shaders.ShaderError, match=r"'nowhere\.glsl', included by a\.comp"):
        shaders.load("a.comp")
    assert issubclass(shaders.ShaderError, VoileError)


def test_a_cycle_shows_its_path(folder):
    (folder / "a.comp").write_text('#include "b.glsl"\n')
    (folder / "b.glsl").write_text('#include "a.comp"\n')
    with pytest.raises(shaders.ShaderError, match=r"a\.comp -> b\.glsl -> a\.comp"):
        shaders.load("a.comp")


@pytest.mark.parametrize(
    "log",
    ["1:2(5): error: `x' undeclared", "1(2) : error C1503: undefined", "ERROR: 1:2: 'x' : unknown"],
    ids=["mesa", "nvidia", "amd"],
)
def test_driver_logs_are_turned_into_file_line_and_text(folder, log):
    (folder / "a.comp").write_text('#include "b.glsl"\nvoid main() {}\n')
    (folder / "b.glsl").write_text("// one\nfloat y = x;\n")
    text = str(shaders.load("a.comp").error(log))
    assert "shader a.comp does not compile" in text
    assert "b.glsl:2: float y = x;" in text


def test_an_edit_makes_a_source_stale(folder):
    (folder / "a.comp").write_text('#include "b.glsl"\n')
    (folder / "b.glsl").write_text("one\n")
    source = shaders.load("a.comp")
    assert not source.is_stale()
    os.utime(folder / "b.glsl", (1, source.modified + 5))
    assert source.is_stale()


def test_every_shader_of_the_package_loads_and_opens_with_a_comment():
    names = shaders.names()
    assert {"splat_project.comp", "splat_draw.vert", "modes/sorted.frag"} <= set(names)
    for name in names:
        source = shaders.load(name)
        assert source.text.splitlines()[2].startswith("//"), name
