"""One command-line flag per field of `Settings`, made from its metadata."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from cyclopts import Group, Parameter

from ...render.settings import Settings, SettingsError
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
    span = "" if low is None else f" From {low} to {high}{' ' + unit if unit else ''}."
    return Parameter(help=field.metadata["help"] + span, show_default=True)


_HINTS = get_type_hints(Settings)

if TYPE_CHECKING:

    class SettingsFlags:
        """Stands for the class made below, which type checkers cannot see into."""

else:
    SettingsFlags = dataclasses.make_dataclass(
        "SettingsFlags",
        [
            (f.name, Annotated[_HINTS[f.name], _flag(f)], dataclasses.field(default=f.default))
            for f in dataclasses.fields(Settings)
            if f.name not in _OWN_FLAG
        ],
        frozen=True,
    )

SETTINGS = Parameter(name="*", accepts_keys=True, group=Group("Settings"))
"""Spreads the fields of `SettingsFlags` over flags of their own."""


def to_settings(flags: Any, background: tuple[float, float, float] | None) -> Settings:
    """`Settings` from the flags. Raises SettingsError: a value out of its range."""
    color = {"transparent": True} if background is None else {"background": background}
    return Settings.from_dict({**dataclasses.asdict(flags), **color})
