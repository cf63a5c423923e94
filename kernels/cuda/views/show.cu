// The last kernel of a debug view that is made of drawn frames, see voile.render.inspect: it writes
// where the view is shown, which may be the frame's own memory.

#include "../common.cuh"

// Colours at equal steps of a scale, (steps, 3).
struct Ramp {
    const float *colors;
    int steps;

    // At a share of the scale in [0, 1], times alpha.
    BOTH float4 at(float share, float alpha) const {
        float place = share * float(steps - 1);
        int low = least(int(place), steps - 2);
        float rest = place - float(low), left = alpha * (1.0f - rest), right = alpha * rest;
        const float *from = colors + 3 * low, *to = from + 3;
        return make_float4(left * from[0] + right * to[0], left * from[1] + right * to[1],
                           left * from[2] + right * to[2], alpha);
    }
};

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

// `ends` are the least depth that has a colour of its own, and 1 / log(largest / least); of the ramp
// the nearest has the colour at farthest + rise.
extern "C" __global__ void show_depth(const float4 *frame, int pixels, const float *depths,
                                      const float *ends, const float *ramp, int steps,
                                      float farthest, float rise, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float share = 1.0f - logf(fmaxf(depths[i], ends[0]) / ends[0]) * ends[1];
    shown[i] = Ramp{ramp, steps}.at(clampf(farthest + rise * share, 0.0f, 1.0f), frame[i].w);
}

// What a scale of counts is made from: how many pixels are above each limit, and the largest count.
struct Survey {
    int above[SCALE_LIMITS], largest;
};

// `survey` is 0 before. The frame's red are counts, and the limits `start` 2^k.
extern "C" __global__ void survey_counts(const float4 *frame, int pixels, float start,
                                         Survey *survey) {
    __shared__ Survey own;
    int *words = (int *)&own, *sums = (int *)survey, last = SCALE_LIMITS;
    for (int k = int(threadIdx.x); k <= last; k += int(blockDim.x)) words[k] = 0;
    __syncthreads();
    int i = thread_place();
    if (i < pixels) {
        float count = frame[i].x, limit = start;
        for (int k = 0; k < SCALE_LIMITS && count > limit; ++k, limit *= 2.0f)
            atomicAdd(&own.above[k], 1);
        atomicMax(&own.largest, int(count));
    }
    __syncthreads();
    for (int k = int(threadIdx.x); k < last; k += int(blockDim.x))
        if (words[k]) atomicAdd(sums + k, words[k]);
    if (threadIdx.x == 0) atomicMax(sums + last, words[last]);
}

// The first limit that no more than one in `few` of the pixels are above, and after it the largest
// count. One thread.
extern "C" __global__ void find_limit(const Survey *survey, int pixels, int few, float start,
                                      float *scale) {
    int k = 0;
    while (k < SCALE_LIMITS - 1 && survey->above[k] > pixels / few) ++k;
    scale[0] = ldexpf(start, k);
    scale[1] = float(survey->largest);
}

// The frame's red are counts; where the scale ends the device alone may know.
extern "C" __global__ void show_counts(const float4 *frame, int pixels, const float *scale,
                                       const float *ramp, int steps, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    shown[i] = Ramp{ramp, steps}.at(fminf(frame[i].x / scale[0], 1.0f), 1.0f);
}

BOTH float over(float color, float alpha, float background) {
    return clampf(color + (1.0f - alpha) * background, 0.0f, 1.0f);
}

// How far one frame is from another over a background, the largest of the channels, on a scale that
// ends at `limit`.
extern "C" __global__ void show_error(const float4 *frame, int pixels, const float4 *other,
                                      float red, float green, float blue, float limit,
                                      const float *ramp, int steps, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float4 a = frame[i], b = other[i];
    float error = fabsf(over(a.x, a.w, red) - over(b.x, b.w, red));
    error = fmaxf(error, fabsf(over(a.y, a.w, green) - over(b.y, b.w, green)));
    error = fmaxf(error, fabsf(over(a.z, a.w, blue) - over(b.z, b.w, blue)));
    shown[i] = Ramp{ramp, steps}.at(fminf(error / limit, 1.0f), 1.0f);
}
