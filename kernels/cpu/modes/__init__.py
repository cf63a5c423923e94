"""Rasterizers of tiles, one file per blending mode; the equations are in `voile.render.modes`.

Every file has a kernel `rasterize`, and says by `VALUES` and `PARAMS` the type of the values and
the number of the parameters that it is given. The arguments are the same for all:

    tiles: (T,) tile numbers, row by row over the image; those from first_tile to last_tile are
        drawn.
    starts, members: tile lists, see `bins`.
    footprints: (M, 12) see `project`.
    values: (M, V) float32 or uint32, what the mode wants to know of every splat.
    params: (P,) float32, what the mode wants to know of the frame.
    limits: (H, W) float32 depths beyond which splats are not seen; (0, 0) where there are none.
    with_depth: also write expected depth.
    surfels: (M, 13) see `surfels`, or None, the default, where all are ellipsoids: the code for
        surfels is then not compiled.
    color, alpha, depth: (H, W, 3), (H, W) and (H, W) float32, zero; depth may be (0, 0) when it is
        not wanted.
"""
