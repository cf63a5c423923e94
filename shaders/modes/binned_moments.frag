// Mean and spread of depth, weighted by optical depth, as sums of its powers
// (in the sense of Muenstermann et al. 2018).

#include "covered.glsl"
#include "modes/bins.glsl"

layout(location = 0) out vec4 collected;  // tau, tau y, tau y^2

void main() {
    float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    float y = bounded_depth(colour.a);
    collected = optical_depth(alpha) * vec4(1.0, y, y * y, 0.0);
}
