// What a splat collects over pixels: slopes of the loss by its colour, depth and log weight, and,
// with e = dL/d log alpha at a pixel, the moments of e in (u, v); see voile.kernels.cpu.grad.pixel.
#pragma once

#include "../warp.cuh"

#define LN2 0.6931471805599453

enum { OF_RED, OF_GREEN, OF_BLUE, OF_DEPTH, OF_WEIGHT, OF_E, OF_U, OF_V, OF_UU, OF_UV, OF_VV };

// What a surfel collects in place of the moments; see voile.kernels.cpu.grad.surfels.
enum { OF_G = 6, OF_GX = 9, OF_GY = 12, OF_CENTRE = 15 };

// An entry of a scene of such splats, and its places in a thread: a power of 2, which sum_over_warp
// halves.
template <class Splat>
struct Entry {
    static constexpr int VALUES = ENTRY, SLOTS = 16;
};

// Adds up every slot over the lanes of a warp, always in the same order. The lanes from
// s * WARP / SLOTS on end with the sum of slot s in slot 0: in every step a lane keeps one half of
// its slots and gives away the other, so that 16 sums take 16 shuffles, and not 80.
template <int SLOTS>
__device__ inline void sum_over_warp(float (&slots)[SLOTS], int lane) {
    const int apart = WARP / SLOTS;
#pragma unroll
    for (int half = SLOTS / 2; half > 0; half /= 2) {
        bool upper = (lane & apart * half) != 0;
#pragma unroll
        for (int k = 0; k < half; ++k) {
            float given = upper ? slots[k] : slots[half + k];
            float kept = upper ? slots[half + k] : slots[k];
            slots[k] = kept + __shfl_xor_sync(ALL_LANES, given, apart * half);
        }
    }
#pragma unroll
    for (int by = apart / 2; by > 0; by /= 2)
        slots[0] += __shfl_xor_sync(ALL_LANES, slots[0], by);
}
