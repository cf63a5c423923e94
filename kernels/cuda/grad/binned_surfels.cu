// `binned` backward with surfels, see binned_tile.cuh and surfels.cuh.

#include "surfels.cuh"
#include "binned_tile.cuh"

extern "C" __global__ void collect_binned_4_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                    const View *view, const DepthInBins *depths,
                                                    int refinements, float *entries) {
    collect_binned_tile<AnySplat, 4>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, depths,
                                     refinements, entries);
}

extern "C" __global__ void collect_binned_8_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                    const View *view, const DepthInBins *depths,
                                                    int refinements, float *entries) {
    collect_binned_tile<AnySplat, 8>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, depths,
                                     refinements, entries);
}

extern "C" __global__ void collect_binned_16_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                     const View *view, const DepthInBins *depths,
                                                     int refinements, float *entries) {
    collect_binned_tile<AnySplat, 16>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, depths,
                                     refinements, entries);
}

extern "C" __global__ void collect_binned_32_surfels(COLLECTOR_ARGUMENTS, const Disc *discs,
                                                     const View *view, const DepthInBins *depths,
                                                     int refinements, float *entries) {
    collect_binned_tile<AnySplat, 32>(with_discs(COLLECTOR_TILE, discs, view), DRAWN, depths,
                                     refinements, entries);
}
