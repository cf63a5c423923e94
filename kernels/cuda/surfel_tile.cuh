// Tiles of scenes with surfels: what tile.cuh does, with discs beside the footprints.
#pragma once

#include "surfel.cuh"
#include "tile.cuh"

// After those of every rasterizer: the discs of the footprints, and the camera.
#define SURFEL_ARGUMENTS RASTERIZER_ARGUMENTS, const Disc *discs, const View *view

__device__ inline Tile surfel_tile_of_block(SURFEL_ARGUMENTS) {
    Tile tile = TILE_OF_BLOCK;
    tile.discs = discs;
    tile.near = view->near;
    return tile;
}

#define SURFEL_TILE                                                                             \
    surfel_tile_of_block(starts, tiles, members, footprints, width, height, color, depth, limits, \
                         discs, view)

__device__ inline void place_in(const Tile &tile, int member, AnySplat &splat) {
    Footprint flat = tile.footprints[member];
    float x = float(tile.x0), y = float(tile.y0);
    splat.disc = moved(tile.discs[member], x - flat.anchor_x, y - flat.anchor_y);
    static_cast<Footprint &>(splat) = placed_at(flat, x, y);
}
