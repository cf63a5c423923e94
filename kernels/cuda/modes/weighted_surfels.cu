// `weighted` and `learned` with surfels, see weighted_tile.cuh.

#include "../surfel_tile.cuh"
#include "weighted_tile.cuh"

extern "C" __global__ void rasterize_weighted_surfels(SURFEL_ARGUMENTS, const float *weights,
                                                      int squares_alpha) {
    if (squares_alpha)
        draw_weighted<AnySplat, true>(SURFEL_TILE, weights);
    else
        draw_weighted<AnySplat, false>(SURFEL_TILE, weights);
}
