// `stochastic` with surfels, see stochastic_tile.cuh.

#include "../surfel_tile.cuh"
#include "stochastic_tile.cuh"

extern "C" __global__ void rasterize_stochastic_surfels(SURFEL_ARGUMENTS, const int *splats,
                                                        const int *keys, int samples) {
    walk_stochastic<AnySplat, true>(SURFEL_TILE, splats, keys, samples);
}
