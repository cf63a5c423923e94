// Scenes with surfels are projected, see project_scene.cuh.

#include "project_scene.cuh"
#include "surfel.cuh"

struct AnyKind {
    Disc *discs;  // of visible splats
    Disc own;     // of this thread's splat

    __device__ bool project(const View &view, const float *mean, const Shape &shape,
                            bool antialias, Footprint &out) {
        AnySplat splat = {};
        bool seen = project_any(view, mean, shape, antialias, splat);
        out = splat;
        own = splat.disc;
        return seen;
    }
    __device__ void store(int row) const { discs[row] = own; }
};

extern "C" __global__ void project_surfels(PROJECT_ARGUMENTS, Disc *discs) {
    AnyKind kind;
    kind.discs = discs;
    project_scene(PROJECT_GIVEN, kind);
}
