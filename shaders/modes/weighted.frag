// Sums of a weight per splat, which McGuire's weights multiply by alpha once more.

#include "covered.glsl"
#include "modes/sums.glsl"

flat in float value;  // the weight

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
#ifdef SQUARES_ALPHA
    add_to_sums(value * alpha, alpha, vec4(colour.rgb, met_depth));
#else
    add_to_sums(value, alpha, vec4(colour.rgb, met_depth));
#endif
}
