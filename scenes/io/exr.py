"""Environment images in OpenEXR files, by the package OpenEXR (extra `exr`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..lights import MAX_SIDE

MAGIC = b"\x76\x2f\x31\x01"

_AGAIN = "Export it again as one picture with channels R, G and B."
_PACKED = 4096  # times that pixels may be larger than the file: no compressor of noise comes near


def read_exr(path: Path) -> NDArray[np.float32]:
    """(H, W, 3) radiance of the first part of a file: channels R, G and B, or Y alone.

    Negative values, which filters leave, are 0.

    Raises:
        SceneFormatError: OpenEXR is not installed, or the file is damaged, cropped, too large, or
            has other channels.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise SceneFormatError(path, "magic", "is not that of an OpenEXR file", _AGAIN)
    openexr = _openexr(path)
    try:
        header: dict[str, Any] = openexr.File(str(path), header_only=True).header()
        _check(path, header, len(data))
    except SceneFormatError:
        raise
    except Exception as error:  # the package raises what its library says, as RuntimeError
        raise SceneFormatError(path, "header", f"cannot be read: {error}", _AGAIN) from error
    try:
        found = openexr.File(str(path), separate_channels=True).channels()
    except Exception as error:  # it says that there are no parts, whatever is wrong with them
        raise SceneFormatError(path, "pixels", "are damaged or cut off", _AGAIN) from error
    names = ("R", "G", "B") if {"R", "G", "B"} <= found.keys() else ("Y", "Y", "Y")
    if names[0] not in found:
        raise SceneFormatError(path, "channels", f"are {', '.join(found)}", _AGAIN)
    light = np.stack([np.asarray(found[name].pixels, np.float32) for name in names], axis=2)
    if (bad := int(np.isnan(light).sum())) > 0:
        raise SceneFormatError(path, "pixels", f"{bad:,} values are no numbers", _AGAIN)
    return np.maximum(light, np.float32(0.0))


def _check(path: Path, header: dict[str, Any], size: int) -> None:
    """Whether pixels of the size that the header claims may be asked for."""
    low, high = (np.asarray(corner, np.int64) for corner in header["dataWindow"])
    width, height = (int(n) for n in high - low + 1)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise SceneFormatError(
            path,
            "dataWindow",
            f"is {width}x{height}; sides are 1 to {MAX_SIDE}",
            "Make it smaller.",
        )
    whole = [np.asarray(corner, np.int64) for corner in header["displayWindow"]]
    if (low != whole[0]).any() or (high != whole[1]).any():
        raise SceneFormatError(
            path, "dataWindow", "is not all of the picture", "Export it again without cropping."
        )
    if any(c.xSampling != 1 or c.ySampling != 1 for c in header["channels"]):
        raise SceneFormatError(path, "channels", "have fewer pixels than the picture", _AGAIN)
    claimed = 2 * width * height * len(header["channels"])
    if claimed > _PACKED * size:
        raise SceneFormatError(
            path, "pixels", f"{size:,} bytes are too few for {width}x{height}", _AGAIN
        )


def _openexr(path: Path) -> Any:
    try:
        import OpenEXR
    except ImportError as error:
        raise SceneFormatError(
            path,
            "format",
            ".exr needs the package OpenEXR, which is not installed",
            "pip install 'voile[exr]', or save the picture as a Radiance .hdr.",
        ) from error
    return OpenEXR
