"""The last step of every reader: activated columns become `Splats`, or a clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError, SplatsError
from ..splats import Splats

Float32 = NDArray[np.float32]

_CHUNK = 1 << 16


def assemble(
    path: Path,
    *,
    means: Float32,
    quats: Float32,
    scales: Float32,
    opacities: Float32,
    sh: Float32,
    drop_invalid: bool,
    fields: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    material: NDArray[np.int32] | None = None,
    latent: NDArray[np.float32] | None = None,
    **rest: Any,
) -> Splats:
    """`Splats` from a reader's columns, which are changed in place.

    Quaternions (wxyz) are normalised; scales that underflowed to zero are raised to the smallest
    normal float32, but for the third, whose 0 is that of a surfel. Rows with a value that is not
    finite or with a zero quaternion are an error, or are left out with a note when `drop_invalid`.

    Args:
        path: for the error text.
        means, quats, scales, opacities, sh: as in `Splats`, activated, quats of any length.
        drop_invalid: leave out invalid rows instead of refusing the file.
        fields: the format's own name of each column, for the error text.
        notes: remarks on the file.
        material, latent: as in `Splats`.
        rest: further arguments of `Splats` (antialiased, up, ...).

    Raises:
        SceneFormatError: names the file, the format's field, the first bad row and the fix.
    """
    columns = {"means": means, "quats": quats, "scales": scales, "opacities": opacities, "sh": sh}
    if latent is not None:
        columns["latent"] = latent
    names = dict(fields or {})
    bad: NDArray[np.bool_] | None = None
    with np.errstate(over="ignore", invalid="ignore"):
        for name, column in columns.items():
            wrong = _not_finite(column)
            if wrong is None and name == "quats":
                wrong = _zero_rows(column)
            if wrong is None:
                continue
            if not drop_invalid:
                row = int(np.argmax(wrong))
                what = "is a zero quaternion" if np.isfinite(column[row]).all() else "is not finite"
                raise SceneFormatError(
                    path,
                    names.get(name, name),
                    f"splat {row} {what} ({int(wrong.sum())} such splats)",
                    "Export it again, or open it with --drop-invalid to leave these splats out.",
                )
            bad = wrong if bad is None else bad | wrong
    if bad is not None:
        columns = {name: column[~bad] for name, column in columns.items()}
        material = None if material is None else material[~bad]
        notes = (*notes, f"{int(bad.sum())} splats with non-finite values were left out")
    _normalise(columns["quats"])
    solid = columns["scales"][:, :2]
    np.maximum(solid, np.finfo(np.float32).tiny, out=solid)
    try:
        return Splats(**columns, notes=tuple(notes), material=material, **rest)
    except SplatsError as error:
        raise SceneFormatError(path, "splats", str(error), "Export the scene again.") from error


def _not_finite(column: Float32) -> NDArray[np.bool_] | None:
    """(N,) mask of rows with a value that is not finite, None when there is none."""
    mask: NDArray[np.bool_] | None = None
    for start in range(0, len(column), _CHUNK):
        part = column[start : start + _CHUNK]
        # A finite sum proves finite values; large values may overflow it, so look at them then.
        if np.isfinite(np.sum(part)) or np.isfinite(part).all():
            continue
        if mask is None:
            mask = np.zeros(len(column), bool)
        mask[start : start + _CHUNK] = ~np.isfinite(part.reshape(len(part), -1)).all(axis=1)
    return mask


def _zero_rows(quats: Float32) -> NDArray[np.bool_] | None:
    zero = np.abs(quats).max(axis=1, initial=0.0) < 1e-12
    return zero if zero.any() else None


def _normalise(quats: Float32) -> None:
    # Divided by the largest component first: squares of tiny or huge components leave float32.
    quats /= np.abs(quats).max(axis=1, keepdims=True, initial=np.finfo(np.float32).tiny)
    quats /= np.sqrt(np.einsum("ij,ij->i", quats, quats))[:, None]
