"""Neural materials in shaders: GLSL written out for the shape of a net, and its numbers packed.

A net is a hundred or so multiplications of a 4x4 matrix and a vector, written one after the other,
so that a driver sees no loop and no array to index (but see `UNROLLED`). Weights come from one
storage block or texture, where those of any number of materials lie, so that one shader serves all
materials of one shape. The equations are those of `decode.py` and `proposal.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import (
    LATENT_SPREAD,
    LOBE_LEAST_ALPHA,
    LOBE_LEAST_SHARE,
    LOBE_MOST_SLOPE,
    NEURAL_LEAST_SQUARE,
    NEURAL_MOST_LOG,
)
from ...scenes.material import LOBE_NUMBERS, Dense, MaterialError, NetShape, NeuralMaterial
from .glsl_template import BLOCK, FLOAT, HALF, TEMPLATE, TEXTURE

Float32 = NDArray[np.float32]

_FLOAT16_MAX = 65504.0

UNROLLED = 2048
"""Weights of a layer that are written out in full; larger ones loop over their rows, four at a
time. Written out, they take minutes to compile (Mesa's software driver, measured)."""

TEXTURE_WIDTH = 1024
"""Of the texture that may stand for the storage block, texels."""

Source = Literal["block", "texture"]
"""Where numbers lie: in a storage block, or in a texture, which Mesa's software driver compiles and
reads much faster: 0.4 s against 16 s for the default shape."""


@dataclass(frozen=True)
class Place:
    """Where a material lies in a packed block: the four numbers of `vnm_material`.

    Attributes:
        net: the first vec4 of its layers.
        texels: the first vec4 of its latents.
        width, height: of the finest level, texels.
    """

    net: int
    texels: int
    width: int
    height: int


def pack(
    materials: Sequence[NeuralMaterial], half: bool = False
) -> tuple[NDArray[Any], list[Place]]:
    """The numbers that the functions of `glsl_of` read, and where each material lies in them.

    Args:
        materials: all of one shape.
        half: 16 bits a number instead of 32; arithmetic stays in 32.

    Returns:
        (H, TEXTURE_WIDTH, 4) float16 or float32: rows of an RGBA texture, or one after the other
        the storage block.

    Raises:
        MaterialError: materials of different shapes.
    """
    parts: list[Float32] = []
    places: list[Place] = []
    used = 0
    for material in materials:
        if material.shape != materials[0].shape:
            raise MaterialError(f"{material.name} has another shape than {materials[0].name}")
        net = np.concatenate([_packed_layer(*each) for each in _layers(material)])
        texels = np.concatenate([_padded(level, 2).reshape(-1, 4) for level in material.levels])
        places.append(Place(used, used + len(net), *material.size))
        parts += [net, texels]
        used += len(net) + len(texels)
    parts.append(np.zeros((-used % TEXTURE_WIDTH, 4), np.float32))
    data = np.concatenate(parts).reshape(-1, TEXTURE_WIDTH, 4)
    if half:
        return np.clip(data, -_FLOAT16_MAX, _FLOAT16_MAX).astype(np.float16), places
    return data, places


def place_rows(
    materials: Sequence[NeuralMaterial], shape: NetShape, places: Sequence[Place]
) -> Float32:
    """(M, 8) of all materials for shaders and kernels: the four numbers of a place as uint32,
    albedo, and whether it is of the shape that was packed to these places."""
    rows = np.zeros((len(materials), 8), np.float32)
    rest = iter(places)
    for row, material in zip(rows, materials):
        if material.shape == shape:
            place = next(rest)
            numbers = place.net, place.texels, place.width, place.height
            row[:4] = np.array(numbers, np.uint32).view(np.float32)
            row[4:] = (*material.albedo, 1.0)
    return rows


def glsl_of(
    shape: NetShape,
    *,
    source: Source = "block",
    half: bool = False,
    binding: int = 0,
    name: str = "vnm",
    unrolled: int = UNROLLED,
) -> str:
    """GLSL 4.3 functions for materials of a shape; no version line and no `main`.

    With Z = latents / 4, rounded up, and `name` for vnm:

        struct vnm_material { uint net; uint texels; int width; int height; };
        struct vnm_lobes { vec3 normal; float alpha; float share; };
        float vnm_level(vnm_material m, float footprint);
        void vnm_lookup(vnm_material m, vec2 uv, float level, out vec4 z[Z]);
        vec3 vnm_eval(uint net, vec4 z[Z], vec3 wi, vec3 wo);
        vnm_lobes vnm_propose(uint net, vec4 z[Z], vec3 wo);
        vec3 vnm_sample(vnm_lobes lobes, vec3 wo, vec3 u);
        float vnm_density(vnm_lobes lobes, vec3 wi, vec3 wo);

    Args:
        shape: sizes of the nets.
        source: what `pack` was written to: the storage block `vnm_block`, or the uniform sampler2D
            `vnm_data`, RGBA of 16 or 32 bits, without filtering or levels.
        half: of a block, whether its numbers have 16 bits; a texture knows.
        binding: of the block, or the texture's unit.
        name: prefix of everything declared, so that two shapes fit in one shader.
        unrolled: weights of a layer beyond which it becomes a loop.
    """
    values = {
        "NAME": name,
        "DATA": TEXTURE if source == "texture" else BLOCK,
        "BINDING": binding,
        "Z": _groups(shape.latents),
        "MOST_LOG": NEURAL_MOST_LOG,
        "LEAST_SQUARE": NEURAL_LEAST_SQUARE,
        "LEAST_ALPHA": LOBE_LEAST_ALPHA,
        "LEAST_SHARE": LOBE_LEAST_SHARE,
        "MOST_SLOPE": LOBE_MOST_SLOPE,
        "SPREAD": LATENT_SPREAD,
        "TEXTURE_WIDTH": TEXTURE_WIDTH,
        "FETCH": HALF if half else FLOAT,
        "TYPE": "uvec2" if half else "vec4",
        "EVAL": _indented(_Writer(shape, name, unrolled).evaluate()),
        "PROPOSE": _indented(_Writer(shape, name, unrolled).propose()),
    }
    text = TEMPLATE
    for _ in range(3):  # what is put in names others again
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
    return text


def _indented(lines: Iterator[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _layers(material: NeuralMaterial) -> Iterator[tuple[Dense, tuple[int, ...]]]:
    """Each layer with the lengths of the parts of its input, each of which is padded to vec4s."""
    for name, layer in material.layers.items():
        yield layer, _input_parts(material.shape, name)


def _input_parts(shape: NetShape, name: str) -> tuple[int, ...]:
    if name == "decoder.0":
        return shape.latents, shape.inputs - shape.latents
    if name == "sampler.0":
        return shape.latents, 3
    return (shape.dense()[name][1],)


def _packed_layer(layer: Dense, parts: tuple[int, ...]) -> Float32:
    """(n, 4): for every four rows the bias, then the columns of these rows."""
    columns = np.split(layer.weight, np.cumsum(parts)[:-1], axis=1)
    weight = _padded(np.concatenate([_padded(part, 1) for part in columns], axis=1), 0)
    bias = _padded(layer.bias, 0)
    rows = [
        np.concatenate([bias[None, k : k + 4], weight[k : k + 4].T]) for k in range(0, len(bias), 4)
    ]
    return np.concatenate(rows).astype(np.float32)


def _padded(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """Zeros after the end of an axis to a multiple of four."""
    room = [(0, 0)] * array.ndim
    room[axis] = (0, -array.shape[axis] % 4)
    return np.pad(np.asarray(array, np.float32), room)


def _groups(count: int) -> int:
    return -(-count // 4)


def _starts(shape: NetShape) -> dict[str, int]:
    """The first vec4 of each layer after the net's own first."""
    starts, used = {}, 0
    for name, (rows, _) in shape.dense().items():
        starts[name] = used
        columns = 4 * sum(map(_groups, _input_parts(shape, name)))
        used += _groups(rows) * (1 + columns)
    return starts


class _Writer:
    """Writes the statements of nets.

    Args:
        shape: of the nets.
        name: prefix of functions.
        unrolled: weights of a layer beyond which it becomes a loop.
    """

    def __init__(self, shape: NetShape, name: str, unrolled: int) -> None:
        self._shape = shape
        self._name = name
        self._unrolled = unrolled
        self._starts = _starts(shape)
        self._latent = [f"z[{k}]" for k in range(_groups(shape.latents))]

    def evaluate(self) -> Iterator[str]:
        """The decoder, up to the logarithm of reflectance in `y0`."""
        directions = ["wi", "wo"]
        if self._shape.frames:
            lines, raw = self._linear("frames", self._latent, "f")
            yield from lines
            numbers = [f"{vector}.{c}" for vector in raw for c in "xyzw"]
            directions = []
            for k in range(self._shape.frames):
                a, b = (", ".join(numbers[6 * k + j : 6 * k + j + 3]) for j in (0, 3))
                yield f"mat3 m{k} = {self._name}_frame(vec3({a}), vec3({b}));"
                yield f"vec3 i{k} = wi * m{k}, o{k} = wo * m{k};"
                directions += [f"i{k}", f"o{k}"]
        numbers = [f"{w}.{c}" for w in directions for c in "xyz"]
        numbers += ["0.0"] * (-len(numbers) % 4)
        inputs = list(self._latent)
        for k in range(0, len(numbers), 4):
            inputs.append(f"vec4({', '.join(numbers[k : k + 4])})")
        yield from self._perceptron("decoder", self._shape.hidden, inputs)

    def propose(self) -> Iterator[str]:
        """The sampler's net, its output in `y0`."""
        assert LOBE_NUMBERS == 4
        inputs = [*self._latent, "vec4(wo, 0.0)"]
        yield from self._perceptron("sampler", self._shape.sampler, inputs)

    def _perceptron(self, net: str, hidden: tuple[int, ...], inputs: list[str]) -> Iterator[str]:
        for k in range(len(hidden) + 1):
            for j, x in enumerate(inputs):
                yield f"vec4 x{k}_{j} = {x};"
            inputs = [f"x{k}_{j}" for j in range(len(inputs))]
            lines, found = self._linear(f"{net}.{k}", inputs, "y" if k == len(hidden) else f"h{k}_")
            yield from lines
            inputs = [f"max({x}, 0.0)" for x in found]

    def _linear(self, layer: str, inputs: list[str], out: str) -> tuple[list[str], list[str]]:
        """Statements of a linear layer of vec4s, and the names of what they leave."""
        at, groups = self._starts[layer], _groups(self._shape.dense()[layer][0])
        if 16 * groups * len(inputs) > self._unrolled and groups > 1:
            return list(self._loop(at, groups, inputs, out)), [f"{out}[{k}]" for k in range(groups)]
        return list(self._rows(at, groups, inputs, out)), [f"{out}{k}" for k in range(groups)]

    def _rows(self, at: int, groups: int, inputs: list[str], out: str) -> Iterator[str]:
        for k in range(groups):
            terms = [f"{self._name}_at(net + {at}u)"]
            for j, x in enumerate(inputs):
                columns = (f"{self._name}_at(net + {at + 1 + 4 * j + c}u)" for c in range(4))
                terms.append(f"mat4({', '.join(columns)}) * {x}")
            yield f"vec4 {out}{k} = {' + '.join(terms)};"
            at += 1 + 4 * len(inputs)

    def _loop(self, at: int, groups: int, inputs: list[str], out: str) -> Iterator[str]:
        step = 1 + 4 * len(inputs)
        yield f"vec4 {out}[{groups}];"
        yield f"for (uint k = 0u; k < {self._name}_hidden({groups}u); ++k) {{"
        yield f"    uint at = net + {at}u + k * {step}u;"
        yield f"    vec4 sum = {self._name}_at(at);"
        for j, x in enumerate(inputs):
            columns = ", ".join(f"{self._name}_at(at + {1 + 4 * j + c}u)" for c in range(4))
            yield f"    sum += mat4({columns}) * {x};"
        yield f"    {out}[k] = sum;"
        yield "}"
