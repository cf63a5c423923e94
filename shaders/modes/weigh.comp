// The weight of every splat in a weighted sum, once per splat; see voile.render.modes.weighted.

#include "footprint.glsl"

layout(local_size_x = GROUP_SIZE) in;

layout(std430, binding = 1) readonly buffer Geometry { float geometry[]; };
layout(std430, binding = 3) readonly buffer Footprints { Footprint footprints[]; };
layout(std430, binding = 5) writeonly buffer Values { float values[]; };
#ifdef WEIGHT_OF_SCENE
layout(std430, binding = 6) readonly buffer LogWeights { float log_weights[]; };

// A coefficient of the splat's log weight; see voile.scenes.oit.
float coefficient(uint place, uint k) {
    return clamp(log_weights[place * uint(LOG_WEIGHTS) + k], -1e9, 1e9);
}

float log_weight(uint place, vec3 d) {
    float sum = coefficient(place, 0u);
    for (uint k = 0u; k < 3u; ++k) sum += coefficient(place, 1u + k) * d[k];
#if LOG_WEIGHTS == 9
    sum += 1.0925484305920792 * (coefficient(place, 4u) * d.x * d.y -
                                 coefficient(place, 5u) * d.y * d.z -
                                 coefficient(place, 7u) * d.x * d.z);
    sum += 0.31539156525252005 * coefficient(place, 6u) * (2.0 * d.z * d.z - d.x * d.x - d.y * d.y);
    sum += 0.5462742152960396 * coefficient(place, 8u) * (d.x * d.x - d.y * d.y);
#endif
    return sum;
}
#endif

uniform uint count;
uniform uint first_place;
uniform uint first_splat;
uniform uint splat_count;

uniform vec3 eye_high;
uniform vec3 eye_low;
uniform float depth_offset;  // z_0
uniform float radius;        // of the scene
uniform float beta;

const float LOG2_E = 1.4426950408889634;
const float FARTHEST = 1e6;  // beta u, so that its sixth power is in float32; weights are at their floor

float clamped(float weight) { return clamp(weight, 1e-2, 3e3); }

float cube(float x) { return x * x * x; }

float weight_of(float x) {
#if defined(WEIGHT_MCGUIRE7)
    return clamped(10.0 / (1e-5 + x * x / 25.0 + cube(x * x / 4e4)));
#elif defined(WEIGHT_MCGUIRE8)
    return clamped(10.0 / (1e-5 + cube(x / 10.0) + cube(x * x / 4e4)));
#elif defined(WEIGHT_MCGUIRE9)
    float square = x * x / 4e4;
    return clamped(0.03 / (1e-5 + square * square));
#elif defined(WEIGHT_MCGUIRE10)
    return clamped(3e3 * cube(1.0 / max(x, 1.0)));
#elif defined(WEIGHT_LINEAR)
    return max(1.0 - x / 40.0, 1e-3);
#else
    return exp2(max(-x * LOG2_E, LOG2_LOWEST));
#endif
}

void main() {
    uint place = gl_GlobalInvocationID.x;
    if (place >= count) return;
    uint splat = first_place + place;
    if (splat < first_splat || splat - first_splat >= splat_count) return;
    if (footprints[place].offset.w == INVISIBLE) return;
    float x = min(beta * (max(footprints[place].colour.a - depth_offset, 0.0) / radius), FARTHEST);
#ifdef WEIGHT_OF_SCENE
    uint at = (splat - first_splat) * uint(GEOMETRY_FLOATS);
    vec3 mean = vec3(geometry[at], geometry[at + 1u], geometry[at + 2u]);
    precise vec3 from_eye = (mean - eye_high) - eye_low;
    vec3 size_of = abs(from_eye);  // lengths beyond 1e19 would overflow in normalize()
    vec3 direction = normalize(from_eye / max(size_of.x, max(size_of.y, size_of.z)));
    float power = (log_weight(place, direction) - x) * LOG2_E;
    values[place] = exp2(clamp(power, LOG2_LOWEST, LOG2_HIGHEST));
#else
    values[place] = weight_of(x);
#endif
}
