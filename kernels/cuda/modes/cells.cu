// `cells`, see cells_tile.cuh.

#include "cells_tile.cuh"

extern "C" __global__ void rasterize_cells(RASTERIZER_ARGUMENTS, const int *splats,
                                           const int *cells) {
    walk_cells<Footprint>(
        tile_of_block(starts, members, footprints, width, height, color, depth), splats,
        cells);
}
