// Light on splats, by what they blended to: see voile.render.shading.deferred.

#include "lit.cuh"

__device__ inline float part_of(float4 v, int k) {
    return k == 0 ? v.x : k == 1 ? v.y : v.z;
}

// What the splats of a pixel blended to: coats of three numbers with coverage, each an image.
struct Coats {
    const float4 *first;
    size_t pixels;

    // Number `column`, counted from the first coat.
    __device__ float operator()(int column) const {
        return part_of(first[column / 3 * pixels], column % 3);
    }
    __device__ Vec vec(int column) const {
        return {(*this)(column), (*this)(column + 1), (*this)(column + 2)};
    }
};

// Adds light on splats to a frame, premultiplied, in place.
//   numbers, materials: of glsl.pack. coats: (coats, pixels) what the G-buffer of
//   voile.render.shading.deferred blended to, without its colour. own: the column where the splats'
//   own latents begin, after their weight; 0 where none has as many as these nets take.
extern "C" __global__ void light_splats_NET(LIGHT_ARGUMENTS, const View *view, const float4 *numbers,
                                            const Material *materials, int material_count,
                                            const float4 *coats, int own, int width, int height,
                                            float4 *frame) {
    int i = thread_place();
    if (i >= width * height) return;
    Coats coat{coats + i, size_t(width) * height};
    int which = 0;
    float most_weight = coat(7), total = most_weight;
    for (int k = 1; k < material_count; ++k) {
        float weight = coat(7 + k);
        total += weight;
        if (weight > most_weight) {
            most_weight = weight;
            which = k;
        }
    }
    if (!(total > float(LEAST_WEIGHT))) return;
    Material material = materials[which];
    if (material.present == 0.0f) return;
    const Lights lights LIGHT_GIVEN;
    const Lighting &given = lights.numbers;
    Vec n = coat.vec(0), captured = (1.0f / total) * coat.vec(3);
    n = dot(n, n) > 1e-24f ? (1.0f / length(n)) * n : Vec{0.0f, 0.0f, 1.0f};
    float depth = coat(6) / total;
    Vec from_eye = along_ray(*view, i % width, i / width, depth);

    float slant = fmaxf(-dot(n, from_eye) / length(from_eye), float(LEAST_SLANT));
    float focal = fminf(view->focal[0], view->focal[1]);
    float level = level_of(material, depth * given.repeats / focal / slant);
    Vec at = given.repeats * placed(*view, from_eye);
    Vec parts{n.x * n.x * n.x * n.x, n.y * n.y * n.y * n.y, n.z * n.z * n.z * n.z};
    float left = 1.0f / fmaxf(parts.x + parts.y + parts.z, 1e-12f);
    Vec tangent = parts.x >= parts.y && parts.x >= parts.z ? Vec{0.0f, 1.0f, 0.0f}
                  : parts.y >= parts.z                       ? Vec{0.0f, 0.0f, 1.0f}
                                                               : Vec{1.0f, 0.0f, 0.0f};
    Latents z;
    for (int j = 0; j < 4 * LATENT_GROUPS; ++j) z[0][j] = 0.0f;
    if (own) {
        left *= 1.0f - clampf(coat(own - 1) / total, 0.0f, 1.0f);
        for (int j = 0; j < NET_LATENTS; ++j) z[0][j] = coat(own + j) / total;
    }
    add_texture(numbers, material, at.y, at.z, level, left * parts.x, z);
    add_texture(numbers, material, at.z, at.x, level, left * parts.y, z);
    add_texture(numbers, material, at.x, at.y, level, left * parts.z, z);

    Vec light = lit(lights, *view, numbers + material.net, z, {from_eye, n, tangent, unsigned(i)});
    float tint[3], wanted[3] = {captured.x, captured.y, captured.z};
    for (int c = 0; c < 3; ++c) {
        float whole = clampf(wanted[c] / fmaxf(material.albedo[c], 1e-3f), 0.0f, float(MOST_TINT));
        tint[c] = 1.0f + given.tint * (whole - 1.0f);
    }
    Vec added = (given.relight * total) * display_of(light * Vec{tint[0], tint[1], tint[2]});
    float4 drawn = frame[i];
    frame[i] = make_float4(drawn.x + added.x, drawn.y + added.y, drawn.z + added.z, drawn.w);
}
