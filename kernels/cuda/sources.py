"""Kernel sources: includes resolved, constants of Python as defines, lines that name their file.

One text per kernel file, so that NVRTC needs no folder of headers and a digest of the text is a
digest of all that it was made from.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from importlib import resources

from ...scenes.material import NetShape
from ...scenes.texture import WRAPS
from .. import constants

TILE = 16
"""Side of a tile, pixels."""

TILE_WARPS = 4
"""Warps in a block of a tile, one for each quarter of it; every thread has 2 pixels of a column,
and reads a splat from shared memory once for both."""

SCAN_THREADS = 256
"""Threads of a block that scans or sorts, and digits of a sort."""

SORT_ITEMS = 12
"""Keys that a thread of a sort takes at once."""

STORAGES = ("float32", "float16", "uint8")
"""How colours are stored, setting `storage`, in the order of their numbers in kernels."""

FOOTPRINT = 12
"""float32 values of a footprint, see footprint.cuh."""

DISC = 12
"""float32 values of a disc, see surfel.cuh."""

WEIGHTS = ("exponential", "linear", "mcguire7", "mcguire8", "mcguire9", "mcguire10")
"""Weights of mode weighted in the order of their numbers in kernels."""

ENTRY, SURFEL_ENTRY = 11, 17
"""float32 values that a splat collects on the way back, see grad/sums.cuh; and in scenes with
surfels."""

SCALE_LIMITS = 28
"""Powers of 2 at which the colours of debug view overdraw may end: from 8 to more than a scene has
splats."""

MOST_IN_CELL = 256
"""Splats of a cell of mode cells, `render.cells.MOST_SPLATS`; all of one are in shared memory."""

MESH_TILE = 16
"""Side of the tile of a block that draws large triangles, pixels."""

TRIANGLE_EDGES = 9
"""float64 values of a triangle's functions of the pixel, see mesh.cuh."""

LARGE_TRIANGLE = 3
"""32-bit words of a triangle on the list of large ones, see mesh.cu."""

FILES = (
    "project.cu",
    "project_surfels.cu",
    "sort.cu",
    "groups.cu",
    "bins.cu",
    "modes/sorted.cu",
    "modes/sorted_surfels.cu",
    "modes/weighted.cu",
    "modes/weighted_surfels.cu",
    "modes/binned.cu",
    "modes/binned_surfels.cu",
    "modes/cells.cu",
    "modes/cells_surfels.cu",
    "modes/stochastic.cu",
    "modes/stochastic_surfels.cu",
    "grad/sorted.cu",
    "grad/sorted_surfels.cu",
    "grad/weighted.cu",
    "grad/weighted_surfels.cu",
    "grad/binned.cu",
    "grad/binned_surfels.cu",
    "grad/cells.cu",
    "grad/cells_surfels.cu",
    "grad/splats.cu",
    "grad/splats_surfels.cu",
    "gbuffer.cu",
    "lit_splats.cu",
    "mesh.cu",
    "lit_meshes.cu",
    "finish.cu",
    "display.cu",
    "views/overdraw.cu",
    "views/ellipsoids.cu",
    "views/centres.cu",
    "views/bins.cu",
    "views/show.cu",
    "image.cu",
)
"""All files that hold kernels. Those for scenes with surfels are apart, so that no one compiles
them who has none."""

FOR_NETS = ("lit_splats.cu", "lit_meshes.cu")
"""Those of them that are compiled for each shape of a neural material's nets; names of kernels say
for which."""

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"\s*$')
_KERNEL = re.compile(r'extern "C" __global__ void (?:[A-Z]+ )?(\w+)\(')
_SHAPED = re.compile(r"\w+?_(\d+)_(\d+)_(\d+(?:x\d+)*)_(\d+(?:x\d+)*)")


@dataclass(frozen=True)
class Source:
    """A kernel file ready to be compiled.

    Attributes:
        name: "/" between folders.
        text: the whole source; `#line` directives name its files.
        kernels: names of the kernels in it.
    """

    name: str
    text: str
    kernels: tuple[str, ...]


def defines() -> dict[str, int | float]:
    """The constants of Python that kernels use, by name."""
    values: dict[str, int | float] = {
        name: value for name, value in vars(constants).items() if name.isupper()
    }
    values["LOG2_ALPHA_MIN"] = math.log2(constants.ALPHA_MIN)
    values["HALF_LOG2_E"] = 0.5 * math.log2(math.e)
    values |= {"TILE": TILE, "TILE_WARPS": TILE_WARPS, "MOST_IN_CELL": MOST_IN_CELL}
    values |= {"ENTRY": ENTRY, "SURFEL_ENTRY": SURFEL_ENTRY}
    values |= {"SCALE_LIMITS": SCALE_LIMITS}
    values |= {"SCAN_THREADS": SCAN_THREADS, "SORT_ITEMS": SORT_ITEMS}
    values |= {f"STORAGE_{name.upper()}": number for number, name in enumerate(STORAGES)}
    values |= {"MESH_TILE": MESH_TILE, "TRIANGLE_EDGES": TRIANGLE_EDGES}
    values |= {f"WRAP_{name.upper()}": number for number, name in enumerate(WRAPS)}
    values |= {f"WEIGHT_{name.upper()}": number for number, name in enumerate(WEIGHTS)}
    return values


def load(name: str, nets: NetShape | None = None) -> Source:
    """Reads a kernel file of this package.

    Args:
        name: one of `FILES`.
        nets: of a file of `FOR_NETS`; None is the usual shape.

    Raises:
        FileNotFoundError: it, or a file that it includes, is not there.
    """
    # In brackets: some are negative.
    head = [f"#define {key} ({value!r})" for key, value in defines().items()]
    text = "\n".join(_resolve(name, []))
    if name in FOR_NETS:
        shape = nets or NetShape()
        head += [f"#define {key} {value}" for key, value in _net_defines(shape).items()]
        sizes = for_nets("", shape)
        name, text = f"{name} ({sizes})", text.replace("_NET(", f"_{sizes}(")
    text = "\n".join([*head, text]) + "\n"
    return Source(name, text, tuple(_KERNEL.findall(text)))


def for_nets(kernel: str, shape: NetShape) -> str:
    """The name of a kernel of `FOR_NETS` for a shape, as "light_splats_8_2_32x32_16x16"."""
    widths = ("x".join(map(str, each)) for each in (shape.hidden, shape.sampler))
    return "_".join([kernel, str(shape.latents), str(shape.frames), *widths]).removeprefix("_")


def nets_source(kernel: str) -> Source:
    """The file of a kernel of `FOR_NETS`, for the nets that its name says. Raises KeyError."""
    if match := _SHAPED.fullmatch(kernel):
        hidden, sampler = (tuple(map(int, each.split("x"))) for each in match.groups()[2:])
        shape = NetShape(int(match[1]), int(match[2]), hidden, sampler)
        for source in (load(name, shape) for name in FOR_NETS):
            if kernel in source.kernels:
                return source
    raise KeyError(kernel)


def _net_defines(shape: NetShape) -> dict[str, str]:
    """Sizes as decoder.cuh takes them."""
    return {
        "NET_LATENTS": str(shape.latents),
        "NET_FRAMES": str(shape.frames),
        "NET_HIDDEN": ", ".join(map(str, shape.hidden)),
        "NET_SAMPLER": ", ".join(map(str, shape.sampler)),
    }


def _resolve(name: str, seen: list[str]) -> list[str]:
    """Lines of a file with its includes in place; a file is included once."""
    if name in seen:
        return []
    seen.append(name)
    source = resources.files(__package__ or __name__).joinpath(*name.split("/"))
    lines = [f'#line 1 "{name}"']
    for i, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        match = _INCLUDE.match(line)
        if match:
            lines += _resolve(_beside(name, match[1]), seen)
            lines.append(f'#line {i + 1} "{name}"')
        elif line.strip() != "#pragma once":  # of no use, and a warning, where there is one text
            lines.append(line)
        else:
            lines.append("")
    return lines


def _beside(name: str, included: str) -> str:
    """An included file's name, which is given as seen from the file that includes it."""
    parts = name.split("/")[:-1]
    for part in included.split("/"):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
