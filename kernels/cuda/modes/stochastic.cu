// `stochastic`: the tile is walked once a sample; the nearest splat that covers it shows.

#include "../tile.cuh"
#include "stochastic.cuh"

struct StochasticVisitor {
    const int *splats;
    unsigned sample;
    unsigned numbers[PIXELS];  // of the pixels
    StochasticPixel pixels[PIXELS];

    // What makes the random numbers of this splat and sample differ from all others.
    __device__ unsigned value(int member) const { return mixed(unsigned(splats[member]) ^ sample); }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &splat, const unsigned &value, float alpha) {
        pixels[p].test(splat, random_number(numbers[p], value), alpha);
    }
};

// `splats`: which of the scene the footprints are; `keys`: one of each sample.
extern "C" __global__ void rasterize_stochastic(RASTERIZER_ARGUMENTS, const int *splats,
                                                const int *keys, int samples) {
    Tile tile = tile_of_block(starts, members, footprints, width, height, color, depth);
    StochasticVisitor visitor;
    visitor.splats = splats;
    for (int p = 0; p < PIXELS; ++p) {
        visitor.numbers[p] = unsigned(tile.pixel(p));
        visitor.pixels[p].clear();
    }
    for (int k = 0; k < samples; ++k) {
        visitor.sample = unsigned(keys[k]);
        for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].start_sample();
        walk_tile<unsigned>(tile, visitor);
        for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].end_sample();
    }
    float share = 1.0f / float(samples);
    for (int p = 0; p < PIXELS; ++p) {
        const StochasticPixel &pixel = visitor.pixels[p];
        tile.store(p, share * pixel.red_sum, share * pixel.green_sum, share * pixel.blue_sum,
                   share * pixel.covered,
                   pixel.covered > 0.0f ? pixel.depth_sum / pixel.covered : 0.0f);
    }
}
