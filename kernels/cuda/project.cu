// Ellipsoids are projected, see project_scene.cuh; and paint.

#include "project_scene.cuh"

struct Ellipsoids {
    __device__ bool project(const View &view, const float *mean, const Shape &shape,
                            bool antialias, Footprint &out) {
        // Surfels come here too, as flat ellipsoids of debug views; the mip filter is not for them.
        bool filter = antialias && shape.scale[2] != 0.0f;
        return project_geometry(view, mean, shape.quat, shape.scale, shape.opacity, filter, out);
    }
    __device__ void store(int) const {}
};

extern "C" __global__ void project(PROJECT_ARGUMENTS) {
    project_scene(PROJECT_GIVEN, Ellipsoids{});
}

// Colours of visible splats become keep colour + values. `coat` (N, 4): three values and keep.
extern "C" __global__ void paint(const int *splats, const Counts *counts, int room,
                                 const float4 *coat, Footprint *footprints) {
    int i = thread_place();
    if (i >= least(counts->visible, room)) return;
    float4 values = coat[splats[i]];
    Footprint &splat = footprints[i];
    splat.red = values.w * splat.red + values.x;
    splat.green = values.w * splat.green + values.y;
    splat.blue = values.w * splat.blue + values.z;
}
