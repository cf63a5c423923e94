// Moves a pixel's edges to equal parts of the weight of its bins (Panter and Dite 1951): the cube
// root of the transmittance that is lost in each, and some weight for all.

layout(local_size_x = 8, local_size_y = 8) in;

const int GROUPS = BINS / 4;

layout(binding = 2) uniform sampler2D bins[GROUPS];
layout(binding = 0, rgba32f) uniform image2DArray edges;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(edges).xy))) return;
    float old[BINS + 1], weight[BINS];
    float ahead = 0.0, before = 1.0, total = 0.0;
    for (int g = 0; g < GROUPS; g++) {
#ifdef REFINED
        vec4 low = imageLoad(edges, ivec3(pixel, g));
#else
        vec4 low = (float(4 * g) + vec4(0.0, 1.0, 2.0, 3.0)) * (2.0 / float(BINS)) - 1.0;
#endif
        vec4 collected = texelFetch(bins[g], pixel, 0);
        for (int i = 0; i < 4; i++) {
            old[4 * g + i] = low[i];
            ahead += collected[i];
            float after = exp2(-ahead);
            weight[4 * g + i] = pow(max(before - after, 0.0), 1.0 / 3.0);
            total += weight[4 * g + i];
            before = after;
        }
    }
    old[BINS] = 1.0;
    float sum = 0.0;
    for (int b = 0; b < BINS; b++) {
        weight[b] = (total > 0.0 ? weight[b] / total : 0.0) + BIN_UNIFORM / float(BINS);
        sum += weight[b];
    }
    int b = 0;
    float below = 0.0;
    for (int g = 0; g < GROUPS; g++) {
        vec4 low = vec4(-1.0);
        for (int i = 0; i < 4; i++) {
            float wanted = sum * float(4 * g + i) / float(BINS);
            while (b < BINS - 1 && below + weight[b] < wanted) below += weight[b++];
            low[i] = mix(old[b], old[b + 1], clamp((wanted - below) / weight[b], 0.0, 1.0));
        }
        imageStore(edges, ivec3(pixel, g), low);
    }
}
