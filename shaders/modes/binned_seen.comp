// What is seen of each bin of a pixel over what its splats have part in it, W_k / E_k.

layout(local_size_x = 8, local_size_y = 8) in;

const int GROUPS = BINS / 4;

layout(binding = 2) uniform sampler2D bins[GROUPS];
layout(binding = 10) uniform sampler2D energies[GROUPS];
layout(binding = 0, rgba32f) writeonly uniform image2DArray seen;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(seen).xy))) return;
    float ahead = 0.0, before = 1.0;
    for (int g = 0; g < GROUPS; g++) {
        vec4 depths = texelFetch(bins[g], pixel, 0), energy = texelFetch(energies[g], pixel, 0);
        for (int i = 0; i < 4; i++) {
            ahead += depths[i];
            float behind = exp2(-ahead);
            energy[i] = energy[i] > 1e-30 ? (before - behind) / energy[i] : 0.0;
            before = behind;
        }
        imageStore(seen, ivec3(pixel, g), energy);
    }
}
