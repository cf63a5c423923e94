"""Presets: values of many settings under one name, from fast to exact.

A preset says all settings of the panels in `PANELS` but those in `OWN`: the fields that it does not
name get their default, so that no preset depends on the one before. What a person sets to taste
(background, exposure, angle of view) is not part of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .settings import Settings, SettingsError, tree

PANELS = ("Quality", "Blending")

OWN = ("splat_scale", "frame_rate", "fallback")
"""Settings of those panels that are a matter of taste."""

NAMES = tuple(
    name
    for panel in PANELS
    for names in tree()[panel].values()
    for name in names
    if name not in OWN
)
"""What a preset says."""

PRESETS: dict[str, dict[str, Any]] = {
    "Fast": {
        "render_scale": 0.5,
        "max_sh_degree": 1,
        "frustum": "near",
        "min_pixels": 0.1,
        "min_alpha": 0.02,
        "storage": "uint8",
    },
    "Balanced": {},
    "Best": {"precision": "float32", "storage": "float32", "render_scale": 1.5},
    "Exact": {"precision": "float32", "storage": "float32"},
}
"""What each differs by from the defaults."""

SUMMARIES = {
    "Fast": "Half the pixels along each side, less gloss, no tiny or faint splats",
    "Balanced": "Every splat and every pixel, in 16 bits; what the window starts with",
    "Best": "Everything in 32 bits, 2.25 times the pixels, smoothed",
    "Exact": "The picture that scenes are trained for, in 32 bits and nothing else",
}


def preset_values(name: str, own: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """All values of a preset, by name of the setting.

    Args:
        name: of the preset, in any case.
        own: further presets by name.

    Raises:
        SettingsError: there is no such preset.
    """
    known = {key.casefold(): values for key, values in {**(own or {}), **PRESETS}.items()}
    if name.casefold() not in known:
        raise SettingsError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    settings = Settings()
    defaults = {each: getattr(settings, each) for each in NAMES}
    return defaults | dict(known[name.casefold()])


def matching_preset(
    settings: Settings, own: Mapping[str, Mapping[str, Any]] | None = None
) -> str | None:
    """The preset that the settings are at, None where they are at none."""
    for name in {**PRESETS, **(own or {})}:
        if all(getattr(settings, k) == v for k, v in preset_values(name, own).items()):
            return name
    return None
