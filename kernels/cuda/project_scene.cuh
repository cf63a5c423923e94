// Culls, projects and colours every splat, and packs the visible ones side by side, all in one go.
#pragma once

#include "packed.cuh"
#include "project.cuh"
#include "warp.cuh"

// The order of positive float32 is that of their bits.
__device__ inline unsigned depth_key(float depth) { return __float_as_uint(depth); }

#define PROJECT_ARGUMENTS                                                                      \
    const float *means, const void *shapes, const uint2 *colors, int color_words, int storage, \
        float scale_low, float scale_step, int count, int degree, int antialias,               \
        const View *view, int room, int *ticket, unsigned *states, Counts *counts,             \
        Footprint *footprints, int *splats, unsigned *keys

// The same, handed on.
#define PROJECT_GIVEN                                                                          \
    means, shapes, colors, color_words, storage, scale_low, scale_step, count, degree,         \
        antialias, view, room, ticket, states, counts, footprints, splats, keys

// One thread a splat. Visible splats come in the order of the scene, whatever the scheduler does:
// `splats[row]` is the splat of `footprints[row]`, and `keys[row]` orders them by depth. Rows
// beyond `room` are counted, and not written. `keys` is null where no order is asked for. What
// differs between scenes with surfels and those without is that of `Kind`:
//     bool project(const View &, const float *mean, const Shape &, bool antialias, Footprint &out),
//     void store(int row) const.
template <class Kind>
__device__ inline void project_scene(PROJECT_ARGUMENTS, Kind kind) {
    int block = take_number(ticket), i = block * SCAN_THREADS + int(threadIdx.x);
    Footprint out;
    bool seen = false;
    float mean[3] = {0.0f, 0.0f, 0.0f};
    if (i < count) {
        for (int k = 0; k < 3; ++k) mean[k] = means[3 * size_t(i) + k];
        Shape shape = shape_of({shapes, storage, scale_low, scale_step}, i);
        seen = kind.project(*view, mean, shape, antialias != 0, out);
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
    kind.store(int(place));
    splats[place] = i;
    if (keys) keys[place] = depth_key(out.depth);
}
