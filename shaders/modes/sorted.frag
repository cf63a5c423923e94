// Blended back to front with the premultiplied "over" operator (Porter and Duff 1984).

#include "covered.glsl"

layout(location = 0) out vec4 target_colour;
#ifdef WITH_DEPTH
layout(location = 1) out vec4 target_depth;  // z alpha, alpha; blending takes its factor from .a
#endif

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    target_colour = vec4(colour.rgb * alpha, alpha);
#ifdef WITH_DEPTH
    target_depth = vec4(met_depth * alpha, alpha, 0.0, alpha);
#endif
}
