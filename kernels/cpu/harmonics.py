"""Real spherical harmonics up to degree 4, in the order and with the signs of Kerbl et al. 2023.

Degrees 0 to 3 are those of the INRIA rasterizer; degree 4 continues them (Sloan 2013, "Efficient
Spherical Harmonic Evaluation").
"""

from __future__ import annotations

import numpy as np

from ..constants import SH_C0
from .jit import inline

F = np.float32


@inline
def sh_basis(x, y, z, degree, basis):
    """Writes the (degree + 1)^2 basis functions at the unit direction x, y, z to `basis`."""
    basis[0] = F(SH_C0)
    if degree < 1:
        return
    basis[1] = F(-0.4886025119029199) * y
    basis[2] = F(0.4886025119029199) * z
    basis[3] = F(-0.4886025119029199) * x
    if degree < 2:
        return
    xx, yy, zz = x * x, y * y, z * z
    xy, yz, xz = x * y, y * z, x * z
    basis[4] = F(1.0925484305920792) * xy
    basis[5] = F(-1.0925484305920792) * yz
    basis[6] = F(0.31539156525252005) * (F(2) * zz - xx - yy)
    basis[7] = F(-1.0925484305920792) * xz
    basis[8] = F(0.5462742152960396) * (xx - yy)
    if degree < 3:
        return
    basis[9] = F(-0.5900435899266435) * y * (F(3) * xx - yy)
    basis[10] = F(2.890611442640554) * xy * z
    basis[11] = F(-0.4570457994644658) * y * (F(4) * zz - xx - yy)
    basis[12] = F(0.3731763325901154) * z * (F(2) * zz - F(3) * xx - F(3) * yy)
    basis[13] = F(-0.4570457994644658) * x * (F(4) * zz - xx - yy)
    basis[14] = F(1.445305721320277) * z * (xx - yy)
    basis[15] = F(-0.5900435899266435) * x * (xx - F(3) * yy)
    if degree < 4:
        return
    basis[16] = F(2.5033429417967046) * xy * (xx - yy)
    basis[17] = F(-1.7701307697799304) * yz * (F(3) * xx - yy)
    basis[18] = F(0.9461746957575601) * xy * (F(7) * zz - F(1))
    basis[19] = F(-0.6690465435572892) * yz * (F(7) * zz - F(3))
    basis[20] = F(0.10578554691520431) * (zz * (F(35) * zz - F(30)) + F(3))
    basis[21] = F(-0.6690465435572892) * xz * (F(7) * zz - F(3))
    basis[22] = F(0.47308734787878004) * (xx - yy) * (F(7) * zz - F(1))
    basis[23] = F(-1.7701307697799304) * xz * (xx - F(3) * yy)
    basis[24] = F(0.6258357354491761) * (xx * (xx - F(3) * yy) - yy * (F(3) * xx - yy))
