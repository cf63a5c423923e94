"""The renderer interface and the registry of backends by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from ..scenes.content import Content
from ..scenes.errors import VoileError
from ..scenes.splats import Splats
from .frame import DepthKind, Frame, FrameRequest
from .modes import MODES
from .scene_facts import facts_of
from .settings import Settings

_DEFAULTS = Settings()


class RenderError(VoileError):
    """A frame cannot be drawn as asked; the text says why and what would work."""


class BackendUnavailable(RenderError):
    """A backend cannot run on this machine (no driver, missing library)."""


class BackendFailed(RenderError):
    """A backend that was running cannot go on: its device failed, or a kernel does not compile.

    Attributes:
        backend: its name.
    """

    def __init__(self, backend: str, problem: object) -> None:
        super().__init__(str(problem))
        self.backend = backend


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do. Panels grey out what is missing; asking for it raises RenderError.

    Attributes:
        modes: what it draws.
        device: what it draws on.
        max_side: of a picture, pixels.
        lacks: settings that it cannot follow: they must have their default.
        paints: whether a request may have paint.
        meshes: whether a scene may have meshes.
        medians: modes in which a request may ask for median depth.
    """

    modes: frozenset[str]
    device: str
    max_side: int
    lacks: frozenset[str] = frozenset()
    paints: bool = True
    meshes: bool = True
    medians: frozenset[str] = frozenset()


class Renderer(Protocol):
    """Draws frames of one uploaded scene. Not thread safe: use it from the thread that made it,
    or one thread at a time where a backend says so."""

    name: str

    @property
    def capabilities(self) -> Capabilities: ...

    def upload(self, scene: Splats | Content) -> None:
        """Takes the scene; the arrays may be kept by reference.

        Raises:
            RenderError: this backend cannot take it.
        """
        ...

    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame. Raises RenderError."""
        ...

    def close(self) -> None:
        """Frees everything; the renderer is not used afterwards."""
        ...


@dataclass(frozen=True)
class Backend:
    """A registry entry: where a renderer's class is and what it is for."""

    name: str
    module: str
    cls: str
    summary: str


BACKENDS: dict[str, Backend] = {
    b.name: b
    for b in (
        Backend("gl", ".gl.renderer", "GLRenderer", "OpenGL 4.3, interactive on any GPU"),
        Backend("cpu", ".cpu.renderer", "CPURenderer", "Numba, tiles and SIMD, no GPU needed"),
        Backend("reference", ".reference", "ReferenceRenderer", "float64 numpy, the definition"),
        Backend("cuda", ".cuda.renderer", "CUDARenderer", "CUDA, NVIDIA GPUs; not yet run on one"),
    )
}


def create_renderer(name: str) -> Renderer:
    """Makes a renderer by backend name; the backend's module is imported only now.

    Raises:
        RenderError: no such backend.
        BackendUnavailable: the backend cannot run here.
    """
    if name not in BACKENDS:
        raise RenderError(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    backend = BACKENDS[name]
    module = importlib.import_module(backend.module, __package__)
    return getattr(module, backend.cls)()


def check_mode(renderer: Renderer, request: FrameRequest) -> None:
    """Raises RenderError where the renderer lacks the mode, a setting, paint or depth asked for."""
    can, settings = renderer.capabilities, request.settings
    if settings.mode not in can.modes:
        raise RenderError(
            f"backend {renderer.name!r} cannot draw mode {settings.mode!r}; "
            f"it has {', '.join(sorted(can.modes))}"
        )
    if request.paint is not None and not can.paints:
        raise RenderError(
            f"backend {renderer.name!r} cannot blend anything but colours; use another backend"
        )
    if request.depth_kind not in get_args(DepthKind):
        kinds = " or ".join(get_args(DepthKind))
        raise RenderError(f"depth_kind is {request.depth_kind!r}; it can be {kinds}")
    if request.median and settings.mode not in can.medians:
        modes = ", ".join(sorted(can.medians))
        remedy = f"use mode {modes}" if modes else "use another backend"
        raise RenderError(
            f"backend {renderer.name!r} has no median depth in mode {settings.mode!r}; "
            f"{remedy}, or ask for the mean"
        )
    for name in sorted(can.lacks):
        value, default = getattr(settings, name), getattr(_DEFAULTS, name)
        if value != default:
            raise RenderError(
                f"backend {renderer.name!r} cannot follow setting {name}={value}; "
                f"leave it at {default}"
            )


def scene_for(request: FrameRequest, splats: Splats) -> Splats:
    """The splats that a frame of a scene draws: its own, or those that the mode puts in place.

    Raises:
        RenderError: the scene lacks what the mode needs; the text names the remedy. Or the paint
            is not of this scene.
    """
    mode, facts = MODES[request.settings.mode], facts_of(splats)
    if request.paint is not None and len(request.paint) != len(splats):
        raise RenderError(
            f"the paint has {len(request.paint)} rows and the scene {len(splats)} splats"
        )
    missing = mode.lacks(facts)
    if missing:
        raise RenderError(f"mode {mode.name!r} cannot be drawn: {missing}")
    return mode.scene(facts)


def rows_for(request: FrameRequest, splats: Splats) -> NDArray[np.integer] | None:
    """Which splats of a scene those of `scene_for` are; None where they are in its order."""
    return MODES[request.settings.mode].rows(facts_of(splats))
