// The fragment's side of splat_draw.vert: alpha = min(0.99, o G(p)) at this pixel
// (Kerbl et al. 2023), and nothing behind a mesh. Whoever asks drops what is below 1/255.

flat in vec4 form;
flat in vec4 colour;  // red, green, blue, view depth
flat in vec4 origin;

#ifdef LIMITED
layout(binding = LIMITED) uniform sampler2D limits;  // depths beyond which splats are not seen
#endif

float alpha_here() {
#ifdef LIMITED
    if (colour.a > texelFetch(limits, ivec2(gl_FragCoord.xy), 0).r) return 0.0;
#endif
    vec2 d = gl_FragCoord.xy - origin.xy;
    vec2 uv = origin.zw + vec2(form.x * d.x + form.y * d.y, form.z * d.y);
    return min(exp2(form.w - dot(uv, uv)), ALPHA_MAX);
}
