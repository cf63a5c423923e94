// Optical depth into bins, by additive blending.

#include "covered.glsl"
#include "modes/bins.glsl"

layout(location = 0) out vec4 collected[GROUPS];

flat in float value;  // thickness of the splat

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 in_front[GROUPS], share[GROUPS];
    bin_shares(pixel, axis_at(pixel, colour.a, value), in_front, share);
    float tau = optical_depth(alpha);
#define STORE(g) collected[g] = tau * share[g];
    FOR_GROUPS(STORE)
}
