"""`Settings`: the only tunables. Panels, command-line flags and saved files are made from them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_args, get_type_hints

import msgspec
from psygnal import SignalGroupDescriptor

from ..scenes.errors import VoileError


class SettingsError(VoileError, ValueError):
    """A setting's value is out of its range or of the wrong type; the text names the setting."""


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A field of `Settings` with the metadata that its control, flag and checks are made from."""
    return dataclasses.field(
        default=default, metadata={"help": help, "unit": unit, "low": low, "high": high}
    )


@dataclass
class Settings:
    """How a frame is drawn. Assigning a field checks it and emits `events.<field>`.

    Raises:
        SettingsError: on assignment of a value that is out of range.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    mode: Literal["sorted", "weighted", "binned", "cells", "stochastic", "learned"] = setting(
        "sorted", "Blending mode: sorted is exact, the others need no sort of all splats."
    )
    bins: Literal[4, 8, 16, 32] = setting(8, "Depth bins per pixel of mode binned.")
    refine: int = setting(
        2, "How often mode binned moves its bins to where transmittance falls.", low=0, high=3
    )
    weight: Literal[
        "auto", "exponential", "linear", "mcguire7", "mcguire8", "mcguire9", "mcguire10"
    ] = setting(
        "auto", "Weight of mode weighted; auto is the scene's fit, or exponential without one."
    )
    beta: float = setting(
        0.0,
        "How fast weights fall with depth, per radius of the scene; 0 is the scene's fit, or 20.",
        low=0.0,
        high=200.0,
    )
    samples: int = setting(
        1, "Samples per pixel and frame of mode stochastic; frames add up.", low=1, high=64
    )
    background: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0), "Colour behind the splats, display RGB.", low=0.0, high=1.0
    )
    transparent: bool = setting(
        False, "Leave the background transparent instead of filling it with its colour."
    )
    max_sh_degree: int = setting(
        4, "Highest degree of spherical harmonics evaluated; 0 has no gloss.", low=0, high=4
    )
    splat_scale: float = setting(
        1.0, "Every splat's size is multiplied by this.", unit="x", low=0.01, high=4.0
    )
    antialiasing: Literal["scene", "on", "off"] = setting(
        "scene", "Mip filter's opacity compensation: as the scene was trained, always or never."
    )
    precision: Literal["float16", "float32"] = setting(
        "float16", "Precision of the OpenGL accumulation target; the other backends use float32."
    )

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HINTS:
            value = _checked(name, value)
        super().__setattr__(name, value)

    def copy(self) -> Settings:
        """A snapshot with events of its own, safe to hand to another thread."""
        return dataclasses.replace(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Settings from plain values; missing ones keep their default, unknown ones raise."""
        unknown = sorted(set(values) - set(_HINTS))
        if unknown:
            raise SettingsError(f"unknown setting {unknown[0]!r}; there are {', '.join(_HINTS)}")
        return cls(**values)

    def uses_antialiasing(self, scene_is_antialiased: bool) -> bool:
        """Whether opacity is multiplied by sqrt(det S' / det (S' + 0.3 I)) (Yu et al. 2024)."""
        if self.antialiasing == "scene":
            return scene_is_antialiased
        return self.antialiasing == "on"


def _checked(name: str, value: Any) -> Any:
    hint = _HINTS[name]
    try:
        value = msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        choices = get_args(hint)
        allowed = f"; it may be {', '.join(map(str, choices))}" if isinstance(value, str) else ""
        raise SettingsError(f"setting {name}: {error}{allowed}") from error
    field = _FIELDS[name]
    low, high = field.metadata["low"], field.metadata["high"]
    if low is not None and high is not None:
        for v in value if isinstance(value, tuple) else (value,):
            if not low <= cast(float, v) <= high:
                raise SettingsError(f"setting {name} is {value}; its range is {low} to {high}")
    return value


_FIELDS = {f.name: f for f in dataclasses.fields(Settings)}
_HINTS = {name: hint for name, hint in get_type_hints(Settings).items() if name in _FIELDS}
