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

// Puts an opaque surface behind splats: it shows by the transmittance that they leave. `surface` is
// colour, and 1 where there is any or 0, and lies at depths `deep`; null for none. `depth`, null
// where it is not wanted, is that of the splats, `median` or mean.
extern "C" __global__ void compose(const float4 *frame, int pixels, const float4 *surface,
                                   const float *deep, int median, float *depth, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float4 color = frame[i], behind = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (surface) behind = surface[i];
    if (behind.w > 0.0f) {
        float left = 1.0f - color.w;
        color = make_float4(color.x + left * behind.x, color.y + left * behind.y,
                            color.z + left * behind.z, 1.0f);
        if (depth && median) depth[i] = left > 0.5f ? deep[i] : depth[i];
        if (depth && !median) depth[i] = toward(depth[i], deep[i], left);
    }
    shown[i] = color;
}
