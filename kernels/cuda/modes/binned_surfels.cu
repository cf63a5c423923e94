// `binned` with surfels, see binned_tile.cuh.

#include "../surfel_tile.cuh"
#include "binned_tile.cuh"

extern "C" __global__ void rasterize_binned_4_surfels(SURFEL_ARGUMENTS, const DepthInBins *depths,
                                                      int refinements) {
    walk_binned<AnySplat, 4>(SURFEL_TILE, depths, refinements);
}

extern "C" __global__ void rasterize_binned_8_surfels(SURFEL_ARGUMENTS, const DepthInBins *depths,
                                                      int refinements) {
    walk_binned<AnySplat, 8>(SURFEL_TILE, depths, refinements);
}

extern "C" __global__ void rasterize_binned_16_surfels(SURFEL_ARGUMENTS, const DepthInBins *depths,
                                                       int refinements) {
    walk_binned<AnySplat, 16>(SURFEL_TILE, depths, refinements);
}

extern "C" __global__ void rasterize_binned_32_surfels(SURFEL_ARGUMENTS, const DepthInBins *depths,
                                                       int refinements) {
    walk_binned<AnySplat, 32>(SURFEL_TILE, depths, refinements);
}
