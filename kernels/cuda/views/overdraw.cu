// Debug view "overdraw": how many splats touch each pixel, alpha >= 1/255, in place of red. Surfels
// are flat ellipsoids here, as in all these views.

#include "../tile.cuh"

struct NoValue {};

struct CountingVisitor {
    static const bool TAKES_ZERO = false, LIMITED = false;
    float counts[PIXELS];

    __device__ NoValue value(int) const { return {}; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &, const NoValue &, float, float) {
        counts[p] += 1.0f;
    }
};

extern "C" __global__ void rasterize_overdraw(RASTERIZER_ARGUMENTS) {
    Tile tile = TILE_OF_BLOCK;
    CountingVisitor visitor;
    for (int p = 0; p < PIXELS; ++p) visitor.counts[p] = 0.0f;
    walk_tile<Footprint, NoValue>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) tile.store(p, visitor.counts[p], 0.0f, 0.0f, 1.0f, 0.0f);
}
