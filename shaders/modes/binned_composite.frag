// Every splat by its part of what is seen of each bin, W_k / E_k.

#include "covered.glsl"
#include "modes/bins.glsl"
#include "modes/sums.glsl"

layout(binding = 2) uniform sampler2D bins[GROUPS];
layout(binding = 10) uniform sampler2DArray seen;  // an array: stages may have no more than 16 units

flat in float value;  // thickness of the splat

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 in_front[GROUPS], share[GROUPS];
    bin_shares(pixel, axis_at(pixel, colour.a, value), in_front, share);
    float tau = optical_depth(alpha), weight = 0.0;
#define WEIGH(g)                                                                       \
    weight += dot(bin_part(texelFetch(bins[g], pixel, 0), tau, share[g], in_front[g]), \
                  texelFetch(seen, ivec3(pixel, g), 0));
    FOR_GROUPS(WEIGH)
    add_to_sums(weight, alpha, vec4(colour.rgb, met_depth));
}
