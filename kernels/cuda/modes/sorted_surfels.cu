// `sorted` with surfels, see sorted_tile.cuh.

#include "../surfel_tile.cuh"
#include "sorted_tile.cuh"

extern "C" __global__ void rasterize_sorted_surfels(SURFEL_ARGUMENTS, int median) {
    draw_sorted<AnySplat>(SURFEL_TILE, median);
}
