// The order of `cells`: groups of splats that lie side by side in the scene. Groups are culled and
// sorted by their proxies, ellipsoids around their splats; then the visible splats of each are found
// and listed. The box of a proxy on the image is that of voile.render.cells.Cells.bounds.

#include "project.cuh"
#include "warp.cuh"

// By which boxes are widened over rounding: of lengths in view coordinates, and pixels.
#define ROUNDING 1e-6f
#define ROUNDING_PIXELS 0.05f

// Whether a proxy touches the image; `z` is the depth of its centre. `center` is its centre and what
// it is wider by, `axes` a matrix whose columns are its semi-axes. No splat that is within it touches
// the image if it does not: slopes are clamped as the projection clamps them.
BOTH bool touches(const View &view, const float4 &center, const float *axes, float blur,
                  float &z) {
    float mean[3] = {center.x, center.y, center.z}, to[3], t[3], reach[3];
    from_eye(view, mean, to);
    float away = fabsf(to[0]) + fabsf(to[1]) + fabsf(to[2]), grow = fmaxf(view.splat_scale, 1.0f);
    for (int k = 0; k < 3; ++k) {
        const float *row = view.rotation + 3 * k;
        t[k] = row[0] * to[0] + row[1] * to[1] + row[2] * to[2];
        float squared = 0.0f;
        for (int j = 0; j < 3; ++j) {
            float part = row[0] * axes[j] + row[1] * axes[3 + j] + row[2] * axes[6 + j];
            squared += part * part;
        }
        reach[k] = grow * (sqrtf(squared) + center.w) + ROUNDING * away;
    }
    z = t[2];
    if (z + reach[2] <= view.near) return false;
    float nearest = fmaxf(z - reach[2], view.near), farthest = fmaxf(z + reach[2], nearest);
    for (int k = 0; k < 2; ++k) {
        float focal = view.focal[k], middle = view.centre[k], size = view.size[k];
        float steepest = fmaxf(fabsf(middle), fabsf(size - middle)) / focal;
        steepest += float(JACOBIAN_MARGIN) * 0.5f * size / focal;
        float slope = fminf((fabsf(t[k]) + reach[k]) / nearest, steepest);
        float wide = focal / nearest * slope * reach[2] + blur + ROUNDING_PIXELS;
        float low = t[k] - reach[k], high = t[k] + reach[k];
        float left = focal * fminf(low / nearest, low / farthest) + middle - wide;
        float right = focal * fmaxf(high / nearest, high / farthest) + middle + wide;
        if (right <= 0.0f || left >= size) return false;  // neither is so of what is not a number
    }
    return true;
}

// Bits that are in the order of the floats.
BOTH unsigned ordered_bits(float x) {
    unsigned bits = __float_as_uint(x);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The groups that touch the image, and their depths as keys of a sort.
extern "C" __global__ void cull_groups(const float4 *centers, const float *axes, int group_count,
                                       float blur, const View *view, int *ticket,
                                       unsigned *states, Counts *counts, unsigned *keys,
                                       int *found) {
    int block = take_number(ticket), group = block * SCAN_THREADS + int(threadIdx.x);
    float z = 0.0f;
    bool seen = group < group_count &&
                touches(*view, centers[group], axes + 9 * size_t(group), blur, z);
    unsigned total, place = launch_scan(states, block, seen ? 1u : 0u, total);
    if (seen) {
        keys[place] = ordered_bits(z);
        found[place] = group;
    }
    if (threadIdx.x == 0 && block == int(gridDim.x) - 1) counts->visible = int(total);
}

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
// the order for its row. Group g is splats starts[g] to starts[g + 1] of the scene; `groups` says how
// many there are in the sequence.
extern "C" __global__ void find_groups(const int *starts, const int *sequence,
                                       const Counts *groups, const int *splats, int room,
                                       int *ticket, unsigned *states, Counts *counts, int *ends,
                                       int *shifts) {
    int block = take_number(ticket), j = block * SCAN_THREADS + int(threadIdx.x);
    int visible = least(counts->visible, room), first = 0, length = 0;
    bool drawn = j < groups->visible;
    if (drawn) {
        int group = sequence[j];
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
extern "C" __global__ void order_groups(const Counts *groups, const int *ends, const int *shifts,
                                        const Counts *counts, int room, int *order) {
    int k = thread_place();
    if (k >= least(counts->ordered, room)) return;
    int low = 0, high = groups->visible - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (ends[middle] <= k)
            low = middle + 1;
        else
            high = middle;
    }
    order[k] = k + shifts[low];
}
