// `binned` backward, see binned_tile.cuh.

#include "binned_tile.cuh"

extern "C" __global__ void collect_binned_4(COLLECTOR_ARGUMENTS, const DepthInBins *depths,
                                            int refinements, float *entries) {
    collect_binned_tile<Footprint, 4>(COLLECTOR_TILE, DRAWN, depths, refinements, entries);
}

extern "C" __global__ void collect_binned_8(COLLECTOR_ARGUMENTS, const DepthInBins *depths,
                                            int refinements, float *entries) {
    collect_binned_tile<Footprint, 8>(COLLECTOR_TILE, DRAWN, depths, refinements, entries);
}

extern "C" __global__ void collect_binned_16(COLLECTOR_ARGUMENTS, const DepthInBins *depths,
                                             int refinements, float *entries) {
    collect_binned_tile<Footprint, 16>(COLLECTOR_TILE, DRAWN, depths, refinements, entries);
}

extern "C" __global__ void collect_binned_32(COLLECTOR_ARGUMENTS, const DepthInBins *depths,
                                             int refinements, float *entries) {
    collect_binned_tile<Footprint, 32>(COLLECTOR_TILE, DRAWN, depths, refinements, entries);
}
