// Debug view "centres": the pixel of each centre in its splat's colour, the nearest in front. Faint
// splats, which may reach no middle of a pixel and so no tile, have their centres too.

#include "../tile.cuh"

// Rows of footprints by depth, so that the nearest is the largest; of equal ones the first. 0 is
// none.
typedef unsigned long long Nearest;

BOTH Nearest nearness(float depth, int row) {
    return ~(Nearest(__float_as_uint(depth)) << 32 | Nearest(unsigned(row)));
}

BOTH int row_of(Nearest nearest) { return int(unsigned(~nearest)); }

// `nearest` (height, width), 0 before. One thread a splat.
extern "C" __global__ void mark_centres(const Footprint *footprints, const Counts *counts, int room,
                                        int width, Nearest *nearest) {
    int i = thread_place();
    if (i >= least(counts->visible, room)) return;
    Footprint splat = footprints[i];
    // From the centre to the middle of the anchor, the nearest pixel of the image.
    float dy = splat.v / splat.c, dx = (splat.u - splat.b * dy) / splat.a;
    if (!(fabsf(dx) <= 0.5f && fabsf(dy) <= 0.5f)) return;
    size_t pixel = size_t(splat.anchor_y) * width + size_t(splat.anchor_x);
    atomicMax(nearest + pixel, nearness(splat.depth, i));
}

extern "C" __global__ void rasterize_centres(RASTERIZER_ARGUMENTS, const Nearest *nearest) {
    Tile tile = TILE_OF_BLOCK;
    for (int p = 0; p < PIXELS; ++p) {
        if (!tile.inside(p)) continue;
        Nearest found = nearest[tile.pixel(p)];
        if (found == 0) {
            tile.store(p, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f);
            continue;
        }
        const Footprint &splat = footprints[row_of(found)];
        tile.store(p, fmaxf(splat.red, 0.15f), fmaxf(splat.green, 0.15f),  // black is seen too
                   fmaxf(splat.blue, 0.15f), 1.0f, 0.0f);
    }
}
