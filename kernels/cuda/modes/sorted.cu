// `sorted`, see sorted_tile.cuh.

#include "sorted_tile.cuh"

extern "C" __global__ void rasterize_sorted(RASTERIZER_ARGUMENTS) {
    walk_sorted<Footprint>(
        tile_of_block(starts, members, footprints, width, height, color, depth));
}
