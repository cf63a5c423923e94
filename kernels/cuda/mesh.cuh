// Triangles on the image plane: homogeneous rasterization (Olano and Greer 1997) and what is seen of
// one at a pixel; see voile.kernels.cpu.mesh, of which this is the same, in float64 as there.
#pragma once

#include "vector.cuh"

// A mesh, as voile.render.cuda.meshes packs it: (V, 3), (V, 3), (V, 3), (V, 2) and (F, 3) of it; its
// texture's levels, texels of four bytes and (levels, 3) of each where it begins, its width and its
// height, null for white; the number of its first triangle among those of all meshes.
struct alignas(8) Mesh {
    const float *vertices, *normals, *tangents, *uvs;
    const int *faces;
    const unsigned *texels;
    const int *levels;
    int first, level_count, wraps[2], material, unlit;
    float color[3], cutoff;  // linear light; alpha below which there is no surface, or 0
};

// The camera, in float64: voile.render.cuda.meshes packs it.
struct MeshView {
    double rotation[9], translation[3], focal[2], centre[2], size[2], near, eye[3];
};

// What is nearest at a pixel: the bits of its depth, and below them the number of the triangle, so
// that the least is the nearest, and of several the first.
typedef unsigned long long Nearest;
#define NO_TRIANGLE 0xffffffffffffffffull

// `linear_light` (256): of a byte of sRGB. `edges`: of every triangle three functions of the pixel,
// each by x, by y and constant. `nearest`: of every pixel.
#define MESH_ARGUMENTS                                                                        \
    const Mesh *meshes, int mesh_count, const MeshView *mesh_view, const float *linear_light, \
        double *edges, Nearest *nearest, int width, int height

struct Doubles {
    double x, y, z;
};

__device__ inline Doubles doubles(const float *v) { return {v[0], v[1], v[2]}; }
__device__ inline Doubles operator-(Doubles a, Doubles b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
__device__ inline double dot(Doubles a, Doubles b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
__device__ inline double length(Doubles a) { return sqrt(dot(a, a)); }
__device__ inline Doubles operator*(double s, Doubles a) { return {s * a.x, s * a.y, s * a.z}; }
__device__ inline Doubles operator+(Doubles a, Doubles b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
__device__ inline Doubles cross(Doubles a, Doubles b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
__device__ inline Vec narrow(Doubles a) { return {float(a.x), float(a.y), float(a.z)}; }

// Of all meshes' triangles the one of a number: its mesh, and its corners in it.
struct Triangle {
    const Mesh *mesh;
    int corners[3], number;

    __device__ Triangle(const Mesh *meshes, int mesh_count, int number) : number(number) {
        int low = 0, high = mesh_count - 1;  // the last mesh that begins no later
        while (low < high) {
            int middle = (low + high + 1) / 2;
            if (meshes[middle].first <= number) low = middle;
            else high = middle - 1;
        }
        mesh = meshes + low;
        const int *face = mesh->faces + 3 * size_t(number - mesh->first);
        for (int i = 0; i < 3; ++i) corners[i] = face[i];
    }
};

// Coordinates on a texture at a pixel; the pixel's size in texture widths, and in texels.
struct OnTexture {
    double u, v, footprint, texels;
};

__device__ inline double hypotenuse(double a, double b) { return sqrt(a * a + b * b); }

__device__ inline OnTexture on_texture(const double *edges, const Triangle &triangle, double x,
                                       double y) {
    double total = 0.0, by_x = 0.0, by_y = 0.0;
    double u = 0.0, u_x = 0.0, u_y = 0.0, v = 0.0, v_x = 0.0, v_y = 0.0;
    for (int i = 0; i < 3; ++i) {
        double a = edges[3 * i], b = edges[3 * i + 1], e = a * x + b * y + edges[3 * i + 2];
        const float *uv = triangle.mesh->uvs + 2 * size_t(triangle.corners[i]);
        total += e;
        by_x += a;
        by_y += b;
        u += e * uv[0];
        u_x += a * uv[0];
        u_y += b * uv[0];
        v += e * uv[1];
        v_x += a * uv[1];
        v_y += b * uv[1];
    }
    u /= total;
    v /= total;
    u_x = (u_x - u * by_x) / total;
    v_x = (v_x - v * by_x) / total;
    u_y = (u_y - u * by_y) / total;
    v_y = (v_y - v * by_y) / total;
    const int *finest = triangle.mesh->levels;
    double width = finest ? finest[1] : 1.0, height = finest ? finest[2] : 1.0;
    return {u, v, fmax(hypotenuse(u_x, v_x), hypotenuse(u_y, v_y)),
            fmax(hypotenuse(width * u_x, height * v_x), hypotenuse(width * u_y, height * v_y))};
}

// Which pixel of a row of `size` lies at x.
__device__ inline int wrapped(long long x, int size, int wrap) {
    if (wrap != WRAP_REPEAT && wrap != WRAP_MIRROR) return int(x < 0 ? 0 : x < size ? x : size - 1);
    int period = wrap == WRAP_MIRROR ? 2 * size : size, rest = int(x % period);
    if (rest < 0) rest += period;
    return rest < size ? rest : 2 * size - 1 - rest;
}

// Adds share of a level of a mesh's texture, linear light and alpha.
__device__ inline void add_texel(const Mesh &mesh, const float *linear_light, int level,
                                 const OnTexture &at, float share, float sum[4]) {
    const int *row = mesh.levels + 3 * level;
    const unsigned *texels = mesh.texels + row[0];
    int width = row[1], height = row[2];
    double x = at.u * width - 0.5, y = (1.0 - at.v) * height - 0.5;
    double left = floor(x), top = floor(y);
    float fx = float(x - left), fy = float(y - top);
    for (int k = 0; k < 4; ++k) {
        int column = wrapped((long long)left + (k & 1), width, mesh.wraps[0]);
        int line = wrapped((long long)top + (k >> 1), height, mesh.wraps[1]);
        unsigned texel = texels[size_t(line) * width + column];
        float part = share * (k & 1 ? fx : 1.0f - fx) * (k >> 1 ? fy : 1.0f - fy);
        for (int c = 0; c < 3; ++c) sum[c] += part * linear_light[texel >> (8 * c) & 0xffu];
        sum[3] += part * (float(texel >> 24) * (1.0f / 255.0f));
    }
}

// Linear light and alpha of a mesh's texture (Williams 1983).
__device__ inline void sample_texture(const Mesh &mesh, const float *linear_light,
                                      const OnTexture &at, float sum[4]) {
    for (int c = 0; c < 4; ++c) sum[c] = mesh.texels ? 0.0f : 1.0f;
    if (!mesh.texels) return;
    float level = log2f(fmaxf(float(at.texels), 1e-9f));
    level = clampf(level, 0.0f, float(mesh.level_count - 1));
    int low = int(level);
    float share = level - float(low);
    add_texel(mesh, linear_light, low, at, 1.0f - share, sum);
    if (share > 0.0f) add_texel(mesh, linear_light, low + 1, at, share, sum);
}

// The nearest point of all meshes at a pixel; as `Surface` of voile.render.meshes.
struct Surface {
    const Mesh *mesh;
    Vec normal, tangent, albedo;
    float depth, u, v, footprint;
};

__device__ inline Surface look_up(const Mesh *meshes, int mesh_count, const MeshView &view,
                                  const float *linear_light, const double *all_edges, Nearest found,
                                  int column, int line) {
    Triangle triangle(meshes, mesh_count, int(unsigned(found)));
    const Mesh &mesh = *triangle.mesh;
    const double *edges = all_edges + TRIANGLE_EDGES * size_t(triangle.number);
    double x = column + 0.5, y = line + 0.5, total = 0.0;
    Doubles normal{0.0, 0.0, 0.0}, tangent = normal, away = normal, places[3];
    Doubles eye{view.eye[0], view.eye[1], view.eye[2]};
    for (int i = 0; i < 3; ++i) {
        double e = edges[3 * i] * x + edges[3 * i + 1] * y + edges[3 * i + 2];
        size_t at = 3 * size_t(triangle.corners[i]);
        total += e;
        places[i] = doubles(mesh.vertices + at);
        normal = normal + e * doubles(mesh.normals + at);
        tangent = tangent + e * doubles(mesh.tangents + at);
        away = away + e * (eye - places[i]);
    }
    double size = length(normal);
    normal = (size > 0.0 ? 1.0 / size : 0.0) * normal;
    Doubles to_viewer = (1.0 / copysign(length(away), total)) * away;
    // The flat triangle's own normal says which side is seen, and how much longer a pixel is on the
    // round surface that it stands for.
    Doubles across = cross(places[1] - places[0], places[2] - places[0]);
    double flat = dot(across, to_viewer) / length(across);
    double side = dot(across, normal) * flat < 0.0 ? -1.0 : 1.0;
    double stretch = fabs(flat) / fmax(side * dot(normal, to_viewer), double(LEAST_SLANT));
    OnTexture at = on_texture(edges, triangle, x, y);
    float color[4];
    sample_texture(mesh, linear_light, at, color);
    Surface surface;
    surface.mesh = &mesh;
    surface.normal = narrow(side * normal);
    surface.tangent = narrow((1.0 / total) * tangent);
    surface.albedo = Vec{color[0], color[1], color[2]} *
                     Vec{mesh.color[0], mesh.color[1], mesh.color[2]};
    surface.depth = __uint_as_float(unsigned(found >> 32));
    surface.u = float(at.u);
    surface.v = float(at.v);
    surface.footprint = float(at.footprint * fmax(1.0, stretch));
    return surface;
}
