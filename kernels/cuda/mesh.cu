// Meshes: the nearest triangle of every pixel, and the matte ones of them lit (Lambert 1760); see
// voile.kernels.cpu.mesh and voile.render.shading.matte.
//
// A thread sets up a triangle, and draws it where it is small; larger ones are put on a list, which
// the blocks of all tiles of the image go through. What is nearest is found by the least of numbers
// that hold depth and triangle, so the picture does not depend on who comes first.

#include "lights.cuh"
#include "mesh.cuh"

#define SMALL_TRIANGLE 64  // pixels of a box that one thread goes through

// A triangle that many threads draw: rows and columns of pixels that it may cover.
struct LargeTriangle {
    int number;
    unsigned short first_row, last_row, first_column, last_column;
};

extern "C" __global__ void clear_nearest(int pixels, Nearest *nearest) {
    int i = thread_place();
    if (i < pixels) nearest[i] = NO_TRIANGLE;
}

// The number of a triangle at a pixel, by its depth; NO_TRIANGLE where it is not there.
__device__ inline Nearest meet(const double *edges, const Triangle &triangle, double near,
                               const float *linear_light, int column, int line) {
    double x = column + 0.5, y = line + 0.5, e[3], inverse = 0.0;
    for (int i = 0; i < 3; ++i) {
        e[i] = edges[3 * i + 1] * y + edges[3 * i + 2] + edges[3 * i] * x;
        inverse += e[i];
    }
    double least_edge = -double(SEAM) * inverse;
    if (!(e[0] >= least_edge && e[1] >= least_edge && e[2] >= least_edge && inverse > 0.0))
        return NO_TRIANGLE;
    float z = float(1.0 / inverse);
    if (!(near < double(z) && z <= 3.402823466e38f)) return NO_TRIANGLE;
    const Mesh &mesh = *triangle.mesh;
    if (mesh.cutoff > 0.0f) {
        float color[4];
        sample_texture(mesh, linear_light, on_texture(edges, triangle, x, y), color);
        if (color[3] < mesh.cutoff) return NO_TRIANGLE;
    }
    return Nearest(__float_as_uint(z)) << 32 | unsigned(triangle.number);
}

// The pixels whose centres may lie from `low` to `high`, of `size` in a row: first, and after the last.
__device__ inline void pixel_range(double low, double high, double size, unsigned short &first,
                                   unsigned short &last) {
    first = (unsigned short)(fmax(0.0, ceil(fmin(low, size) - 0.5)));
    last = (unsigned short)(fmin(size, floor(fmax(high, 0.0) - 0.5) + 1.0));
}

// Functions of a triangle, and its box, which is empty where nothing is seen.
__device__ inline LargeTriangle set_up(const Triangle &triangle, const MeshView &view, double *edges) {
    LargeTriangle box{triangle.number, 0, 0, 0, 0};
    double m[3][3], left = 1e300, right = -1e300, top = 1e300, bottom = -1e300;
    double scale = 1.0;
    int behind = 0;
    for (int i = 0; i < 3; ++i) {
        Doubles place = doubles(triangle.mesh->vertices + 3 * size_t(triangle.corners[i]));
        double c[3];
        for (int k = 0; k < 3; ++k) {
            const double *row = view.rotation + 3 * k;
            c[k] = row[0] * place.x + row[1] * place.y + row[2] * place.z + view.translation[k];
        }
        m[0][i] = view.focal[0] * c[0] + view.centre[0] * c[2];
        m[1][i] = view.focal[1] * c[1] + view.centre[1] * c[2];
        m[2][i] = c[2];
        scale *= sqrt(m[0][i] * m[0][i] + m[1][i] * m[1][i] + m[2][i] * m[2][i]);
        if (c[2] <= view.near) {
            ++behind;
            continue;
        }
        double x = m[0][i] / c[2], y = m[1][i] / c[2];
        left = fmin(left, x);
        right = fmax(right, x);
        top = fmin(top, y);
        bottom = fmax(bottom, y);
    }
    if (behind == 3) return box;
    if (behind) {  // the part in view may reach anywhere
        left = top = 0.0;
        right = view.size[0];
        bottom = view.size[1];
    }
    double det = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
                 m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                 m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
    if (!(fabs(det) > double(EDGE_ON) * scale)) return box;
    for (int i = 0; i < 3; ++i) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        edges[3 * i] = (m[1][j] * m[2][k] - m[2][j] * m[1][k]) / det;
        edges[3 * i + 1] = (m[2][j] * m[0][k] - m[0][j] * m[2][k]) / det;
        edges[3 * i + 2] = (m[0][j] * m[1][k] - m[1][j] * m[0][k]) / det;
    }
    pixel_range(top, bottom, view.size[1], box.first_row, box.last_row);
    pixel_range(left, right, view.size[0], box.first_column, box.last_column);
    return box;
}

// Sets up all triangles, and draws small ones. `edges` (triangles, 9) out. `large` (triangles) out,
// in any order; `large_count` is 0 before.
extern "C" __global__ void draw_triangles(MESH_ARGUMENTS, int triangles, LargeTriangle *large,
                                          int *large_count) {
    int number = thread_place();
    if (number >= triangles) return;
    Triangle triangle(meshes, mesh_count, number);
    double *own = edges + TRIANGLE_EDGES * size_t(number);
    LargeTriangle box = set_up(triangle, *mesh_view, own);
    int rows = box.last_row - box.first_row, columns = box.last_column - box.first_column;
    if (rows <= 0 || columns <= 0) return;
    if (rows * columns > SMALL_TRIANGLE) {
        large[atomicAdd(large_count, 1)] = box;
        return;
    }
    for (int line = box.first_row; line < box.last_row; ++line)
        for (int column = box.first_column; column < box.last_column; ++column) {
            Nearest found = meet(own, triangle, mesh_view->near, linear_light, column, line);
            if (found != NO_TRIANGLE) atomicMin(nearest + size_t(line) * width + column, found);
        }
}

// Draws large triangles: a block for each tile of the image, row by row, a thread for each pixel.
extern "C" __global__ void draw_large_triangles(MESH_ARGUMENTS, const LargeTriangle *large,
                                                const int *large_count) {
    __shared__ int numbers[MESH_TILE * MESH_TILE], found_count;
    int tiles = (width + MESH_TILE - 1) / MESH_TILE, thread = int(threadIdx.x), count = *large_count;
    int x0 = int(blockIdx.x) % tiles * MESH_TILE, y0 = int(blockIdx.x) / tiles * MESH_TILE;
    int column = x0 + thread % MESH_TILE, line = y0 + thread / MESH_TILE;
    bool inside = column < width && line < height;
    size_t pixel = size_t(line) * width + column;
    Nearest before = inside ? nearest[pixel] : NO_TRIANGLE, best = before;
    for (int start = 0; start < count; start += MESH_TILE * MESH_TILE) {
        if (thread == 0) found_count = 0;
        __syncthreads();
        if (start + thread < count) {
            LargeTriangle box = large[start + thread];
            if (box.first_column < x0 + MESH_TILE && box.last_column > x0 &&
                box.first_row < y0 + MESH_TILE && box.last_row > y0)
                numbers[atomicAdd(&found_count, 1)] = box.number;
        }
        __syncthreads();
        for (int k = 0; inside && k < found_count; ++k) {
            Triangle triangle(meshes, mesh_count, numbers[k]);
            const double *own = edges + TRIANGLE_EDGES * size_t(triangle.number);
            Nearest found = meet(own, triangle, mesh_view->near, linear_light, column, line);
            if (found < best) best = found;
        }
        __syncthreads();
    }
    if (best != before) nearest[pixel] = best;
}

// What splats and light need of the meshes. `limits` out: depths, beyond which no splat is seen.
// `behind` out: display colours of what is matte or unlit, and 1, or 0 where no mesh is.
extern "C" __global__ void show_meshes(MESH_ARGUMENTS, LIGHT_ARGUMENTS, const View *view,
                                       float *limits, float4 *behind) {
    int i = thread_place();
    if (i >= width * height) return;
    if (nearest[i] == NO_TRIANGLE) {
        limits[i] = 3.402823466e38f;
        behind[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        return;
    }
    const Lights lights LIGHT_GIVEN;
    Surface surface = look_up(meshes, mesh_count, *mesh_view, linear_light, edges, nearest[i],
                              i % width, i / width);
    limits[i] = surface.depth;
    Vec light{1.0f, 1.0f, 1.0f};
    if (!surface.mesh->unlit) {
        light = lights.around(surface.normal);
        Vec place = placed(*view, along_ray(*view, i % width, i / width, surface.depth));
        for (int k = 0; k < lamp_count; ++k) {
            Vec towards, lamp = lights.lamp(k, place, towards);
            light = light + fmaxf(dot(surface.normal, towards), 0.0f) * lamp;
        }
    }
    Vec shown = display_of(surface.albedo * light);
    behind[i] = make_float4(shown.x, shown.y, shown.z, 1.0f);
}
