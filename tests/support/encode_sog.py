"""SOG scenes of versions 1 and 2 as {file name: bytes}, written without Voile's own code."""

from __future__ import annotations

import io
import json
import math
import zipfile

import numpy as np
from PIL import Image

from voile.scenes import Splats


def image_bytes(pixels: np.ndarray) -> bytes:
    """Lossless WebP of (H, W, 3 or 4) bytes, exact also where alpha is 0."""
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "WEBP", lossless=True, exact=True)
    return out.getvalue()


def _texture(rows: np.ndarray) -> bytes:
    """(N, 4) bytes as the smallest square image, padded with zeros."""
    side = math.ceil(math.sqrt(len(rows)))
    pixels = np.zeros((side * side, 4), np.uint8)
    pixels[: len(rows)] = rows
    return image_bytes(pixels.reshape(side, side, 4))


def _with_alpha(rgb: np.ndarray, alpha: object = 255) -> np.ndarray:
    return np.concatenate([rgb, np.broadcast_to(alpha, (len(rgb),))[:, None]], axis=1)


def _ramp(values: np.ndarray, levels: int = 255) -> tuple[np.ndarray, list, list]:
    """Per column: values on a ramp of `levels` steps, and the ramp's ends."""
    low, high = values.min(axis=0), values.max(axis=0)
    high = np.where(high > low, high, low + 1e-3)
    return np.rint((values - low) / (high - low) * levels).astype(int), low.tolist(), high.tolist()


def _codebook(values: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """256 equally spaced values, and the nearest index of each value."""
    table = np.linspace(values.min(), values.max() + 1e-6, 256)
    return np.abs(values[..., None] - table).argmin(axis=-1), table.tolist()


def sog_files(splats: Splats, version: int = 2) -> dict[str, bytes]:
    """The files of a scene. Every splat has a palette entry of its own."""
    n = len(splats)
    means = splats.means.astype(float)
    fixed, low, high = _ramp(np.sign(means) * np.log1p(np.abs(means)), 65535)
    files = {
        "means_l.webp": _texture(_with_alpha(fixed & 255)),
        "means_u.webp": _texture(_with_alpha(fixed >> 8)),
    }
    quats = splats.quats.astype(float)
    largest = np.abs(quats).argmax(axis=1)
    packed = np.empty((n, 4))
    for row, (q, k) in enumerate(zip(quats, largest)):
        small = np.delete(q * np.sign(q[k]), k)
        packed[row] = [*np.rint((small * math.sqrt(2) + 1) / 2 * 255), 252 + k]
    files["quats.webp"] = _texture(packed)
    meta: dict = {
        "means": {"mins": low, "maxs": high, "files": ["means_l.webp", "means_u.webp"]},
        "quats": {"files": ["quats.webp"]},
        "scales": {"files": ["scales.webp"]},
        "sh0": {"files": ["sh0.webp"]},
    }
    logs, color = np.log(splats.scales.astype(float)), splats.sh[:, 0].astype(float)
    opacity = splats.opacities.astype(float)
    if version == 2:
        meta |= {"version": 2, "count": n, "antialias": splats.antialiased}
        index, meta["scales"]["codebook"] = _codebook(logs)
        hue, meta["sh0"]["codebook"] = _codebook(color)
        alpha = np.rint(opacity * 255)
    else:
        meta["means"]["shape"] = [n, 3]
        index, meta["scales"]["mins"], meta["scales"]["maxs"] = _ramp(logs)
        logits = np.log(opacity / (1 - opacity))
        packed, meta["sh0"]["mins"], meta["sh0"]["maxs"] = _ramp(
            np.concatenate([color, logits[:, None]], axis=1)
        )
        hue, alpha = packed[:, :3], packed[:, 3]
    files["scales.webp"] = _texture(_with_alpha(index))
    files["sh0.webp"] = _texture(_with_alpha(hue, alpha))
    if splats.sh_degree:
        _add_harmonics(splats, version, meta, files)
    files["meta.json"] = json.dumps(meta).encode()
    return files


def _add_harmonics(splats: Splats, version: int, meta: dict, files: dict[str, bytes]) -> None:
    n, rest = len(splats), splats.sh.shape[1] - 1
    values = splats.sh[:, 1:].astype(float)
    meta["shN"] = {"files": ["shN_centroids.webp", "shN_labels.webp"]}
    if version == 2:
        index, codebook = _codebook(values)
        meta["shN"] |= {"codebook": codebook, "bands": splats.sh_degree, "count": n}
    else:
        flat, low, high = _ramp(values.reshape(-1, 1))
        index = flat.reshape(values.shape)
        meta["shN"] |= {"mins": low[0], "maxs": high[0], "quantization": 8}
    palette = np.zeros((math.ceil(n / 64) * 64, rest, 3), np.uint8)
    palette[:n] = index
    files["shN_centroids.webp"] = image_bytes(palette.reshape(-1, 64 * rest, 3))
    labels = np.arange(n)
    pairs = np.stack([labels & 255, labels >> 8, 0 * labels], axis=1)
    files["shN_labels.webp"] = _texture(_with_alpha(pairs))


def zip_bytes(files: dict[str, bytes], prefix: str = "") -> bytes:
    """The files in a stored (not deflated) zip, as PlayCanvas's tools write it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(prefix + name), data)
    return out.getvalue()
