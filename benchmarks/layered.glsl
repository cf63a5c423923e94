// The layered reference material (render/materials/layered.py) in GLSL, for benchmarks/materials.py.
// A texel is 21 numbers in 6 vec4s of a texture.

layout(binding = 1) uniform sampler2D texels;

struct Layers { vec3 albedo, specular, dust_albedo; float metal, coat, coat_roughness, dust;
                vec2 roughness, direction, normal, coat_normal; };

mat3 tilted(vec2 slopes, vec2 direction) {
    vec3 n = normalize(vec3(slopes, 1.0)), t = vec3(direction, 0.0);
    t = normalize(t - dot(t, n) * n);
    return mat3(t, cross(n, t), n);
}

float facing(vec3 inside, vec3 w) { return clamp(inside.z / max(w.z, 1e-6), 0.0, 1.0); }

float schlick(float c) { float x = 1.0 - clamp(c, 0.0, 1.0), y = x * x; return y * y * x; }

vec3 ggx(vec3 i, vec3 o, vec2 a, vec3 f0) {
    vec3 h = normalize(i + o);
    vec3 s = vec3(h.xy / a, h.z);
    float spread = dot(s, s), d = 1.0 / (3.14159265 * a.x * a.y * spread * spread);
    float ci = max(i.z, 1e-6), co = max(o.z, 1e-6);
    float g = 0.5 / (ci * length(vec3(a * o.xy, o.z)) + co * length(vec3(a * i.xy, i.z)));
    return (f0 + (1.0 - f0) * schlick(dot(i, h))) * d * g;
}

vec3 layered(Layers m, vec3 wi, vec3 wo) {
    mat3 top = tilted(m.coat_normal, vec2(1.0, 0.0));
    vec3 i = wi * top, o = wo * top;
    vec2 rough = vec2(clamp(m.coat_roughness, 0.04, 1.0));
    vec3 coat = m.coat * facing(i, wi) * facing(o, wo) * ggx(i, o, rough, vec3(0.04));
    float through = (1.0 - m.coat * (0.04 + 0.96 * schlick(i.z)))
                  * (1.0 - m.coat * (0.04 + 0.96 * schlick(o.z)));
    mat3 base = tilted(m.normal, m.direction);
    i = wi * base;
    o = wo * base;
    vec3 metal = ggx(i, o, clamp(m.roughness, 0.04, 1.0), m.specular);
    vec3 below = facing(i, wi) * facing(o, wo) * mix(m.albedo / 3.14159265, metal, m.metal);
    return mix(coat + through * below, m.dust_albedo / 3.14159265, m.dust);
}

Layers texel(vec2 uv, int side) {
    vec2 at = (uv - floor(uv)) * float(side) - 0.5, f = at - floor(at);
    ivec2 low = ivec2(floor(at));
    vec4 v[6];
    for (int j = 0; j < 6; ++j) v[j] = vec4(0.0);
    for (int k = 0; k < 4; ++k) {
        ivec2 corner = ivec2(k & 1, k >> 1), p = (low + corner) & (side - 1);
        vec2 part = mix(1.0 - f, f, vec2(corner));
        for (int j = 0; j < 6; ++j)
            v[j] += part.x * part.y * texelFetch(texels, ivec2(6 * p.x + j, p.y), 0);
    }
    return Layers(v[0].xyz, vec3(v[0].w, v[1].xy), vec3(v[4].zw, v[5].x), v[1].z, v[3].y, v[3].z,
                  v[4].y, vec2(v[1].w, v[2].x), v[2].yz, vec2(v[2].w, v[3].x), vec2(v[3].w, v[4].x));
}
