// Exposure and tone mapping of a straight display colour; see render/display.py.

const int REINHARD = 1;  // Reinhard et al. 2002
const int ACES = 2;      // Narkowicz 2016

vec3 toned(vec3 colour, float gain, int curve) {
    colour = max(colour, 0.0);
    vec3 x = mix(pow((colour + 0.055) / 1.055, vec3(2.4)), colour / 12.92,
                 lessThanEqual(colour, vec3(0.04045))) * gain;
    if (curve == REINHARD) x = x / (1.0 + x);
    if (curve == ACES) x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14);
    return mix(1.055 * pow(x, vec3(1.0 / 2.4)) - 0.055, 12.92 * x,
               lessThanEqual(x, vec3(0.0031308)));
}
