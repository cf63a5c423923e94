// `weighted` and its gradient, see weighted.cuh.

#include "weighted.cuh"

extern "C" __global__ void draw_weighted(RASTERIZER_ARGUMENTS, const float *weights,
                                         float *totals) {
    draw_weighted_tile<Footprint>(TILE_OF_BLOCK, weights, totals);
}

extern "C" __global__ void collect_weighted(COLLECTOR_ARGUMENTS, const float *weights,
                                            const float *totals, float *entries) {
    collect_weighted_tile<Footprint>(COLLECTOR_TILE, DRAWN, weights, totals, entries);
}
