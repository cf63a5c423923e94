// An image made of splats: the normalised sum of the K strongest Gaussians (Image-GS, Zhang et al.
// 2024), one work group for a tile. Lists and footprints are those of the CPU, see
// kernels/cpu/image/place.py: log2 G = -(u^2 + v^2), u = U + a X + b Y, v = V + c Y, and of the
// columns DECODED.

layout(local_size_x = 16, local_size_y = 16) in;

layout(std430, binding = 0) readonly buffer Starts { uint starts[]; };
layout(std430, binding = 1) readonly buffer Members { uint members[]; };
layout(std430, binding = 2) readonly buffer Footprints { vec4 footprints[][2]; };
layout(std430, binding = 3) readonly buffer Colors { vec4 colors[]; };
layout(std430, binding = 4) writeonly buffer Picture { vec4 picture[]; };
layout(std430, binding = 5) writeonly buffer Weights { float weights[]; };

uniform uvec2 size;
uniform int k;

const int MOST = 10;

float weight_of(uint member, vec2 pixel) {
    vec4 place = footprints[member][0], form = footprints[member][1];
    vec2 d = pixel - place.xy;
    float u = place.z + form.x * d.x + form.y * d.y, v = place.w + form.z * d.y;
    float q = -(u * u) - v * v;
    return q >= log2(float(ALPHA_MIN)) ? form.w * exp2(q) : 0.0;
}

void main() {
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (any(greaterThanEqual(pixel, size))) return;
    uint tile = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    vec2 place = vec2(pixel);
    // Of the places all but k are filled by what nothing displaces.
    float kept[MOST];
    for (int m = 0; m < MOST; m++) kept[m] = m < MOST - k ? 1e30 : 0.0;
    for (uint i = starts[tile]; i < starts[tile + 1u]; i++) {
        float w = weight_of(members[i], place);
        for (int m = 0; m < MOST; m++) {
            float before = kept[m];
            kept[m] = max(before, w);
            w = min(before, w);
        }
    }
    // Equal but for rounding to the weakest that counts is enough.
    float threshold = kept[MOST - 1] * (1.0 - float(STRONGEST_SLACK));
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (uint i = starts[tile]; i < starts[tile + 1u]; i++) {
        float w = weight_of(members[i], place);
        if (w < threshold) continue;
        total += w;
        sum += w * colors[members[i]];
    }
    uint at = pixel.y * size.x + pixel.x;
    picture[at] = total > 0.0 ? sum / total : vec4(0.0);
    weights[at] = total;
}
