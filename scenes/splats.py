"""`Splats`: the scene as every renderer takes it, a structure of arrays of activated values."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import SplatsError
from .oit import OitWeights

Float32 = NDArray[np.float32]

SH_COEFFICIENTS = (1, 4, 9, 16, 25)
"""Number of SH coefficients per channel at degree 0, 1, 2, 3, 4."""

_CHUNK = 1 << 16  # rows checked at a time, so that validation needs no large temporary


@dataclass(frozen=True, eq=False)
class Splats:
    """N Gaussian splats. Arrays are float32 and kept as given: a view is never copied.

    Attributes:
        means: (N, 3) centres, world units.
        quats: (N, 4) quaternions wxyz, of length 1 but for 5e-4, which nothing drawn depends on;
            they rotate the splat's axes into the world.
        scales: (N, 3) standard deviations along the splat's axes, world units, > 0. A splat whose
            third scale is 0 is a surfel (Huang et al. 2024): a disc, met by rays where they cross
            its plane. Any scene may have both.
        opacities: (N,) in [0, 1], activated.
        sh: (N, K, 3) spherical harmonic coefficients, K in {1, 4, 9, 16, 25}, in the layout of
            INRIA's 3D Gaussian splatting (Kerbl et al. 2023); colour = 0.5 + sum of basis * sh.
        normals: (N, 3) optional.
        material: (N,) int32 optional, index into the scene's materials; -1 for none.
        material_names: what `material` numbers, where a file says it: sources as of a `Coat`.
        latent: (N, L) optional, latents of the materials that the splats came with, in place of a
            texture's; a row of zeros is none.
        fitted: optional, weights of mode `weighted`, fitted to the sorted image.
        learned: optional, weights of mode `learned` and what its splats differ by.
        antialiased: trained with the mip filter (Yu et al. 2024); renderers then scale opacity by
            the determinant ratio.
        up: unit vector that points up in world coordinates; the default is INRIA's Y down.
        color_space: space in which the splats blend.
        notes: remarks of the reader on what is odd about the file, shown by `voile info`.

    Raises:
        SplatsError: a wrong shape, dtype, range or non-finite value; the text names the array.
    """

    means: Float32
    quats: Float32
    scales: Float32
    opacities: Float32
    sh: Float32
    normals: Float32 | None = None
    material: NDArray[np.int32] | None = None
    latent: Float32 | None = None
    fitted: OitWeights | None = None
    learned: OitWeights | None = None
    antialiased: bool = False
    up: tuple[float, float, float] = (0.0, -1.0, 0.0)
    color_space: Literal["srgb_rec709_display", "lin_rec709_display"] = "srgb_rec709_display"
    notes: tuple[str, ...] = ()
    material_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.means)
        _check_array("means", self.means, (n, 3))
        _check_array("quats", self.quats, (n, 4))
        _check_array("scales", self.scales, (n, 3))
        _check_array("opacities", self.opacities, (n,))
        if self.sh.ndim != 3 or self.sh.shape[1] not in SH_COEFFICIENTS:
            raise SplatsError(
                f"sh has shape {self.sh.shape}; it must be (N, K, 3) with K in {SH_COEFFICIENTS}"
            )
        _check_array("sh", self.sh, (n, self.sh.shape[1], 3))
        for name in ("normals", "latent"):
            column = getattr(self, name)
            if column is not None:
                _check_array(name, column, (n, *column.shape[1:]))
        if self.normals is not None and self.normals.shape != (n, 3):
            raise SplatsError(f"normals has shape {self.normals.shape}; it must be ({n}, 3)")
        if self.material is not None and (
            self.material.shape != (n,) or self.material.dtype != np.int32
        ):
            raise SplatsError(
                f"material is {self.material.dtype} {self.material.shape}; it must be int32 ({n},)"
            )
        for name in ("fitted", "learned"):
            weights = getattr(self, name)
            if weights is not None and len(weights) != n:
                raise SplatsError(f"{name} has {len(weights)} rows for {n} splats")
        _check_ranges(self)
        length = float(np.linalg.norm(self.up))
        if not np.isfinite(length) or abs(length - 1.0) > 1e-3:
            raise SplatsError(f"up is {self.up}; it must be a unit vector")

    def __len__(self) -> int:
        return len(self.means)

    @property
    def surfels(self) -> NDArray[np.bool_]:
        """(N,) which splats are surfels."""
        return self.scales[:, 2] == 0.0

    @cached_property
    def kind(self) -> Literal["3d", "2d", "mixed"]:
        """What the scene is of: ellipsoids, surfels, or both; an empty one counts as the first."""
        count = int(np.count_nonzero(self.surfels))
        return "3d" if count == 0 else "2d" if count == len(self) else "mixed"

    @cached_property
    def worn(self) -> tuple[int, ...]:
        """Numbers of the materials that any splats have, from the highest."""
        found, left = [], self.material
        while left is not None and len(left) and (highest := int(left.max())) >= 0:
            found.append(highest)
            left = left[left < highest]
        return tuple(found)

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics, 0 to 4."""
        return SH_COEFFICIENTS.index(self.sh.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        columns = (
            self.means,
            self.quats,
            self.scales,
            self.opacities,
            self.sh,
            self.normals,
            self.material,
            self.latent,
        )
        return sum(c.nbytes for c in columns if c is not None)

    def bounds(self) -> tuple[Float32, Float32]:
        """Smallest and largest centre, each (3,); zeros for an empty scene."""
        if len(self) == 0:
            return np.zeros(3, np.float32), np.zeros(3, np.float32)
        return self.means.min(axis=0), self.means.max(axis=0)

    def with_columns(self, **changes: Any) -> Splats:
        """The scene with other fields that are known to be valid; nothing is checked again.

        For what is made from checked splats, where checking a million of them anew would cost more
        than making it.
        """
        other = object.__new__(type(self))
        for each in fields(self):
            other.__dict__[each.name] = changes.get(each.name, getattr(self, each.name))
        return other

    def take(self, rows: Any) -> Splats:
        """The splats that `rows` selects (a slice gives views, an index or mask array copies)."""
        columns = {
            name: column[rows]
            for name in ("means", "quats", "scales", "opacities", "sh", "normals", "material",
                         "latent")
            if (column := getattr(self, name)) is not None
        }  # fmt: skip
        for name in ("fitted", "learned"):
            weights = getattr(self, name)
            columns[name] = None if weights is None else weights.take(rows)
        return replace(self, **columns)


def _check_array(name: str, array: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise SplatsError(f"{name} is {kind}; it must be a float32 numpy array")
    if array.shape != shape:
        raise SplatsError(f"{name} has shape {array.shape}; it must be {shape}")


def _check_ranges(splats: Splats) -> None:
    """Finite everywhere, unit quaternions, positive scales, opacities in [0, 1]."""
    n = len(splats)
    for name in ("means", "quats", "scales", "opacities", "sh", "normals", "latent"):
        column = getattr(splats, name)
        if column is None:
            continue
        for start in range(0, n, _CHUNK):
            part = column[start : start + _CHUNK]
            # One pass, no boolean array: a finite sum proves finite values. Large values may
            # overflow the sum, so only the values themselves prove the opposite.
            with np.errstate(over="ignore", invalid="ignore"):
                suspect = not np.isfinite(np.sum(part))
            if suspect and not np.isfinite(part).all():
                row = start + int(np.argmax(~np.isfinite(part.reshape(len(part), -1)).all(axis=1)))
                raise SplatsError(f"{name}[{row}] is not finite: {column[row]}")
    if n == 0:
        return
    norms = np.einsum("ij,ij->i", splats.quats, splats.quats)
    worst = int(np.argmax(np.abs(norms - 1.0)))
    if abs(float(norms[worst]) - 1.0) > 1e-3:
        raise SplatsError(f"quats[{worst}] is not a unit quaternion: {splats.quats[worst]}")
    if float(splats.scales[:, :2].min()) <= 0.0 or float(splats.scales[:, 2].min()) < 0.0:
        row = int(np.argmax((splats.scales <= (0.0, 0.0, -1e-45)).any(axis=1)))
        raise SplatsError(
            f"scales[{row}] must be positive, but for the third, which may be 0: "
            f"{splats.scales[row]}"
        )
    if float(splats.opacities.min()) < 0.0 or float(splats.opacities.max()) > 1.0:
        row = int(np.argmax((splats.opacities < 0.0) | (splats.opacities > 1.0)))
        raise SplatsError(f"opacities[{row}] is outside [0, 1]: {splats.opacities[row]}")
