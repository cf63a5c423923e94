"""The menu entry of a Linux desktop."""

import configparser
import re
import shlex
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from voile.app import cli
from voile.app.commands import install_desktop
from voile.app.commands.install_desktop import places

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


def test_the_entry_starts_voile_and_has_its_icon(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert cli.run(["install-desktop"]) == 0
    entry, icon = places()
    read = configparser.ConfigParser(interpolation=None)
    read.read(entry)
    values = read["Desktop Entry"]
    assert values["Type"] == "Application"
    program, *rest = shlex.split(values["Exec"])
    assert rest[-2:] == ["view", "%f"]
    assert program.endswith(("voile", "python", "python3")) or "python" in program
    assert values["Icon"] == icon.stem
    assert ElementTree.parse(icon).getroot().tag.endswith("svg")
    assert str(entry) in capsys.readouterr().out
    assert cli.run(["install-desktop", "--remove"]) == 0
    assert not entry.exists()
    assert not icon.exists()
    assert cli.run(["install-desktop", "--remove"]) == 0


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert cli.run(["install-desktop"]) == 1
    assert "cannot be made" in capsys.readouterr().err


def test_odd_names_are_quoted(tmp_path, monkeypatch):
    program = tmp_path / 'a "b" $c 100%' / "python"
    program.parent.mkdir()
    program.with_name("voile").write_text("")
    monkeypatch.setattr(install_desktop.sys, "executable", str(program))
    command = install_desktop._command()
    # Read twice, as the specification says: first the string's escapes, then the quotes.
    once = command.replace("\\\\", "\\").replace("%%", "%")
    assert once.startswith('"')
    assert once.endswith('"')
    assert re.sub(r'\\(["`$\\])', r"\1", once[1:-1]) == str(program.with_name("voile"))
