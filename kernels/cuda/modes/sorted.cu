// `sorted`, see sorted_tile.cuh.

#include "sorted_tile.cuh"

extern "C" __global__ void rasterize_sorted(RASTERIZER_ARGUMENTS, int median) {
    draw_sorted<Footprint>(TILE_OF_BLOCK, median);
}
