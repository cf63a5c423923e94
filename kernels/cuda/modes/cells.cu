// `cells`: tile lists are cell by cell, front to back. A block takes as many splats to shared memory
// as fit, which is at least a whole cell, and blends the whole cells among them.

#include "../tile.cuh"
#include "cells.cuh"

// Splats in shared memory; a cell has MOST_IN_CELL at most.
#define WINDOW MOST_IN_CELL

__device__ inline void each_alpha(const Tile &tile, const Footprint &splat, float (&alphas)[PIXELS]) {
    for (int p = 0; p < PIXELS; ++p) {
        float power = log2_alpha_at(splat, float(tile.column()), float(tile.row(p)));
        alphas[p] = is_seen(power) ? alpha_of(power) : 0.0f;
    }
}

// Blends splats first to last of the window, a cell.
__device__ inline void blend_cell(const Tile &tile, const Placed<int> *window, int first, int last,
                                  CellPixel (&pixels)[PIXELS]) {
    float origin = window[first].splat.depth, alphas[PIXELS];
    for (int j = first; j <= last; ++j) {
        each_alpha(tile, window[j].splat, alphas);
        for (int p = 0; p < PIXELS; ++p)
            if (alphas[p] > 0.0f) pixels[p].add_moments(window[j].splat.depth - origin, alphas[p]);
    }
    for (int p = 0; p < PIXELS; ++p) pixels[p].find_spread(float(CELL_SPREAD) * origin);
    for (int j = first; j <= last; ++j) {
        each_alpha(tile, window[j].splat, alphas);
        for (int p = 0; p < PIXELS; ++p)
            if (alphas[p] > 0.0f)
                pixels[p].add(window[j].splat, window[j].splat.depth - origin, alphas[p]);
    }
    for (int p = 0; p < PIXELS; ++p) pixels[p].composite();
}

// `cells`: the cell of every footprint.
extern "C" __global__ void rasterize_cells(RASTERIZER_ARGUMENTS, const int *cells) {
    __shared__ Placed<int> window[WINDOW];
    Tile tile = tile_of_block(starts, members, footprints, width, height, color, alpha, depth);
    CellPixel pixels[PIXELS];
    for (int p = 0; p < PIXELS; ++p) pixels[p].clear();
    int start = tile.start;
    while (start < tile.stop) {
        bool done = true;
        for (int p = 0; p < PIXELS; ++p)
            done = done && (!tile.inside(p) || pixels[p].picture.is_opaque());
        // The vote is also what keeps the window until every thread has read it.
        if (__syncthreads_and(done)) break;
        int count = least(WINDOW, tile.stop - start);
        for (int j = tile.thread(); j < count; j += THREADS) {
            int member = tile.members[start + j];
            window[j].splat =
                placed_at(tile.footprints[member], float(tile.x0), float(tile.y0));
            window[j].value = cells[member];
        }
        __syncthreads();
        // The last cell in the window may go on beyond it, and then is left for the next one; but
        // where it fills the window it is whole.
        bool ends_here = start + count == tile.stop;
        int first = 0;
        for (int j = 0; j < count; ++j) {
            bool ends = j + 1 < count ? window[j + 1].value != window[j].value
                                      : ends_here || first == 0;
            if (!ends) continue;
            blend_cell(tile, window, first, j, pixels);
            first = j + 1;
        }
        start += first;
    }
    for (int p = 0; p < PIXELS; ++p) {
        const SortedPixel &picture = pixels[p].picture;
        tile.store(p, picture.red, picture.green, picture.blue, picture.cover(),
                   picture.mean_depth());
    }
}
