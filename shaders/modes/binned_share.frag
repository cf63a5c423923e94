// Every splat's part of the bins, by additive blending: E_k = sum alpha m_k t_k.

#include "covered.glsl"
#include "modes/bins.glsl"

layout(binding = 2) uniform sampler2D bins[GROUPS];

flat in float value;  // thickness of the splat

layout(location = 0) out vec4 collected[GROUPS];

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 in_front[GROUPS], share[GROUPS];
    bin_shares(pixel, axis_at(pixel, colour.a, value), in_front, share);
    float tau = optical_depth(alpha);
#define STORE(g) \
    collected[g] = alpha * bin_part(texelFetch(bins[g], pixel, 0), tau, share[g], in_front[g]);
    FOR_GROUPS(STORE)
}
