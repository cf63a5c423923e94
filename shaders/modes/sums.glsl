// What every weighted sum collects, by additive blending into float32.

layout(location = 0) out vec4 colour_sum;  // w alpha c, w alpha
layout(location = 1) out vec2 other_sum;   // -log2(1 - alpha), w alpha z

const float FARTHEST = 1e12;  // w alpha z stays in float32 for every weight, layer upon layer

void add_to_sums(float weight, float alpha, vec4 colour) {
    float share = weight * alpha;
    colour_sum = vec4(colour.rgb * share, share);
    other_sum = vec2(-log2(1.0 - alpha), share * min(colour.a, FARTHEST));
}
