// What a display shows of a frame: exposure and a tone curve, see voile.render.display, over a
// background. shaders/tone.glsl does the same for the window.

#include "common.cuh"

enum Curve { NONE, REINHARD, ACES, NEUTRAL };  // as in display.CURVES

// IEC 61966-2-1 (sRGB), and back.
BOTH float to_light(float color) {
    return color <= 0.04045f ? color / 12.92f : powf((color + 0.055f) / 1.055f, 2.4f);
}

BOTH float to_display(float light) {
    return light <= 0.0031308f ? 12.92f * light : 1.055f * powf(light, 1.0f / 2.4f) - 0.055f;
}

// Of one channel.
BOTH float curved(float x, int curve) {
    switch (curve) {
        case REINHARD: return x / (1.0f + x);
        case ACES: return x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f);
        default: return x;
    }
}

// PBR Neutral (Khronos Group 2024), of all three.
BOTH void make_neutral(float x[3]) {
    float least = fminf(x[0], fminf(x[1], x[2])), start = 0.8f - 0.04f;
    float lift = least < 0.08f ? least - 6.25f * least * least : 0.04f;
    for (int k = 0; k < 3; ++k) x[k] -= lift;
    float peak = fmaxf(x[0], fmaxf(x[1], x[2])), room = 1.0f - start;
    if (peak < start) return;
    float held = 1.0f - room * room / (peak - start + room);
    float kept = 1.0f / (0.15f * (peak - held) + 1.0f);
    for (int k = 0; k < 3; ++k) x[k] = held * (1.0f - kept) + x[k] * held / peak * kept;
}

// Display colours >= 0 with other light.
BOTH void tone(float color[3], float gain, int curve) {
    for (int k = 0; k < 3; ++k) color[k] = curved(gain * to_light(fmaxf(color[k], 0.0f)), curve);
    if (curve == NEUTRAL) make_neutral(color);
    for (int k = 0; k < 3; ++k) color[k] = to_display(color[k]);
}

// The picture, opaque and clamped; `toned` is 0 where light and curve leave it as it was drawn.
extern "C" __global__ void develop(const float4 *frame, int pixels, int toned, float gain,
                                   int curve, float red, float green, float blue, float4 *shown) {
    int i = thread_place();
    if (i >= pixels) return;
    float4 drawn = frame[i];
    float color[3] = {drawn.x, drawn.y, drawn.z}, behind[3] = {red, green, blue};
    if (toned) {
        float alpha = fmaxf(drawn.w, 1e-6f);  // display.ALPHA_FLOOR
        for (int k = 0; k < 3; ++k) color[k] /= alpha;
        tone(color, gain, curve);
        for (int k = 0; k < 3; ++k) color[k] *= drawn.w;
    }
    for (int k = 0; k < 3; ++k)
        color[k] = clampf(color[k] + (1.0f - drawn.w) * behind[k], 0.0f, 1.0f);
    shown[i] = make_float4(color[0], color[1], color[2], 1.0f);
}
