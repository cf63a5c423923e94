// `stochastic`, see stochastic_tile.cuh.

#include "stochastic_tile.cuh"

extern "C" __global__ void rasterize_stochastic(RASTERIZER_ARGUMENTS, const int *splats,
                                                const int *keys, int samples) {
    walk_stochastic<Footprint, false>(TILE_OF_BLOCK, splats, keys, samples);
}
