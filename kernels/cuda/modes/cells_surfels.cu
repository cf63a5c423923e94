// `cells` with surfels, see cells_tile.cuh.

#include "../surfel_tile.cuh"
#include "cells_tile.cuh"

extern "C" __global__ void rasterize_cells_surfels(SURFEL_ARGUMENTS, const int *splats,
                                                   const int *cells) {
    walk_cells<AnySplat>(SURFEL_TILE, splats, cells);
}
