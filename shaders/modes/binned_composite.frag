// Every splat by the transmittance that the bins tell in front of it, without its own share of them.

#include "covered.glsl"
#include "modes/bins.glsl"
#include "modes/sums.glsl"

layout(binding = 2) uniform sampler2D bins[GROUPS];

flat in float value;  // thickness of the splat

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 in_front[GROUPS], share[GROUPS];
    bin_shares(pixel, axis_at(pixel, colour.a, value), in_front, share);
    float tau = optical_depth(alpha);
    vec4 ahead = vec4(0.0), hides;
#define LOOK_AHEAD(g)                                                            \
    hides = (texelFetch(bins[g], pixel, 0) - tau * share[g]) * in_front[g];      \
    ahead += mix(hides, min(hides, BIN_HIDES), lessThan(in_front[g], vec4(1.0)));
    FOR_GROUPS(LOOK_AHEAD)
    float hidden = dot(ahead, vec4(1.0));
    add_to_sums(exp2(clamp(-hidden, LOG2_HIDDEN, 0.0)), alpha, colour);
}
