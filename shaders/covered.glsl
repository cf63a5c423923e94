// The fragment's side of splat_draw.vert: alpha = min(0.99, o G(p)) at this pixel
// (Kerbl et al. 2023). Whoever asks drops what is below 1/255.

flat in vec4 form;
flat in vec4 colour;  // red, green, blue, view depth
flat in vec4 origin;

float alpha_here() {
    vec2 d = gl_FragCoord.xy - origin.xy;
    vec2 uv = origin.zw + vec2(form.x * d.x + form.y * d.y, form.z * d.y);
    return min(exp2(form.w - dot(uv, uv)), ALPHA_MAX);
}
