// Exposure and tone mapping of a straight display colour; see render/display.py.

const int REINHARD = 1;  // Reinhard et al. 2002
const int ACES = 2;      // Narkowicz 2016
const int NEUTRAL = 3;   // PBR Neutral, Khronos Group 2024

vec3 neutral(vec3 x) {
    float least = min(x.r, min(x.g, x.b));
    x -= least < 0.08 ? least - 6.25 * least * least : 0.04;
    float peak = max(x.r, max(x.g, x.b)), room = 1.0 - 0.76;
    if (peak < 0.76) return x;
    float held = 1.0 - room * room / (peak - 0.76 + room);
    return mix(vec3(held), x * held / peak, 1.0 / (0.15 * (peak - held) + 1.0));
}

vec3 toned(vec3 colour, float gain, int curve) {
    colour = max(colour, 0.0);
    vec3 x = mix(pow((colour + 0.055) / 1.055, vec3(2.4)), colour / 12.92,
                 lessThanEqual(colour, vec3(0.04045))) * gain;
    if (curve == REINHARD) x = x / (1.0 + x);
    if (curve == ACES) x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14);
    if (curve == NEUTRAL) x = neutral(x);
    return mix(1.055 * pow(x, vec3(1.0 / 2.4)) - 0.055, 12.92 * x,
               lessThanEqual(x, vec3(0.0031308)));
}
