// `cells`, see cells_tile.cuh.

#include "cells_tile.cuh"

extern "C" __global__ void rasterize_cells(RASTERIZER_ARGUMENTS, const int *splats,
                                           const int *cells) {
    walk_cells<Footprint>(TILE_OF_BLOCK, splats, cells);
}
