"""`Settings`: the only tunables. Panels, command-line flags and saved files are made from them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_args, get_type_hints

import msgspec
from psygnal import SignalGroupDescriptor

from ..scenes.errors import VoileError


class SettingsError(VoileError, ValueError):
    """A setting's value is out of its range or of the wrong type; the text names the setting."""


Reader = Literal["frame", "view", "display", "window"]
"""What reads a setting: the backend that draws; the camera it draws from (`finish.asked`); the step
that brings a drawn frame to a display (`finish.finished`); or the window alone."""


def setting(
    default: Any,
    help: str,
    *,
    place: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    zero: str = "",
    reader: Reader = "frame",
    backends: tuple[str, ...] = (),
) -> Any:
    """A field of `Settings` with the metadata that its control, flag and checks are made from.

    Args:
        default: its value where nobody says otherwise.
        help: one line for people.
        place: "Panel / Group", where in the tree it stands.
        unit: of the number.
        low, high: range of the number, inclusive.
        zero: what 0 means, in words, where it is no amount.
        reader: what reads it.
        backends: the only backends to which it means something; empty where all have it.
    """
    panel, group = place.split(" / ")
    return dataclasses.field(
        default=default,
        metadata={
            "help": help,
            "unit": unit,
            "low": low,
            "high": high,
            "zero": zero,
            "panel": panel,
            "group": group,
            "reader": reader,
            "backends": backends,
        },
    )


FRUSTUM_MARGIN = {"touching": math.inf, "near": 0.15, "inside": 0.0}
"""How far outside of the picture a splat's centre may lie, as a share of the picture's size."""


@dataclass
class Settings:
    """How a frame is drawn. Assigning a field checks it and emits `events.<field>`.

    Raises:
        SettingsError: on assignment of a value that is out of range.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    mode: Literal["sorted", "weighted", "binned", "cells", "stochastic", "learned"] = setting(
        "sorted",
        "Blending mode: sorted is exact, the others need no sort of all splats.",
        place="Blending / Mode",
    )
    bins: Literal[4, 8, 16, 32] = setting(
        8, "Depth bins per pixel of mode binned.", place="Blending / Mode"
    )
    refine: int = setting(
        2,
        "How often mode binned moves its bins to where transmittance falls.",
        place="Blending / Mode",
        low=0,
        high=3,
    )
    weight: Literal[
        "auto", "exponential", "linear", "mcguire7", "mcguire8", "mcguire9", "mcguire10"
    ] = setting(
        "auto",
        "Weight of mode weighted; auto is the scene's fit, or exponential without one.",
        place="Blending / Mode",
    )
    beta: float = setting(
        0.0,
        "How fast weights fall with depth, per radius of the scene; 0 is the scene's fit, or 20.",
        place="Blending / Mode",
        low=0.0,
        high=200.0,
        zero="fit",
    )
    samples: int = setting(
        1,
        "Samples per pixel and frame of mode stochastic; frames add up.",
        place="Blending / Mode",
        low=1,
        high=64,
    )
    accumulate: int = setting(
        256,
        "Samples per pixel that frames of mode stochastic add up to while nothing changes.",
        place="Blending / Mode",
        low=1,
        high=4096,
        reader="view",
    )

    render_scale: float = setting(
        1.0,
        "Pixels that are drawn for one that is shown, along each side; above 1 smooths edges.",
        place="Quality / Resolution",
        unit="x",
        low=0.1,
        high=2.0,
        reader="view",
    )
    max_sh_degree: int = setting(
        4,
        "Highest degree of spherical harmonics evaluated; 0 has no gloss.",
        place="Quality / Splats",
        low=0,
        high=4,
    )
    splat_scale: float = setting(
        1.0,
        "Every splat's size is multiplied by this.",
        place="Quality / Splats",
        unit="x",
        low=0.01,
        high=4.0,
    )
    antialiasing: Literal["scene", "on", "off"] = setting(
        "scene",
        "Mip filter's opacity compensation: as the scene was trained, always or never.",
        place="Quality / Splats",
    )
    frustum: Literal["touching", "near", "inside"] = setting(
        "touching",
        "Splats drawn at the edge: all that touch the picture, those with their centre inside or "
        "up to 15 % outside, or inside only.",
        place="Quality / Culling",
    )
    min_pixels: float = setting(
        0.0,
        "Splats with a smaller standard deviation on screen than this are left out.",
        place="Quality / Culling",
        unit="px",
        low=0.0,
        high=4.0,
        zero="off",
    )
    min_alpha: float = setting(
        0.0,
        "Splats with an opacity below this are left out; below 1/255 none is ever drawn.",
        place="Quality / Culling",
        low=0.0,
        high=1.0,
        zero="off",
    )
    precision: Literal["float16", "float32"] = setting(
        "float16",
        "Precision of the OpenGL accumulation target; the other backends use float32.",
        place="Quality / Number formats",
        backends=("gl",),
    )
    storage: Literal["uint8", "float16", "float32"] = setting(
        "float16",
        "How a GPU keeps spherical harmonics, and CUDA shapes too; other backends use float32.",
        place="Quality / Number formats",
        backends=("gl", "cuda"),
    )
    fallback: Literal["gl", "cpu", "ask", "none"] = setting(
        "gl",
        "What draws in place of a backend that cannot run or has failed, which is always told; "
        "pictures and films that are drawn without a window end in an error instead.",
        place="Quality / Trouble",
        reader="window",
    )
    frame_rate: int = setting(
        30,
        "Frames a second that the window keeps while the view moves, by drawing less well.",
        place="Quality / While moving",
        unit="fps",
        low=0,
        high=144,
        zero="off",
        reader="window",
    )

    field_of_view: float = setting(
        0.0,
        "Vertical angle of view; 0 leaves it to the camera.",
        place="Camera / Lens",
        unit="°",
        low=0.0,
        high=150.0,
        zero="camera's",
        reader="view",
    )
    navigation: Literal["orbit", "trackball", "fly"] = setting(
        "orbit",
        "What a drag does: orbit keeps up up, trackball rolls freely, fly turns the head.",
        place="Camera / Motion",
        reader="window",
    )
    inertia: float = setting(
        0.2,
        "How long the view glides on after a drag that is let go of in motion.",
        place="Camera / Motion",
        unit="s",
        low=0.0,
        high=2.0,
        zero="off",
        reader="window",
    )
    fly_speed: float = setting(
        0.5,
        "How far the keys fly in a second, in radii of the scene.",
        place="Camera / Motion",
        unit="/s",
        low=0.01,
        high=10.0,
        reader="window",
    )

    relight: float = setting(
        1.0,
        "From captured colours, 0, to the light of the scene, 1, for splats that have a material.",
        place="Light / Materials",
        low=0.0,
        high=1.0,
    )
    material_tint: float = setting(
        0.0,
        "From a material's own colour, 0, to the captured colour under it, 1.",
        place="Light / Materials",
        low=0.0,
        high=1.0,
    )
    material_scale: float = setting(
        4.0,
        "How often a material repeats over the scene's radius, on splats.",
        place="Light / Materials",
        unit="x",
        low=0.1,
        high=64.0,
    )
    normal_smoothing: float = setting(
        0.5,
        "Normals of splats under light: from a splat's own, 0, to what those around agree on, 1.",
        place="Light / Materials",
        low=0.0,
        high=1.0,
    )
    normal_reach: float = setting(
        6.0,
        "Side of the cells in which splats agree on a normal, in median widths of a splat.",
        place="Light / Materials",
        unit="x",
        low=1.0,
        high=64.0,
    )
    light_samples: int = setting(
        4,
        "Directions of light per pixel and frame on materials; frames add up.",
        place="Light / Materials",
        low=1,
        high=64,
    )
    environment_rotation: float = setting(
        0.0,
        "Turns the light from all around about the scene's up axis.",
        place="Light / Environment",
        unit="°",
        low=-180.0,
        high=180.0,
    )
    environment_exposure: float = setting(
        0.0,
        "How bright the light from all around is, in stops.",
        place="Light / Environment",
        unit="EV",
        low=-8.0,
        high=8.0,
    )

    background: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0),
        "Colour behind the splats, display RGB.",
        place="Scene / Background",
        low=0.0,
        high=1.0,
        reader="display",
    )
    transparent: bool = setting(
        False,
        "Leave the background transparent instead of filling it with its colour.",
        place="Scene / Background",
        reader="display",
    )
    shown: Literal[
        "colour",
        "depth",
        "normals",
        "alpha",
        "centres",
        "ellipsoids",
        "ids",
        "cells",
        "overdraw",
        "bins",
        "error",
    ] = setting(
        "colour",
        "What a pixel shows: colour, or how it came about; error is against mode sorted.",
        place="Scene / Display",
    )
    exposure: float = setting(
        0.0,
        "Light of the drawn picture, in stops; the background keeps its colour.",
        place="Scene / Display",
        unit="EV",
        low=-8.0,
        high=8.0,
        reader="display",
    )
    tone_mapping: Literal["none", "reinhard", "aces", "neutral"] = setting(
        "none",
        "How light beyond white comes back into range: cut off, Reinhard's curve, ACES' film, or "
        "Khronos' neutral curve, which keeps colours.",
        place="Scene / Display",
        reader="display",
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
    field = FIELDS[name]
    low, high = field.metadata["low"], field.metadata["high"]
    if low is not None and high is not None:
        for v in value if isinstance(value, tuple) else (value,):
            if not low <= cast(float, v) <= high:
                raise SettingsError(f"setting {name} is {value}; its range is {low} to {high}")
    return value


FIELDS = {f.name: f for f in dataclasses.fields(Settings)}
"""The fields of `Settings` by name, with their metadata; see `setting`."""

_HINTS = {name: hint for name, hint in get_type_hints(Settings).items() if name in FIELDS}


def tree() -> dict[str, dict[str, list[str]]]:
    """Names of all settings by panel and group, in the order of the fields."""
    panels: dict[str, dict[str, list[str]]] = {}
    for name, field in FIELDS.items():
        groups = panels.setdefault(field.metadata["panel"], {})
        groups.setdefault(field.metadata["group"], []).append(name)
    return panels
