"""SPZ files of every version, one splat after the other, written without Voile's own code."""

from __future__ import annotations

import gzip
import math
import struct

import zstandard

from voile.scenes import Splats

C = {0: 0, 1: 3, 2: 8, 3: 15, 4: 24}


def _byte(value: float) -> int:
    return max(0, min(255, round(value)))


def columns(splats: Splats, version: int, fractional_bits: int = 12) -> list[bytes]:
    """The columns in the file's order, from a scene in right-down-forward axes."""
    out = [bytearray() for _ in range(6)]
    for mean, quat, scale, opacity, sh in zip(
        splats.means.tolist(),
        splats.quats.tolist(),
        splats.scales.tolist(),
        splats.opacities.tolist(),
        splats.sh.tolist(),
    ):
        x, y, z = mean[0], -mean[1], -mean[2]
        if version == 1:
            out[0] += struct.pack("<3e", x, y, z)
        else:
            for v in (x, y, z):
                out[0] += struct.pack("<i", round(v * 2**fractional_bits))[:3]
        out[1].append(_byte(opacity * 255))
        out[2] += bytes(_byte((0.15 * c + 0.5) * 255) for c in sh[0])
        out[3] += bytes(_byte((math.log(s) + 10) * 16) for s in scale)
        w, i, j, k = quat
        out[4] += _rotation((i, -j, -k, w), version)
        for index, triple in enumerate(sh[1:], start=1):
            sign = _sign(index)
            out[5] += bytes(_byte(sign * v * 128 + 128) for v in triple)
    return [bytes(column) for column in out]


def _rotation(xyzw: tuple[float, ...], version: int) -> bytes:
    if version < 3:
        flip = -1 if xyzw[3] < 0 else 1
        return bytes(_byte((flip * v + 1) * 127.5) for v in xyzw[:3])
    largest = max(range(4), key=lambda c: abs(xyzw[c]))
    flip = -1 if xyzw[largest] < 0 else 1
    word = largest
    for component in range(4):
        if component != largest:
            v = flip * xyzw[component]
            word = word << 10 | (v < 0) << 9 | min(511, round(abs(v) / math.sqrt(0.5) * 511))
    return struct.pack("<I", word)


def _sign(index: int) -> int:
    """Parity of harmonic (l, m) in y and z: even for l - |m| + (m < 0) even."""
    degree = math.isqrt(index)
    order = index - degree * degree - degree
    return -1 if (degree - abs(order) + (order < 0)) % 2 else 1


def header(splats: Splats, version: int, streams: int = 0, fractional_bits: int = 12) -> bytes:
    flags = int(splats.antialiased)
    return struct.pack(
        "<4sIIBBBB",
        b"NGSP",
        version,
        len(splats),
        splats.sh_degree,
        fractional_bits,
        flags,
        streams,
    )


def spz_bytes(splats: Splats, version: int, *, packed: bool = True) -> bytes:
    """A whole file; `packed` False leaves out the gzip wrapping of versions 1 to 3."""
    parts = columns(splats, version)
    if version < 4:
        payload = header(splats, version) + b"".join(parts)
        return gzip.compress(payload, mtime=0) if packed else payload
    if splats.sh_degree == 0:
        parts = parts[:5]
    streams = [zstandard.compress(part) for part in parts]
    sizes = [struct.pack("<QQ", len(s), len(p)) for s, p in zip(streams, parts)]
    head = header(splats, 4, len(parts)) + struct.pack("<I12x", 32)
    return head + b"".join(sizes) + b"".join(streams)
