"""Compiled shaders: constants injected, kept by name and defines, recompiled when edited."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import moderngl

from ...kernels import constants
from ...shaders import ShaderError, ShaderSource, load
from ..display import ALPHA_FLOOR

log = logging.getLogger(__name__)

GROUP_SIZE = 128
"""Invocations of a compute work group."""

PIXEL_GROUP = 8
"""Side of a work group of compute shaders over pixels."""

MOST_LAMPS = 32
"""In the uniform block of shaders/light.glsl."""

GEOMETRY_FLOATS = 14
"""Floats per splat of the geometry block: mean, opacity, quaternion, scales, SH constant."""

CONSTANTS: dict[str, object] = {
    "ALPHA_FLOOR": ALPHA_FLOOR,
    "ALPHA_MAX": constants.ALPHA_MAX,
    "ALPHA_MIN": constants.ALPHA_MIN,
    "STRONGEST_SLACK": constants.STRONGEST_SLACK,
    "COV2D_BLUR": constants.COV2D_BLUR,
    "SURFEL_BLUR": constants.SURFEL_BLUR,
    "BIN_HIDES": constants.BIN_HIDES,
    "BIN_LEAST_THICKNESS": constants.BIN_LEAST_THICKNESS,
    "BIN_SPREAD": constants.BIN_SPREAD,
    "BIN_THICKNESS": constants.BIN_THICKNESS,
    "BIN_UNIFORM": constants.BIN_UNIFORM,
    "CELL_SPREAD": constants.CELL_SPREAD,
    "LEAST_SLANT": constants.LEAST_SLANT,
    "LOG2_HIDDEN": constants.LOG2_HIDDEN,
    "TRANSMITTANCE_STOP": constants.TRANSMITTANCE_STOP,
    "SH_C0": constants.SH_C0,
    "CLOSEST_LAMP": constants.CLOSEST_LAMP,
    "MOST_LAMPS": MOST_LAMPS,
    "PIXEL_GROUP": PIXEL_GROUP,
    "GROUP_SIZE": GROUP_SIZE,
    "GEOMETRY_FLOATS": GEOMETRY_FLOATS,
}
"""Defines that every shader gets."""

Defines = dict[str, object]
P = TypeVar("P", moderngl.Program, moderngl.ComputeShader)


def compile_compute(ctx: moderngl.Context, source: ShaderSource) -> moderngl.ComputeShader:
    """Raises ShaderError with file and line."""
    try:
        return ctx.compute_shader(source.text)
    except moderngl.Error as error:
        raise source.error(str(error)) from error


def compile_draw(
    ctx: moderngl.Context, vertex: ShaderSource, fragment: ShaderSource
) -> moderngl.Program:
    """Raises ShaderError with file and line."""
    try:
        return ctx.program(vertex_shader=vertex.text, fragment_shader=fragment.text)
    except moderngl.Error as error:
        # The driver's log does not say of which shader it is; moderngl heads it with the stage.
        failing = fragment if "fragment_shader" in str(error) else vertex
        raise failing.error(str(error)) from error


class Programs:
    """The programs of one context.

    Args:
        ctx: the context; current whenever a method is called.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._kept: dict[Any, tuple[tuple[ShaderSource, ...], Any]] = {}

    def compute(self, name: str, **defines: object) -> moderngl.ComputeShader:
        """The compute shader `name` with defines. Raises ShaderError."""
        return self._get((name,), defines, lambda s: compile_compute(self._ctx, s[0]))

    def generated(
        self, name: str, marker: str, text: str, **defines: object
    ) -> moderngl.ComputeShader:
        """The compute shader `name` with `text` in place of `marker`. Raises ShaderError."""

        def compile(sources: tuple[ShaderSource, ...]) -> moderngl.ComputeShader:
            source = sources[0]
            return compile_compute(
                self._ctx, replace(source, text=source.text.replace(marker, text))
            )

        key = ((name,), tuple(sorted(defines.items())), text)
        if key not in self._kept:
            sources = (load(name, CONSTANTS | defines),)
            self._kept[key] = sources, compile(sources)
        return self._kept[key][1]

    def draw(self, vertex: str, fragment: str, **defines: object) -> moderngl.Program:
        """The program of a vertex and a fragment shader with defines. Raises ShaderError."""
        return self._get((vertex, fragment), defines, lambda s: compile_draw(self._ctx, s[0], s[1]))

    def _get(
        self,
        names: tuple[str, ...],
        defines: Defines,
        compile: Callable[[tuple[ShaderSource, ...]], P],
    ) -> P:
        key = (names, tuple(sorted(defines.items())))
        if key not in self._kept:
            sources = tuple(load(name, CONSTANTS | defines) for name in names)
            self._kept[key] = sources, compile(sources)
        return self._kept[key][1]

    def reload(self) -> ShaderError | None:
        """Drops the programs whose files were edited; they are compiled anew when next used.

        Returns:
            None, or why an edited shader does not compile; then the last good program stays.
        """
        failed: ShaderError | None = None
        for key, (sources, program) in list(self._kept.items()):
            if not any(source.is_stale() for source in sources):
                continue
            names, defines = key[:2]
            if len(key) > 2:  # with generated text: compiled anew when next used
                del self._kept[key]
                program.release()
                continue
            try:
                fresh = tuple(load(name, CONSTANTS | dict(defines)) for name in names)
                compiled = (
                    compile_compute(self._ctx, fresh[0])
                    if len(fresh) == 1
                    else compile_draw(self._ctx, fresh[0], fresh[1])
                )
            except ShaderError as error:
                failed = error
                continue
            self._kept[key] = fresh, compiled
            program.release()
            log.info("reloaded %s", ", ".join(names))
        return failed

    def release(self) -> None:
        """Deletes all programs."""
        for _, program in self._kept.values():
            program.release()
        self._kept.clear()


def set_uniforms(program: moderngl.Program | moderngl.ComputeShader, **values: Any) -> None:
    """Sets uniforms by name; one that the compiler removed as unused is passed over."""
    for name, value in values.items():
        uniform = program.get(name, None)
        if isinstance(uniform, moderngl.Uniform):
            uniform.value = value
