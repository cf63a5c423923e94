// What splats with a material blend in place of their colours: the G-buffer that is defined by
// voile.render.shading.deferred, made where it is needed and never stored.

#include "footprint.cuh"
#include "vector.cuh"

// Everything about the materials of a scene's splats that no camera changes. `rows` are the splats
// of those that are drawn, null where they are drawn in the scene's order. `latents` (N, width) may
// be null.
#define WEARERS                                                                                  \
    const int *rows, const float *means, const int *materials, const float *normals,             \
        const float *captured, const float *latents, int width

__device__ inline bool has_latents(const float *latents, int width) {
    for (int k = 0; k < width; ++k)
        if (latents[k] != 0.0f) return true;
    return false;
}

// Colours of visible splats become those of coat `coat`; the first, in which less of the own colour
// is left, goes on first. `material_columns`: depth and weights of materials, filled up to whole
// coats. `tints` (N, 4), in the order in which splats are drawn: three values that are added to the
// first coat, and how much of everything is left; null where nothing is tinted.
extern "C" __global__ void paint_material(const int *splats, const Counts *counts, int room,
                                          const View *view, WEARERS,
                                          const float4 *tints, float relight, int material_columns,
                                          int coat, Footprint *footprints) {
    int i = thread_place();
    if (i >= least(counts->visible, room)) return;
    int splat = splats[i], row = rows ? rows[splat] : splat, material = materials[row];
    Footprint &out = footprints[i];
    float4 tint = tints ? tints[splat] : make_float4(0.0f, 0.0f, 0.0f, 1.0f);
    float mask = material >= 0 ? tint.w : 0.0f;
    if (coat == 0) {
        float keep = tint.w * (material >= 0 ? 1.0f - relight : 1.0f);
        out.red = keep * out.red + tint.x;
        out.green = keep * out.green + tint.y;
        out.blue = keep * out.blue + tint.z;
        return;
    }
    const float *mean = means + 3 * size_t(row), *eye = view->eye_high, *low = view->eye_low;
    Vec from_eye{(mean[0] - eye[0]) - low[0], (mean[1] - eye[1]) - low[1],
                 (mean[2] - eye[2]) - low[2]};
    const float *three = (coat == 1 ? normals : captured) + 3 * size_t(row);
    float value[3];
    for (int c = 0; c < 3; ++c) {
        int column = 3 * (coat - 3) + c;
        if (coat == 1) {
            bool away = dot({three[0], three[1], three[2]}, from_eye) > 0.0f;
            value[c] = away ? -three[c] : three[c];
        } else if (coat == 2) {
            value[c] = three[c];
        } else if (column == 0) {
            const float *axis = view->rotation + 6;
            value[c] = clampf(dot({axis[0], axis[1], axis[2]}, from_eye), -1e9f, 1e9f);
        } else if (column < material_columns) {
            value[c] = material == column - 1 ? 1.0f : 0.0f;
        } else {
            const float *latent = latents + size_t(row) * width;
            column -= material_columns;
            value[c] = column == 0 ? float(has_latents(latent, width))
                       : column <= width ? latent[column - 1] : 0.0f;
        }
    }
    out.red = mask * value[0];
    out.green = mask * value[1];
    out.blue = mask * value[2];
}
