"""Every setting has a flag: of the window, and of a picture where pictures have it."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from voile.app.cli import app
from voile.app.commands.settings_flags import WindowFlags, to_settings
from voile.render.settings import FIELDS, Settings

HINTS = get_type_hints(Settings)
ONE_FLAG = {"background": ("#4080ff", (64 / 255, 128 / 255, 1.0)),
            "transparent": ("transparent", True)}  # fmt: skip


def another(name):
    """A flag's text, and the value that it stands for."""
    field, hint = FIELDS[name], HINTS[name]
    if get_origin(hint) is Literal:
        value = next(v for v in get_args(hint) if v != field.default)
        return str(value), value
    assert field.default is not MISSING
    low, high = field.metadata["low"], field.metadata["high"]
    value = hint(low if field.default != low else high)
    return str(value), value


@pytest.mark.parametrize("command", ["view", "render"])
@pytest.mark.parametrize("name", [f.name for f in fields(Settings)])
def test_every_setting_has_its_flag(command, name):
    if command == "render" and FIELDS[name].metadata["reader"] == "window":
        pytest.skip("of the window alone")
    words = [command, "scene.ply"] + (["-o", "a.png"] if command == "render" else [])
    if name in ONE_FLAG:
        text, value = ONE_FLAG[name]
        words += ["--background", text]
    else:
        text, value = another(name)
        words += [f"--{name.replace('_', '-')}", text]
    _, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    given = bound.arguments
    found = to_settings(given.get("flags", WindowFlags()), given.get("background"))
    if name == "background":
        assert found[name] == pytest.approx(value)
    else:
        assert found[name] == value
    expected = {"background", "transparent"} & found.keys() if name in ONE_FLAG else {name}
    assert found.keys() == expected
