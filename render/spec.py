"""`Spec`: a backend and settings as one line of text, such as `mode=binned,bins=8,backend=cpu`."""

from __future__ import annotations

import dataclasses
import types
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .modes import MODES
from .renderer import BACKENDS, RenderError
from .settings import Settings, SettingsError

DEFAULT_BACKEND = "cpu"

COLORS = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "grey": (0.5, 0.5, 0.5)}

_WORDS = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


@dataclass(frozen=True, eq=False)
class Spec:
    """How a frame is drawn and by what."""

    backend: str = DEFAULT_BACKEND
    settings: Settings = field(default_factory=Settings)

    @property
    def label(self) -> str:
        """A few words for people: backend, mode and what the mode reads."""
        return f"{self.backend} · {settings_label(self.settings)}"


def settings_label(settings: Settings) -> str:
    """Mode and the settings that only it reads: "binned 16 bins, refine 2"."""
    own = own_settings(settings)
    words = {"bins": "{} bins", "samples": "{} per pixel"}
    parts = []
    for name, value in own.items():
        # What is left to the scene says nothing.
        if not (name == "beta" and value == 0.0) and value != "auto":
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(words.get(name, f"{name} {{}}").format(shown))
    return f"{settings.mode} {', '.join(parts)}".rstrip()


def own_settings(settings: Settings) -> dict[str, Any]:
    """Values of the settings that only the mode at hand reads, by name."""
    mode = MODES.get(settings.mode)
    return {name: getattr(settings, name) for name in mode.settings} if mode else {}


def parse_spec(text: str, backend: str = DEFAULT_BACKEND) -> Spec:
    """A spec from comma separated key=value; keys are the fields of `Settings` and `backend`.

    A background is black, white, grey, #rrggbb or r/g/b in 0 to 1. What is not said keeps its
    default; an empty text is all defaults.

    Args:
        text: the spec.
        backend: what draws where the text does not say.

    Raises:
        SettingsError: no such key, or a value that is not allowed; names the key and what is.
        RenderError: no such backend.
    """
    values: dict[str, Any] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (p.strip() for p in part.partition("="))
        if not equals:
            raise SettingsError(f"{part!r} in {text!r} is not key=value, such as mode=binned")
        if key in values:
            raise SettingsError(f"{key} is given twice in {text!r}")
        values[key] = value if key == "backend" else _value(key, value)
    backend = values.pop("backend", backend)
    if backend not in BACKENDS:
        raise RenderError(f"backend={backend}: there are {', '.join(BACKENDS)}")
    return Spec(backend, Settings.from_dict(values))


def parse_color(text: str) -> tuple[float, float, float]:
    """A colour from "black", "white", "grey", "#rrggbb" or three numbers, "r,g,b" or "r/g/b".

    Raises:
        ValueError: none of these.
    """
    if text in COLORS:
        return COLORS[text]
    if text.startswith("#") and len(text) == 7:
        red, green, blue = (int(text[k : k + 2], 16) / 255 for k in (1, 3, 5))
        return red, green, blue
    red, green, blue = (float(part) for part in text.replace("/", ",").split(","))
    return red, green, blue


def _value(key: str, text: str) -> Any:
    """The value of a field from its text; ranges are checked by `Settings`."""
    if key not in _HINTS:
        raise SettingsError(f"there is no setting {key!r}; there are {', '.join(_HINTS)}, backend")
    hint = _HINTS[key]
    origin = get_origin(hint)
    if origin is Literal:
        choices = {str(choice): choice for choice in get_args(hint)}
        allowed, read = ", ".join(choices), choices.__getitem__
    elif origin in (tuple, types.GenericAlias):
        allowed, read = "black, white, grey, #rrggbb or r/g/b", parse_color
    elif hint is bool:
        allowed, read = "on or off", lambda word: _WORDS[word.lower()]
    else:
        meta = _FIELDS[key].metadata
        kind = "a whole number" if hint is int else "a number"
        allowed, read = f"{kind} from {meta['low']} to {meta['high']}", hint
    try:
        return read(text)
    except (KeyError, ValueError):
        raise SettingsError(f"{key}={text}: {key} is {allowed}") from None


_FIELDS = {f.name: f for f in dataclasses.fields(Settings)}
_HINTS = {name: hint for name, hint in get_type_hints(Settings).items() if name in _FIELDS}
