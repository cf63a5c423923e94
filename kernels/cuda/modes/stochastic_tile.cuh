// `stochastic`: the tile is walked once a sample; the nearest splat that covers it shows.
#pragma once

#include "../tile.cuh"
#include "stochastic.cuh"

template <bool SURFELS>
struct StochasticVisitor {
    static const bool TAKES_ZERO = false, LIMITED = true;
    const int *splats;
    unsigned sample;
    unsigned numbers[PIXELS];  // of the pixels
    StochasticPixel<SURFELS> pixels[PIXELS];

    // What makes the random numbers of this splat and sample differ from all others.
    __device__ unsigned value(int member) const { return mixed(unsigned(splats[member]) ^ sample); }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const unsigned &value, float alpha,
                        float depth) {
        pixels[p].test(splat, random_number(numbers[p], value), alpha, depth);
    }
};

// `splats`: which of the scene the footprints are; `keys`: one of each sample.
template <class Splat, bool SURFELS>
__device__ inline void walk_stochastic(Tile tile, const int *splats, const int *keys,
                                       int samples) {
    StochasticVisitor<SURFELS> visitor;
    visitor.splats = splats;
    for (int p = 0; p < PIXELS; ++p) {
        visitor.numbers[p] = unsigned(tile.pixel(p));
        visitor.pixels[p].clear();
    }
    for (int k = 0; k < samples; ++k) {
        visitor.sample = unsigned(keys[k]);
        for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].start_sample();
        walk_tile<Splat, unsigned>(tile, visitor);
        for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].end_sample();
    }
    float share = 1.0f / float(samples);
    for (int p = 0; p < PIXELS; ++p) {
        const StochasticPixel<SURFELS> &pixel = visitor.pixels[p];
        tile.store(p, share * pixel.red_sum, share * pixel.green_sum, share * pixel.blue_sum,
                   share * pixel.covered,
                   pixel.covered > 0.0f ? pixel.depth_sum / pixel.covered : 0.0f);
    }
}
