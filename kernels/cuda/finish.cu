// The last kernel of a frame that is more than its rasterizer's picture: it writes where the frame is
// shown, which may be memory of OpenGL's that is written once and never read.

#include "common.cuh"

BOTH float toward(float from, float to, float share) { return from + share * (to - from); }

// Moves the mean of frames by a share of the latest, and shows it; a share of 1 starts anew.
extern "C" __global__ void average(const float4 *frame, int pixels, float share, float4 *mean,
                                   float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float4 next = frame[i];
    if (share < 1.0f) {
        float4 before = mean[i];
        next = make_float4(toward(before.x, next.x, share), toward(before.y, next.y, share),
                           toward(before.z, next.z, share), toward(before.w, next.w, share));
    }
    mean[i] = next;
    shown[i] = next;
}

// Adds light to splats, and puts a surface behind them, which shows by the transmittance that they
// leave. `light` (pixels, 3); `surface` colour, and 1 where there is any or 0. Each may be null.
extern "C" __global__ void compose(const float4 *frame, int pixels, const float *light,
                                   const float4 *surface, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float4 color = frame[i];
    if (light) {
        const float *added = light + 3 * size_t(i);
        color.x += added[0];
        color.y += added[1];
        color.z += added[2];
    }
    if (surface) {
        float4 behind = surface[i];
        float left = (1.0f - color.w) * behind.w;
        color.x += left * behind.x;
        color.y += left * behind.y;
        color.z += left * behind.z;
        color.w = fmaxf(color.w, behind.w);
    }
    shown[i] = color;
}
