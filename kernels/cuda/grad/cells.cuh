// `cells` backward; the equations are in voile.kernels.cpu.grad.cells. The forward pass is
// rasterize_cells: the picture is all that is kept of it.
#pragma once

#include "../modes/cells_tile.cuh"
#include "sorted.cuh"

// Members of a window whose sums over a block are in shared memory at once.
#define PIECE 64

// A pixel, and the cell at hand there. Sums of tau are in powers of 2, as in the forward pass.
struct CellSlopes {
    SortedSlopes picture;
    float total, mean, sharpness, variance;  // sums of tau, tau z, tau z^2; then as they say
    float share, along, front, along_front, turn, along_turn, turn_x, along_turn_x;
    float by_tau, by_mean, by_variance;  // slopes by S, and by mean and variance over S

    __device__ void start_cell() {
        total = mean = sharpness = variance = 0.0f;
        share = along = front = along_front = turn = along_turn = turn_x = along_turn_x = 0.0f;
    }

    // `z` is depth from that of the cell's first splat.
    __device__ void add_moments(float z, float alpha) {
        float tau = log2_depth(alpha);
        total += tau;
        mean += tau * z;
        sharpness += tau * z * z;
    }

    __device__ void find_spread(float origin) {
        float inverse = 1.0f / fmaxf(total, 1e-30f);
        mean *= inverse;
        variance = fmaxf(sharpness * inverse - mean * mean, 0.0f);
        float least_spread = float(CELL_SPREAD) * (origin + mean);
        sharpness = 1.0f / sqrtf(variance + least_spread * least_spread);
    }

    // Where a splat is in the cell: x, 1 / sqrt(1 + x^2), how much it is hidden by, and its share.
    struct Place {
        float x, shrink, hides, share;
        bool free;  // whether more would hide it more
    };

    __device__ Place place(float z, float alpha) const {
        Place at;
        at.x = (z - mean) * sharpness;
        at.shrink = 1.0f / sqrtf(1.0f + at.x * at.x);
        at.hides = total * (0.5f + 0.5f * at.x * at.shrink);
        at.free = -at.hides > float(LOG2_HIDDEN);
        at.share = alpha * exp2f(fmaxf(-at.hides, float(LOG2_HIDDEN)));
        return at;
    }

    // Adds what a splat weighs, and what of that follows its place.
    __device__ void weigh(const Footprint &splat, float z, float alpha, float depth) {
        Place at = place(z, alpha);
        float gain = picture.along(splat, depth);
        share += at.share;
        along += at.share * gain;
        if (!at.free) return;
        float ahead = at.share * (0.5f + 0.5f * at.x * at.shrink);
        float turned = 0.5f * at.share * at.shrink * at.shrink * at.shrink;
        front += ahead;
        along_front += ahead * gain;
        turn += turned;
        along_turn += turned * gain;
        turn_x += turned * at.x;
        along_turn_x += turned * at.x * gain;
    }

    // Puts the cell behind what is there; from its sums to slopes.
    __device__ void go_back(float origin) {
        float fade = exp2f(fmaxf(-total, float(LOG2_HIDDEN))), clear = picture.clear;
        float inverse = 1.0f / fmaxf(share, 1e-36f), weight = clear * (1.0f - fade) * inverse;
        picture.behind -= weight * along;
        along *= inverse;
        float by_front = weight * (along_front - along * front), natural = float(LN2) * total;
        float by_x = -natural * weight * (along_turn - along * turn);
        float by_xx = -natural * weight * (along_turn_x - along * turn_x);
        float over = 1.0f / fmaxf(natural, 1e-30f);
        by_variance = -0.5f * by_xx * sharpness * sharpness;
        by_mean = float(2.0 * CELL_SPREAD * CELL_SPREAD) * (origin + mean) * by_variance;
        by_mean = (by_mean - by_x * sharpness) * over;
        by_variance *= over;
        by_tau = clear * fade * along - picture.behind - by_front;
        share = weight;
        picture.clear = clear * fade;
    }

    __device__ Slope add(const Footprint &splat, float z, float alpha, float depth,
                         float *slots) const {
        Place at = place(z, alpha);
        float part = at.share * share, own = part * (picture.along(splat, depth) - along);
        float away = z - mean, tau = float(LN2) * log2_depth(alpha), natural = float(LN2) * total;
        float by_x = -0.5f * natural * own * at.shrink * at.shrink * at.shrink;
        slots[OF_RED] += part * picture.red;
        slots[OF_GREEN] += part * picture.green;
        slots[OF_BLUE] += part * picture.blue;
        slots[OF_DEPTH] += (at.free ? by_x * sharpness : 0.0f) +
                           tau * (by_mean + 2.0f * by_variance * away);
        float slope = by_tau + by_mean * away + by_variance * (away * away - variance);
        float e = own + alpha / (1.0f - alpha) * slope;
        return {alpha < float(ALPHA_MAX) ? e : 0.0f, part * picture.depth};
    }
};

// What the warps of a block have collected of PIECE members.
template <class Splat>
__device__ inline float (&piece_sums())[TILE_WARPS][PIECE][Entry<Splat>::VALUES] {
    __shared__ float sums[TILE_WARPS][PIECE][Entry<Splat>::VALUES];
    return sums;
}

// `groups`: the cell of every member. Entries are those of collect_tile.
template <class Splat>
struct CellsCollector {
    const int *groups;
    float *entries;
    CellSlopes pixels[PIXELS];

    __device__ int cell(int member) const { return groups[member]; }
    __device__ bool done(int p) const {
        return pixels[p].picture.clear < float(TRANSMITTANCE_STOP);
    }

    __device__ void blend(const Tile &tile, const Window<Splat> &window, int start, int first,
                          int last) {
        float origin = window.splats[first].depth;
        for (int p = 0; p < PIXELS; ++p) pixels[p].start_cell();
        each_alpha(tile, window, first, last, [&](int p, const Splat &splat, float alpha, float) {
            pixels[p].add_moments(splat.depth - origin, alpha);
        });
        for (int p = 0; p < PIXELS; ++p) pixels[p].find_spread(origin);
        each_alpha(tile, window, first, last,
                   [&](int p, const Splat &splat, float alpha, float depth) {
                       pixels[p].weigh(splat, splat.depth - origin, alpha, depth);
                   });
        for (int p = 0; p < PIXELS; ++p) pixels[p].go_back(origin);
        for (int j = first; j <= last; ++j) {
            if (j > 0 && j % PIECE == 0) store(tile, start + j - PIECE, PIECE);
            float *sum = piece_sums<Splat>()[tile.warp()][j % PIECE];
            const Splat &splat = window.splats[j];
            bool shows = (window.reached[j] >> tile.warp() & 1u) != 0;
            if (shows)
                shows = collect_splat(
                    tile, splat,
                    [&](int p, float alpha, float depth, float *slots) {
                        return pixels[p].add(splat, splat.depth - origin, alpha, depth, slots);
                    },
                    sum);
            if (!shows && tile.lane() < Entry<Splat>::VALUES) sum[tile.lane()] = 0.0f;
        }
    }

    // The entries of the last piece of a window of so many members.
    __device__ void end(const Tile &tile, int start, int count) {
        int base = (count - 1) / PIECE * PIECE;
        store(tile, start + base, count - base);
    }

    __device__ void store(const Tile &tile, int at, int count) {
        const int VALUES = Entry<Splat>::VALUES;
        float(&sums)[TILE_WARPS][PIECE][VALUES] = piece_sums<Splat>();
        __syncthreads();
        for (int k = tile.thread(); k < count * VALUES; k += THREADS) {
            float sum = sums[0][k / VALUES][k % VALUES];
            for (int w = 1; w < TILE_WARPS; ++w) sum += sums[w][k / VALUES][k % VALUES];
            entries[size_t(at) * VALUES + k] = sum;
        }
        __syncthreads();
    }
};

template <class Splat>
__device__ inline void collect_cells_tile(const Tile &tile, DRAWN_ARGUMENTS, const int *groups,
                                          float *entries) {
    CellsCollector<Splat> visitor;
    visitor.groups = groups;
    visitor.entries = entries;
    for (int p = 0; p < PIXELS; ++p) {
        Drawn drawn = {};
        if (tile.inside(p))
            drawn = drawn_at(tile.pixel(p), color, alpha, depth, by_color, by_alpha, by_depth);
        visitor.pixels[p].picture.start(drawn);
    }
    each_cell<Splat>(tile, visitor);
}
