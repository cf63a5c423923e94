// Least digit first radix sort, one go over the keys per digit: "onesweep" (Adinets and Merrill
// 2022). Stable, so equal keys stay as they come and a run gives the same bytes each time.
#pragma once

#include "warp.cuh"

#define DIGITS 256  // one a thread of a block
#define BATCH (SORT_ITEMS * SCAN_THREADS)

__device__ inline int digit_of(unsigned key, int shift) { return int(key >> shift & (DIGITS - 1)); }

// How often each digit comes, of all passes at once. `histogram` is (passes, DIGITS), zero before.
template <class Key>
__device__ inline void count_digits(const Key *keys, int count, int passes, int *histogram) {
    __shared__ int own[4][DIGITS];
    if (int(blockIdx.x) * BATCH >= count) return;
    int t = int(threadIdx.x);
    for (int p = 0; p < passes; ++p) own[p][t] = 0;
    __syncthreads();
    for (int k = 0; k < SORT_ITEMS; ++k) {
        int at = int(blockIdx.x) * BATCH + k * SCAN_THREADS + t;
        if (at >= count) break;
        for (int p = 0; p < passes; ++p) atomicAdd(&own[p][digit_of(keys[at], 8 * p)], 1);
    }
    __syncthreads();
    for (int p = 0; p < passes; ++p)
        if (own[p][t]) atomicAdd(&histogram[p * DIGITS + t], own[p][t]);
}

// Places of a batch's keys by one digit, among themselves: the ranks of a warp's keys, for every
// digit and warp, and what they need to be brought together.
struct BatchRanks {
    int warps[SCAN_WARPS][DIGITS];  // keys of a digit in each warp; then in all warps before it
    int starts[DIGITS];             // keys of all digits below, of the batch
    int targets[DIGITS];            // where the digit's first key of the batch goes, less `starts`
};

// The lanes whose digits are this lane's. A vote a bit: what the GPU has for it by one instruction
// looks at one lane after the other.
__device__ inline unsigned lanes_with(int digit) {
    unsigned peers = ALL_LANES;
#pragma unroll
    for (int bit = 1; bit < DIGITS; bit *= 2) {
        unsigned set = __ballot_sync(ALL_LANES, digit & bit);
        peers &= digit & bit ? set : ~set;
    }
    return peers;
}

// Rank of each key among the warp's keys of its digit, in the order of items, then lanes.
template <class Key>
__device__ inline void rank_in_warp(const Key (&keys)[SORT_ITEMS], int shift,
                                    int (&counts)[DIGITS], int (&ranks)[SORT_ITEMS]) {
    int lane = lane_place();
    for (int k = 0; k < SORT_ITEMS; ++k) {
        int digit = digit_of(keys[k], shift);
        unsigned peers = lanes_with(digit);
        int before = counts[digit], mine = __popc(peers & lanes_below(lane));
        ranks[k] = before + mine;
        __syncwarp();
        if (mine == 0) counts[digit] = before + __popc(peers);
        __syncwarp();
    }
}

// One pass. Moves keys and values to the order of the digit at `shift`. Where `values` is null a
// key's value is its place. `histogram` is that of the digit; `states` (blocks, DIGITS) are zero
// before.
template <class Key>
__device__ inline void sort_pass(const Key *keys, const int *values, int count, int shift,
                                 const int *histogram, int *ticket, unsigned *states,
                                 Key *keys_out, int *values_out) {
    __shared__ BatchRanks batch;
    __shared__ unsigned sorted[BATCH];  // keys, and then values, so that writes are side by side
    int block = take_number(ticket), first = block * BATCH, t = int(threadIdx.x);
    if (first >= count) return;
    int held = least(BATCH, count - first), lane = lane_place(), warp = warp_place();
    for (int w = 0; w < SCAN_WARPS; ++w) batch.warps[w][t] = 0;
    __syncthreads();

    // Beyond the last key there are keys of the largest digit: they rank last.
    Key own_keys[SORT_ITEMS];
    int own_values[SORT_ITEMS], ranks[SORT_ITEMS];
    for (int k = 0; k < SORT_ITEMS; ++k) {
        int at = (warp * SORT_ITEMS + k) * WARP + lane;
        bool held_here = at < held;
        own_keys[k] = held_here ? keys[first + at] : Key(~0u);
        own_values[k] = held_here && values ? values[first + at] : first + at;
    }
    rank_in_warp(own_keys, shift, batch.warps[warp], ranks);
    __syncthreads();

    // Thread t takes digit t: over the warps, over the blocks, over the digits.
    int own = 0;
    for (int w = 0; w < SCAN_WARPS; ++w) {
        int in_warp = batch.warps[w][t];
        batch.warps[w][t] = own;
        own += in_warp;
    }
    int real = t == DIGITS - 1 ? own - (BATCH - held) : own;
    unsigned total, start = block_scan(unsigned(own), total);
    unsigned below = block_scan(unsigned(histogram[t]), total);
    unsigned before = look_back_alone(states + t, block, DIGITS, unsigned(real));
    batch.starts[t] = int(start);
    batch.targets[t] = int(below + before) - int(start);
    __syncthreads();

    for (int k = 0; k < SORT_ITEMS; ++k) {
        int digit = digit_of(own_keys[k], shift);
        ranks[k] += batch.starts[digit] + batch.warps[warp][digit];
        sorted[ranks[k]] = unsigned(own_keys[k]);
    }
    __syncthreads();
    int goes[SORT_ITEMS];
    for (int k = 0; k < SORT_ITEMS; ++k) {
        int at = k * SCAN_THREADS + t;
        if (at >= held) break;
        Key key = Key(sorted[at]);
        goes[k] = batch.targets[digit_of(key, shift)] + at;
        keys_out[goes[k]] = key;
    }
    __syncthreads();
    for (int k = 0; k < SORT_ITEMS; ++k) sorted[ranks[k]] = unsigned(own_values[k]);
    __syncthreads();
    for (int k = 0; k < SORT_ITEMS; ++k) {
        int at = k * SCAN_THREADS + t;
        if (at < held) values_out[goes[k]] = int(sorted[at]);
    }
}
