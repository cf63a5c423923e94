// alpha = min(0.99, o G(p)), nothing below 1/255 (Kerbl et al. 2023); blended back to front with
// the premultiplied "over" operator (Porter and Duff 1984).

flat in vec4 form;
flat in vec4 colour;
flat in vec4 origin;

layout(location = 0) out vec4 target_colour;
#ifdef WITH_DEPTH
layout(location = 1) out vec4 target_depth;  // z alpha, alpha; blending takes its factor from .a
#endif

void main() {
    vec2 d = gl_FragCoord.xy - origin.xy;
    vec2 uv = origin.zw + vec2(form.x * d.x + form.y * d.y, form.z * d.y);
    float alpha = min(exp2(form.w - dot(uv, uv)), ALPHA_MAX);
    if (!(alpha >= ALPHA_MIN)) discard;
    target_colour = vec4(colour.rgb * alpha, alpha);
#ifdef WITH_DEPTH
    target_depth = vec4(colour.a * alpha, alpha, 0.0, alpha);
#endif
}
