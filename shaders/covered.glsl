// The fragment's side of splat_draw.vert: alpha = min(0.99, o G(p)) at this pixel
// (Kerbl et al. 2023), and nothing behind a mesh. Whoever asks drops what is below 1/255.

flat in vec4 form;
flat in vec4 colour;  // red, green, blue, view depth
flat in vec4 origin;

#ifdef SURFELS
#include "surfel.glsl"
flat in vec4 disc_u;
flat in vec4 disc_v;
flat in vec4 disc_w;
#endif

#ifdef LIMITED
layout(binding = LIMITED) uniform sampler2D limits;  // depths beyond which splats are not seen
#endif

float met_depth;  // where the pixel's ray meets the splat: its centre's depth but for surfels

float alpha_here() {
    met_depth = colour.a;
#ifdef LIMITED
    if (colour.a > texelFetch(limits, ivec2(gl_FragCoord.xy), 0).r) return 0.0;
#endif
    vec2 d = gl_FragCoord.xy - origin.xy;
#ifdef SURFELS
    if (disc_w.w > 0.0) {
        float power = meet(Disc(disc_u, disc_v, disc_w), d, met_depth);
        return min(exp2(form.w - power), ALPHA_MAX);
    }
#endif
    vec2 uv = origin.zw + vec2(form.x * d.x + form.y * d.y, form.z * d.y);
    return min(exp2(form.w - dot(uv, uv)), ALPHA_MAX);
}
