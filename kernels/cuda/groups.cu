// The order of `cells`: groups of splats that lie side by side in the scene, in a sequence of their
// own. Only groups have been sorted; their visible splats are found and listed.

#include "warp.cuh"

// The first row whose splat is `splat` or one after it.
__device__ inline int first_row(const int *splats, int count, int splat) {
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (splats[middle] < splat)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// For every group of the sequence: where its splats end in the order, and what to add to a place in
// the order for its row. Group g is splats starts[g] to starts[g + 1] of the scene; sequence[0] is
// how many groups follow in it.
extern "C" __global__ void find_groups(const int *starts, const int *sequence, const int *splats,
                                       int room, int *ticket, unsigned *states, Counts *counts,
                                       int *ends, int *shifts) {
    int block = take_number(ticket), j = block * SCAN_THREADS + int(threadIdx.x);
    int visible = least(counts->visible, room), first = 0, length = 0;
    bool drawn = j < sequence[0];
    if (drawn) {
        int group = sequence[1 + j];
        first = first_row(splats, visible, starts[group]);
        length = first_row(splats, visible, starts[group + 1]) - first;
    }
    unsigned total, place = launch_scan(states, block, unsigned(length), total);
    if (drawn) {
        ends[j] = int(place) + length;
        shifts[j] = first - int(place);
    }
    if (threadIdx.x == 0 && block == int(gridDim.x) - 1) counts->ordered = int(total);
}

// order[k] is the row of the k-th splat.
extern "C" __global__ void order_groups(const int *sequence, const int *ends, const int *shifts,
                                        const Counts *counts, int room, int *order) {
    int k = thread_place();
    if (k >= least(counts->ordered, room)) return;
    int low = 0, high = sequence[0] - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (ends[middle] <= k)
            low = middle + 1;
        else
            high = middle;
    }
    order[k] = k + shifts[low];
}
