// Culls, projects and colours every splat, and packs the visible ones side by side, all in one go.

#include "packed.cuh"
#include "project.cuh"
#include "warp.cuh"

// The order of positive float32 is that of their bits.
__device__ inline unsigned depth_key(float depth) { return __float_as_uint(depth); }

// One thread a splat. Visible splats come in the order of the scene, whatever the scheduler does:
// `splats[row]` is the splat of `footprints[row]`, and `keys[row]` orders them by depth. Rows
// beyond `room` are counted, and not written. `keys` is null where no order is asked for.
extern "C" __global__ void project(const float *means, const void *shapes, const uint2 *colors,
                                   int color_words, int storage, float scale_low, float scale_step,
                                   int count, int degree, int antialias, const View *view, int room,
                                   int *ticket, unsigned *states, Counts *counts,
                                   Footprint *footprints, int *splats, unsigned *keys) {
    int block = take_number(ticket), i = block * SCAN_THREADS + int(threadIdx.x);
    Footprint out;
    bool seen = false;
    float mean[3] = {0.0f, 0.0f, 0.0f};
    if (i < count) {
        for (int k = 0; k < 3; ++k) mean[k] = means[3 * size_t(i) + k];
        Shape shape = shape_of({shapes, storage, scale_low, scale_step}, i);
        seen = project_geometry(*view, mean, shape.quat, shape.scale, shape.opacity,
                                antialias != 0, out);
    }
    unsigned total, place = launch_scan(states, block, seen, total);
    if (threadIdx.x == 0 && block == int(gridDim.x) - 1)
        counts->visible = counts->ordered = int(total);
    if (!seen || place >= unsigned(room)) return;
    const uint2 *row = colors + size_t(i) * color_words;
    switch (storage) {
        case STORAGE_FLOAT32: color_splat(*view, mean, FloatRow{row}, degree, out); break;
        case STORAGE_UINT8: color_splat(*view, mean, ByteRow{row}, degree, out); break;
        default: color_splat(*view, mean, HalfRow{row}, degree, out);
    }
    footprints[place] = out;
    splats[place] = i;
    if (keys) keys[place] = depth_key(out.depth);
}

// Colours of visible splats become keep colour + values. `coat` (N, 4): three values and keep.
extern "C" __global__ void paint(const int *splats, const Counts *counts, int room,
                                 const float4 *coat, Footprint *footprints) {
    int i = thread_place();
    if (i >= least(counts->visible, room)) return;
    float4 values = coat[splats[i]];
    Footprint &splat = footprints[i];
    splat.red = values.w * splat.red + values.x;
    splat.green = values.w * splat.green + values.y;
    splat.blue = values.w * splat.blue + values.z;
}
