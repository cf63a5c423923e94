"""One command-line flag per field of `Settings`, made from its metadata."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

from cyclopts import Group, Parameter

from ...render.presets import preset_values
from ...render.settings import Reader, Settings, SettingsError
from ...render.settings_file import load_settings
from ...render.spec import COLORS, parse_color

_OWN_FLAG = {"background", "transparent"}  # one flag, --background COLOR, sets both


def parse_background(text: str) -> tuple[float, float, float] | None:
    """A colour from "black", "white", "grey", "#rrggbb" or "r,g,b" in 0 to 1; None: transparent.

    Raises:
        SettingsError: none of these.
    """
    if text == "transparent":
        return None
    try:
        return parse_color(text)
    except ValueError:
        names = ", ".join(COLORS)
        raise SettingsError(
            f"background {text!r} is no colour; use {names}, transparent, #rrggbb or r,g,b"
        ) from None


def _flag(field: dataclasses.Field[Any]) -> Any:
    low, high, unit = (field.metadata[key] for key in ("low", "high", "unit"))
    span = "" if low is None else f" From {low:g} to {high:g}{' ' + unit if unit else ''}."
    text = f"{field.metadata['help']}{span} [default: {field.default}]"
    return Parameter(help=text, show_default=False)


_HINTS = get_type_hints(Settings)


def _flags_of(name: str, readers: tuple[str, ...]) -> type:
    """A class with a field for each setting that one of `readers` reads; None is not given."""
    return dataclasses.make_dataclass(
        name,
        [
            (f.name, Annotated[_HINTS[f.name] | None, _flag(f)], dataclasses.field(default=None))
            for f in dataclasses.fields(Settings)
            if f.name not in _OWN_FLAG and f.metadata["reader"] in readers
        ],
        frozen=True,
    )


if TYPE_CHECKING:

    class SettingsFlags:
        """Stands for the class made below, which type checkers cannot see into."""

    class WindowFlags:
        """Stands for the class made below, which type checkers cannot see into."""

else:
    SettingsFlags = _flags_of("SettingsFlags", ("frame", "view", "display"))
    WindowFlags = _flags_of("WindowFlags", get_args(Reader))

SETTINGS = Parameter(name="*", accepts_keys=True, group=Group("Settings"))
"""Spreads the fields of a class of flags over flags of their own."""


def to_settings(
    flags: Any,
    background: str | None = None,
    preset: str | None = None,
    file: Path | None = None,
) -> dict[str, Any]:
    """Values of the settings that were asked for, by name: a file's, a preset's, then flags.

    Args:
        flags: a `SettingsFlags` or `WindowFlags`.
        background: what `parse_background` reads.
        preset: name of one that is built in.
        file: settings saved as JSON.

    Raises:
        SettingsError: a value that is not allowed, no such preset, or a file that cannot be read.
    """
    values: dict[str, Any] = {} if file is None else load_settings(file)
    if preset is not None:
        values |= preset_values(preset)
    values |= {k: v for k, v in dataclasses.asdict(flags).items() if v is not None}
    if background is not None:
        color = parse_background(background)
        values |= {"transparent": color is None}
        if color is not None:
            values |= {"background": color}
    Settings.from_dict(values)
    return values
