// Scans of a warp, of a block and of a whole launch. All threads of a warp or block take part.
#pragma once

#include "common.cuh"

#define WARP 32
#define ALL_LANES 0xffffffffu

// Blocks that scan have one dimension of SCAN_THREADS.
#define SCAN_WARPS (SCAN_THREADS / WARP)

__device__ inline int lane_place() { return int(threadIdx.x) % WARP; }
__device__ inline int warp_place() { return int(threadIdx.x) / WARP; }
__device__ inline unsigned lanes_below(int lane) { return (1u << lane) - 1u; }

__device__ inline unsigned warp_sum(unsigned value) {
    for (int by = WARP / 2; by > 0; by /= 2) value += __shfl_xor_sync(ALL_LANES, value, by);
    return value;
}

// Sum of the values of this lane and those below.
__device__ inline unsigned warp_scan(unsigned value) {
    int lane = lane_place();
    for (int by = 1; by < WARP; by *= 2) {
        unsigned below = __shfl_up_sync(ALL_LANES, value, by);
        if (lane >= by) value += below;
    }
    return value;
}

// Sum of the values of the threads below this one; `total` is that of the block.
__device__ inline unsigned block_scan(unsigned value, unsigned &total) {
    __shared__ unsigned sums[SCAN_WARPS];
    int lane = lane_place(), warp = warp_place();
    unsigned inclusive = warp_scan(value);
    __syncthreads();  // whoever scanned before has read its sums
    if (lane == WARP - 1) sums[warp] = inclusive;
    __syncthreads();
    unsigned before = 0;
    total = 0;
    for (int w = 0; w < SCAN_WARPS; ++w) {
        if (w < warp) before += sums[w];
        total += sums[w];
    }
    return before + inclusive - value;
}

// Blocks in the order in which they start, which is that of their numbers here: a block may wait
// for those before it, as they run or have run. Once a launch.
__device__ inline int take_number(int *ticket) {
    __shared__ int number;
    if (threadIdx.x == 0) number = atomicAdd(ticket, 1);
    __syncthreads();
    return number;
}

// Decoupled look-back (Merrill and Garland 2016): every block publishes its own sum, then that of
// all up to it, in one word whose high bits say which. Words are 0 before. Sums end at
// MOST_COUNTED.
#define MOST_COUNTED 0x3fffffffu
#define OWN_SUM 0x40000000u
#define WHOLE_SUM 0x80000000u

// Words that other blocks write or read, each by itself: no other memory is read because of one, so
// the weakest order will do. By the assembler, as compilers before CUDA 12.8 have no name for it.
#ifdef __CUDA_ARCH__
__device__ inline void store_relaxed(unsigned *at, unsigned word) {
    asm volatile("st.relaxed.gpu.u32 [%0], %1;" : : "l"(at), "r"(word) : "memory");
}

__device__ inline unsigned load_relaxed(const unsigned *at) {
    unsigned word;
    asm volatile("ld.relaxed.gpu.u32 %0, [%1];" : "=r"(word) : "l"(at) : "memory");
    return word;
}
#endif

// Sums stay below 2^31 and end at the largest: the word has no more bits.
__device__ inline unsigned add_counted(unsigned a, unsigned b) {
    unsigned sum = a + b;
    return sum < MOST_COUNTED ? sum : MOST_COUNTED;
}

// Sum of the counts of all blocks before `block`. One thread; states are `stride` words apart.
__device__ inline unsigned look_back_alone(unsigned *states, int block, int stride, unsigned own) {
    own = add_counted(own, 0);
    if (block == 0) {
        store_relaxed(states, WHOLE_SUM | own);
        return 0;
    }
    store_relaxed(states + size_t(block) * stride, OWN_SUM | own);
    unsigned before = 0;
    for (int other = block - 1;;) {
        unsigned word = load_relaxed(states + size_t(other) * stride);
        if (word == 0) continue;  // not yet published
        before = add_counted(before, word & MOST_COUNTED);
        if (word & WHOLE_SUM) break;
        --other;
    }
    store_relaxed(states + size_t(block) * stride, WHOLE_SUM | add_counted(before, own));
    return before;
}

// The same by a whole warp, which looks at 32 blocks at a time.
__device__ inline unsigned look_back(unsigned *states, int block, unsigned own) {
    int lane = lane_place();
    own = add_counted(own, 0);
    if (lane == 0) store_relaxed(states + block, (block == 0 ? WHOLE_SUM : OWN_SUM) | own);
    unsigned before = 0;
    for (int nearest = block - 1; nearest >= 0; nearest -= WARP) {
        int other = nearest - lane;
        unsigned word = WHOLE_SUM;  // before the first block there is nothing
        if (other >= 0) {
            do word = load_relaxed(states + other);
            while (word == 0);
        }
        unsigned whole = __ballot_sync(ALL_LANES, (word & WHOLE_SUM) != 0);
        // Up to the first that knows the sum of all before it.
        bool counts = whole == 0 || lane < __ffs(int(whole));
        // Each is at most 2^30, so their saturated sum takes turns.
        unsigned part = counts ? word & MOST_COUNTED : 0;
        for (int by = WARP / 2; by > 0; by /= 2)
            part = add_counted(part, __shfl_xor_sync(ALL_LANES, part, by));
        before = add_counted(before, part);
        if (whole) break;
    }
    if (lane == 0 && block > 0) store_relaxed(states + block, WHOLE_SUM | add_counted(before, own));
    return before;
}

// The place of every thread's `count` things among those of all blocks before and of its own, and
// after `total` those of all blocks up to this one.
__device__ inline unsigned launch_scan(unsigned *states, int block, unsigned count,
                                       unsigned &total) {
    __shared__ unsigned before;
    unsigned own, place = block_scan(count, own);
    if (warp_place() == 0) {
        unsigned found = look_back(states, block, own);
        if (lane_place() == 0) before = found;
    }
    __syncthreads();
    total = add_counted(before, own);
    return add_counted(before, place);
}
