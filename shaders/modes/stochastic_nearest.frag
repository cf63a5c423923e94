// The nearest depth per sample (Enderton et al. 2010), by blending that keeps the least: a depth
// buffer would have 24 bits, and one sample only.

#include "covered.glsl"
#include "modes/chance.glsl"

layout(location = 0) out vec4 nearest;

void main() {
    precise float alpha = alpha_here();
    if (!(alpha >= ALPHA_MIN)) discard;
    bvec4 covered = covers(alpha);
    if (!any(covered)) discard;
    nearest = mix(vec4(NOTHING), vec4(colour.a), covered);
}
