"""The text around what `glsl.py` writes; names between @ are put in."""

TEXTURE = """layout(binding = @BINDING@) uniform sampler2D @NAME@_data;

vec4 @NAME@_at(uint i) {
    return texelFetch(@NAME@_data, ivec2(i % @TEXTURE_WIDTH@u, i / @TEXTURE_WIDTH@u), 0);
}

uint @NAME@_hidden(uint count) { return min(count, uint(textureSize(@NAME@_data, 0).x)); }"""

BLOCK = """layout(std430, binding = @BINDING@) readonly buffer @NAME@_block {
    @TYPE@ @NAME@_data[];
};

vec4 @NAME@_at(uint i) {
    @FETCH@
}

uint @NAME@_hidden(uint count) { return min(count, uint(@NAME@_data.length())); }"""

FLOAT = "return @NAME@_data[i];"

HALF = """uvec2 two = @NAME@_data[i];
    return vec4(unpackHalf2x16(two.x), unpackHalf2x16(two.y));"""

TEMPLATE = """\
// Neural materials (Zeltner et al. 2024), written by render/materials/glsl.py.

struct @NAME@_material { uint net; uint texels; int width; int height; };
struct @NAME@_lobes { vec3 normal; float alpha; float share; };

// Numbers, and a count that the compiler cannot know, lest it unrolls the loop.
@DATA@

vec3 @NAME@_unit(vec3 v) { return v * inversesqrt(max(dot(v, v), @LEAST_SQUARE@)); }

// Columns t, n x t, n.
mat3 @NAME@_frame(vec3 a, vec3 b) {
    vec3 n = @NAME@_unit(a);
    vec3 t = @NAME@_unit(b - dot(b, n) * n);
    return mat3(t, cross(n, t), n);
}

void @NAME@_bilinear(uint first, ivec2 size, vec2 uv, float share, inout vec4 z[@Z@]) {
    vec2 at = (uv - floor(uv)) * vec2(size) - 0.5;
    vec2 f = at - floor(at);
    ivec2 low = ivec2(floor(at));
    for (int k = 0; k < 4; ++k) {
        ivec2 side = ivec2(k & 1, k >> 1);
        ivec2 texel = (low + side) & (size - 1);
        vec2 part = mix(1.0 - f, f, vec2(side));
        uint place = first + uint(texel.y * size.x + texel.x) * @Z@u;
        for (int j = 0; j < @Z@; ++j) z[j] += share * part.x * part.y * @NAME@_at(place + uint(j));
    }
}

// The level to read for a footprint in widths of the texture.
float @NAME@_level(@NAME@_material m, float footprint) {
    float texels = max(footprint * float(max(m.width, m.height)), 1.0);
    return log2((texels + (@SPREAD@ - 1.0)) / @SPREAD@);
}

// `level` is that of @NAME@_level.
void @NAME@_lookup(@NAME@_material m, vec2 uv, float level, out vec4 z[@Z@]) {
    for (int j = 0; j < @Z@; ++j) z[j] = vec4(0.0);
    ivec2 size = ivec2(m.width, m.height);
    level = clamp(level, 0.0, log2(float(max(size.x, size.y))));
    uint first = m.texels;
    for (; level >= 1.0; level -= 1.0) {
        first += uint(size.x * size.y) * @Z@u;
        size = max(size / 2, 1);
    }
    @NAME@_bilinear(first, size, uv, 1.0 - level, z);
    if (level > 0.0) {
        first += uint(size.x * size.y) * @Z@u;
        @NAME@_bilinear(first, max(size / 2, 1), uv, level, z);
    }
}

vec3 @NAME@_eval(uint net, vec4 z[@Z@], vec3 wi, vec3 wo) {
    if (wi.z <= 0.0 || wo.z <= 0.0) return vec3(0.0);
@EVAL@
    return exp(clamp(y0.xyz, -@MOST_LOG@, @MOST_LOG@));
}

@NAME@_lobes @NAME@_propose(uint net, vec4 z[@Z@], vec3 wo) {
@PROPOSE@
    vec2 slopes = clamp(y0.xy, -@MOST_SLOPE@, @MOST_SLOPE@);
    vec2 part = 1.0 / (1.0 + exp(-clamp(y0.zw, -30.0, 30.0)));
    float alpha = mix(@LEAST_ALPHA@, 1.0, part.x);
    float share = mix(@LEAST_SHARE@, 1.0 - @LEAST_SHARE@, part.y);
    return @NAME@_lobes(normalize(vec3(slopes, 1.0)), alpha, share);
}

vec3 @NAME@_polar(float cosine, float angle) {
    float sine = sqrt(max(0.0, 1.0 - cosine * cosine));
    return vec3(sine * cos(angle), sine * sin(angle), cosine);
}

vec3 @NAME@_sample(@NAME@_lobes lobes, vec3 wo, vec3 u) {
    float angle = 6.283185307179586 * u.x;
    if (u.z >= lobes.share) return @NAME@_polar(sqrt(1.0 - u.y), angle);
    float square = lobes.alpha * lobes.alpha;
    vec3 h = @NAME@_polar(sqrt((1.0 - u.y) / (1.0 + (square - 1.0) * u.y)), angle);
    vec3 n = lobes.normal;  // z > 0: slopes are finite
    float a = -1.0 / (1.0 + n.z), b = n.x * n.y * a;
    vec3 first = vec3(1.0 + n.x * n.x * a, b, -n.x), second = vec3(b, 1.0 + n.y * n.y * a, -n.y);
    h = h.x * first + h.y * second + h.z * n;
    return 2.0 * dot(wo, h) * h - wo;
}

float @NAME@_density(@NAME@_lobes lobes, vec3 wi, vec3 wo) {
    vec3 h = @NAME@_unit(wi + wo);
    float cos_n = max(dot(h, lobes.normal), 0.0), cos_o = max(abs(dot(h, wo)), 1e-6);
    float square = lobes.alpha * lobes.alpha, spread = cos_n * cos_n * (square - 1.0) + 1.0;
    float lobe = square * cos_n / (3.141592653589793 * spread * spread) / (4.0 * cos_o);
    return lobes.share * lobe + (1.0 - lobes.share) * max(wi.z, 0.0) / 3.141592653589793;
}
"""
