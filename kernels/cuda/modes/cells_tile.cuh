// `cells`: tile lists are cell by cell, front to back. A block takes as many splats to shared
// memory as fit, which is at least a whole cell, and blends the whole cells among them.
#pragma once

#include "../tile.cuh"
#include "cells.cuh"

// Splats in shared memory; a cell has MOST_IN_CELL at most.
#define WINDOW MOST_IN_CELL

// What is in shared memory: footprints, their cells, and the sub-tiles that they reach.
template <class Splat>
struct Window {
    Splat splats[WINDOW];
    int cells[WINDOW];
    unsigned reached[WINDOW];
};

// Calls visit(p, splat, alpha, depth) where splats first to last of the window reach this thread's
// pixels.
template <class Splat, class Visit>
__device__ inline void each_alpha(const Tile &tile, const Window<Splat> &window, int first,
                                  int last, Visit visit) {
    for (int j = first; j <= last; ++j) {
        if (!(window.reached[j] >> tile.warp() & 1u)) continue;
        for (int p = 0; p < PIXELS; ++p) {
            Seen seen =
                seen_at(window.splats[j], float(tile.column()), float(tile.row(p)), tile.near);
            if (tile.shows(p, seen.log2_alpha, window.splats[j].depth))
                visit(p, window.splats[j], alpha_of(seen.log2_alpha), seen.depth);
        }
    }
}

// Blends splats first to last of the window, a cell.
template <class Splat>
__device__ inline void blend_cell(const Tile &tile, const Window<Splat> &window, int first,
                                  int last, CellPixel (&pixels)[PIXELS]) {
    float origin = window.splats[first].depth;
    each_alpha(tile, window, first, last, [&](int p, const Splat &splat, float alpha, float) {
        pixels[p].add_moments(splat.depth - origin, alpha);
    });
    for (int p = 0; p < PIXELS; ++p) pixels[p].find_spread(origin);
    each_alpha(tile, window, first, last, [&](int p, const Splat &splat, float alpha, float at) {
        pixels[p].add(splat, splat.depth - origin, alpha, at);
    });
    for (int p = 0; p < PIXELS; ++p) pixels[p].composite();
}

// Takes a tile's splats to shared memory and visits the cells among them in order. A visitor has
//     int cell(int member),
//     bool done(int p)           its pixel p needs nothing more,
//     void blend(const Tile &, const Window<Splat> &, int start, int first, int last)
//                                splats first to last of the window are a cell; the window begins
//                                with that of place `start` of the list,
//     void end(const Tile &, int start, int count)
//                                so many of the window were visited.
template <class Splat, class Visitor>
__device__ inline void each_cell(const Tile &tile, Visitor &visitor) {
    __shared__ Window<Splat> window;
    int start = tile.start;
    while (start < tile.stop) {
        bool done = true;
        for (int p = 0; p < PIXELS; ++p) done = done && (!tile.inside(p) || visitor.done(p));
        // The vote is also what keeps the window until every thread has read it.
        if (__syncthreads_and(done)) break;
        int count = least(WINDOW, tile.stop - start);
        for (int j = tile.thread(); j < count; j += THREADS) {
            int member = tile.members[start + j];
            place_in(tile, member, window.splats[j]);
            window.cells[j] = visitor.cell(member);
            window.reached[j] = subtiles_of(window.splats[j]);
        }
        __syncthreads();
        // The last cell in the window may go on beyond it, and then is left for the next one; but
        // where it fills the window it is whole.
        bool ends_here = start + count == tile.stop;
        int first = 0;
        for (int j = 0; j < count; ++j) {
            bool ends = j + 1 < count ? window.cells[j + 1] != window.cells[j]
                                      : ends_here || first == 0;
            if (!ends) continue;
            visitor.blend(tile, window, start, first, j);
            first = j + 1;
        }
        visitor.end(tile, start, first);
        start += first;
    }
}

template <class Splat>
struct CellsVisitor {
    const int *splats, *cells;
    CellPixel pixels[PIXELS];

    __device__ int cell(int member) const { return cells[splats[member]]; }
    __device__ bool done(int p) const { return pixels[p].picture.is_opaque(); }
    __device__ void blend(const Tile &tile, const Window<Splat> &window, int, int first,
                          int last) {
        blend_cell(tile, window, first, last, pixels);
    }
    __device__ void end(const Tile &, int, int) const {}
};

// `cells`: the cell of every splat of the scene, of which `splats` are the footprints.
template <class Splat>
__device__ inline void walk_cells(const Tile &tile, const int *splats, const int *cells) {
    CellsVisitor<Splat> visitor;
    visitor.splats = splats;
    visitor.cells = cells;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    each_cell<Splat>(tile, visitor);
    for (int p = 0; p < PIXELS; ++p) {
        const SortedPixel &picture = visitor.pixels[p].picture;
        tile.store(p, picture.red, picture.green, picture.blue, picture.cover(),
                   picture.mean_depth());
    }
}
