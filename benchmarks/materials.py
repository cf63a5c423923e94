"""Evaluations per second of a baked material and of the layered material it was learned from.

    python benchmarks/materials.py [--material NAME] [--count N] [--seconds S]

In gl (texture and storage block) and on the CPU (the compiled kernels on one thread, and numpy).
Then operations per evaluation, counted by running the equations on numbers that count, and how many
samples of its footprint the layered material needs to be as close to the filtered truth as one
evaluation of the net, with what is then evaluated in a second.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from voile.kernels.cpu import layered, neural
from voile.render.gl.context import headless_context
from voile.render.materials.decode import bilinear, decode, lookup
from voile.render.materials.glsl import glsl_of, pack
from voile.render.materials.layered import COUNT, evaluate, sample
from voile.render.materials.library import LIBRARY, texels_of
from voile.render.materials.quality import RELATIVE_FLOOR, neural_surface, reference_surface
from voile.render.materials.single import packed
from voile.scenes.builtin.materials import NAMES, builtin_material

SIDES = (1, 2, 3, 4, 6, 8)
"""Samples of a row of the footprint that the layered material is given."""

MAIN = """
layout(local_size_x = 64) in;
layout(std430, binding = 1) readonly buffer cases_block { vec4 cases[]; };
layout(std430, binding = 2) writeonly buffer results_block { vec4 results[]; };
uniform uvec4 place;
void main() {
    uint i = gl_GlobalInvocationID.x;
    vec3 wi = cases[2 * i].xyz, wo = cases[2 * i + 1].xyz;
    vec2 uv = vec2(cases[2 * i].w, cases[2 * i + 1].w);
    CALL
}
"""
NET = """vec4 z[2];
    vnm_lookup(vnm_material(place.x, place.y, int(place.z), int(place.w)), uv, 0.0, z);
    results[i] = vec4(vnm_eval(place.x, z, wi, wo), 0.0);"""
LAYERED = "results[i] = vec4(layered(texel(uv, int(place.z)), wi, wo), 0.0);"


class Counted:
    """A number that counts what is done with it."""

    operations = 0

    def __init__(self, value: float) -> None:
        self.value = float(value)

    def _with(self, other, f) -> Counted:
        Counted.operations += 1
        return Counted(f(self.value, other.value if isinstance(other, Counted) else other))

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other):
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other):
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, power):
        Counted.operations += 2  # two more multiplications
        return self._with(power, lambda a, b: a**b)

    def __lt__(self, other):
        return self._with(other, lambda a, b: a < b).value != 0

    def __gt__(self, other):
        return self._with(other, lambda a, b: a > b).value != 0

    __le__, __ge__, __radd__, __rmul__ = __lt__, __gt__, __add__, __mul__

    def sqrt(self):
        return self._with(0.0, lambda a, b: abs(a) ** 0.5)


def counted(array: np.ndarray) -> np.ndarray:
    return np.vectorize(Counted, otypes=[object])(array)


def layered_operations(p: np.ndarray, w_i: np.ndarray, w_o: np.ndarray) -> int:
    """Of one evaluation in closed form, texel given."""
    Counted.operations = 0
    evaluate(np, counted(p[:1]), counted(w_i[:1]), counted(w_o[:1]))
    return Counted.operations


def timed(run, seconds: float) -> float:
    """Best seconds of a call."""
    run()
    best, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begun)
    return best


def points(texels: np.ndarray, count: int):
    rng = np.random.default_rng(0)
    uv = rng.random((count, 2)).astype(np.float32)
    w = rng.normal(size=(2, count, 3))
    w[..., 2] = np.abs(w[..., 2]) + 0.02
    w_i, w_o = (w / np.linalg.norm(w, axis=2, keepdims=True)).astype(np.float32)
    p = bilinear(texels, uv.astype(np.float64)).astype(np.float32)
    seen = sample(np, p, w_o, rng.random((count, 3)).astype(np.float32))
    w_i[::2] = seen[::2]
    w_i[:, 2] = np.maximum(np.abs(w_i[:, 2]), 1e-3)
    return uv, p, w_i, w_o


def on_gl(material, texels, uv, w_i, w_o, expected, seconds: float):
    """Rows (how, million a second, milliseconds to compile)."""
    ctx = headless_context()
    with ctx:
        count = len(uv) // 64 * 64
        cases = np.concatenate([w_i, uv[:, :1], w_o, uv[:, 1:]], axis=1)[:count].astype(np.float32)
        data, (place,) = pack([material])
        size = len(texels)
        padded = np.zeros((size, size, 24), np.float32)
        padded[..., :COUNT] = texels
        block, given, found = ctx.buffer(data), ctx.buffer(cases), ctx.buffer(reserve=16 * count)
        ctx.texture(data.shape[1::-1], 4, data.tobytes(), dtype="f4").use(0)
        ctx.texture((6 * size, size), 4, padded.tobytes(), dtype="f4").use(1)
        for k, buffer in enumerate((block, given, found)):
            buffer.bind_to_storage_buffer(k)
        net = MAIN.replace("CALL", NET)
        closed = (Path(__file__).parent / "layered.glsl").read_text()
        sources = {
            "net, texture": (glsl_of(material.shape, source="texture") + net, expected[0]),
            "net, block": (glsl_of(material.shape, unrolled=0) + net, expected[0]),
            "layered": (closed + MAIN.replace("CALL", LAYERED), expected[1]),
        }
        for name, (text, right) in sources.items():
            begun = time.perf_counter()
            shader = ctx.compute_shader("#version 430 core\n" + text)
            shader["place"].value = place.net, place.texels, place.width, place.height

            def run(shader=shader):
                shader.run(count // 64)
                return found.read()

            result = np.frombuffer(run(), np.float32).reshape(-1, 4)[:, :3]
            compile_ms = (time.perf_counter() - begun) * 1e3
            error = np.abs(result - right[:count]) / (right[:count] + 0.1)
            assert error.mean() < 1e-3, (name, error.mean())
            yield (
                f"gl, {ctx.info['GL_RENDERER'][:8]}",
                name,
                count / timed(run, seconds) / 1e6,
                (f"{compile_ms:.0f}"),
            )
    ctx.release()


def errors_by_samples(material, texels, level: int, count: int = 3000):
    """Error of the net, and of the layered material by samples of a row of the footprint."""
    uv, _, w_i, w_o = points(texels, count)
    levels = np.full(count, float(level))
    truth = reference_surface(texels)(uv, levels, w_i, w_o)

    def error(f):
        difference = np.abs(f - truth) * w_i[:, 2:]
        return float((difference / (truth * w_i[:, 2:] + RELATIVE_FLOOR)).mean())

    by_side = {k: error(reference_surface(texels, k)(uv, levels, w_i, w_o)) for k in SIDES}
    return error(neural_surface(material)(uv, levels, w_i, w_o)), by_side


def on_cpu(material, z, p, w_i, w_o, seconds: float):
    """Rows (how, what, million a second, nothing)."""
    found = np.empty((len(z), 3), np.float32)
    net = packed(material)
    runs = {
        ("cpu, a thread", "net"): lambda: neural.decode(net, z, w_i, w_o, 0, len(z), found),
        ("cpu, a thread", "layered"): lambda: layered.evaluate(p, w_i, w_o, found),
        ("cpu, numpy", "net"): lambda: decode(material, z, w_i, w_o),
        ("cpu, numpy", "layered"): lambda: evaluate(np, p, w_i, w_o),
    }
    for (where, what), run in runs.items():
        yield where, what, len(z) / timed(run, seconds) / 1e6, ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--material", choices=NAMES, default="ceramic")
    parser.add_argument("--count", type=int, default=65536)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    material = builtin_material(options.material)
    texels = texels_of(LIBRARY[options.material](material.size[0]), material.size[0])
    uv, p, w_i, w_o = points(texels, options.count)
    z = lookup(material, uv).astype(np.float32)
    exact = decode(material, z, w_i, w_o), evaluate(np, p, w_i, w_o)

    console = Console()
    table = Table("where", "what", "M evaluations/s", "ms to compile", title=options.material)
    rows = list(on_gl(material, texels, uv, w_i, w_o, exact, options.seconds))
    rows += on_cpu(material, z, p, w_i, w_o, options.seconds)
    for where, name, speed, compile_ms in rows:
        table.add_row(where, name, f"{speed:.3f}", compile_ms)
    console.print(table)

    console.print(
        f"operations an evaluation: net {material.shape.operations} in its layers, "
        f"layered {layered_operations(p, w_i, w_o)}"
    )
    speeds = {(where, what): speed for where, what, speed, _ in rows}
    software = next(where for where, _ in speeds if where.startswith("gl"))
    pairs = {
        "gl": (speeds[software, "net, texture"], speeds[software, "layered"]),
        "cpu": (speeds["cpu, a thread", "net"], speeds["cpu, a thread", "layered"]),
    }
    table = Table(
        "level",
        "net",
        *(f"layered, {k * k}" for k in SIDES),
        "samples for the net's error",
        *(f"{name}: layered so, M/s (net)" for name in pairs),
        title="mean relative error",
    )
    for level in (0, 1, 2, 3, 4):
        net, by_side = errors_by_samples(material, texels, level)
        enough = next((k * k for k, error in by_side.items() if error <= net), None)
        cells = [
            f"{each / enough:.2f} ({own:.2f})" if enough else "" for own, each in pairs.values()
        ]
        errors = (f"{error:.3f}" for error in by_side.values())
        table.add_row(str(level), f"{net:.3f}", *errors, str(enough or "more"), *cells)
    console.print(table)


if __name__ == "__main__":
    main()
