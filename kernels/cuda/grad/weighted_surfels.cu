// `weighted` and its gradient with surfels, see weighted.cuh and surfels.cuh.

#include "surfels.cuh"
#include "weighted.cuh"

extern "C" __global__ void draw_weighted_surfels(SURFEL_ARGUMENTS, const float *weights,
                                                 float *totals) {
    draw_weighted_tile<AnySplat>(SURFEL_TILE, weights, totals);
}

extern "C" __global__ void collect_weighted_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                    const View *view, const float *weights,
                                                    const float *totals, float *entries) {
    collect_weighted_tile<AnySplat>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, weights,
                                    totals, entries);
}
