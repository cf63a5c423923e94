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

// Debug views of voile.render.inspect.

extern "C" __global__ void show_alpha(const float4 *frame, int pixels, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float alpha = frame[i].w;
    shown[i] = make_float4(alpha, alpha, alpha, 1.0f);
}

// The frame's colours are normals; what has none is grey.
extern "C" __global__ void show_normals(const float4 *frame, int pixels, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float4 normal = frame[i];
    float length = sqrtf(normal.x * normal.x + normal.y * normal.y + normal.z * normal.z);
    float half = length > 1e-6f ? 0.5f * normal.w / length : 0.0f, grey = 0.5f * normal.w;
    shown[i] = make_float4(grey + half * normal.x, grey + half * normal.y, grey + half * normal.z,
                           normal.w);
}

// `ends` are the least depth that has a colour of its own, and 1 / log(largest / least); `ramp`
// (steps, 3) colours, of which the nearest has that at farthest + rise.
extern "C" __global__ void show_depth(const float4 *frame, int pixels, const float *depths,
                                      const float *ends, const float *ramp, int steps,
                                      float farthest, float rise, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float alpha = frame[i].w;
    float share = 1.0f - logf(fmaxf(depths[i], ends[0]) / ends[0]) * ends[1];
    float place = clampf(farthest + rise * share, 0.0f, 1.0f) * float(steps - 1);
    int low = least(int(place), steps - 2);
    float rest = place - float(low);
    const float *from = ramp + 3 * low, *to = from + 3;
    shown[i] = make_float4(alpha * toward(from[0], to[0], rest),
                           alpha * toward(from[1], to[1], rest),
                           alpha * toward(from[2], to[2], rest), alpha);
}
