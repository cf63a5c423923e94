// `stochastic`, see stochastic_tile.cuh.

#include "stochastic_tile.cuh"

extern "C" __global__ void rasterize_stochastic(RASTERIZER_ARGUMENTS, const int *splats,
                                                const int *keys, int samples) {
    walk_stochastic<Footprint, false>(
        tile_of_block(starts, members, footprints, width, height, color, depth), splats,
        keys, samples);
}
