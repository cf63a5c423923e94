// Debug view "ellipsoids": the nearest of each pixel, solid and lit from the eye. Tile lists are
// front to back.

#include "../tile.cuh"

struct NoValue {};

struct SolidVisitor {
    static const bool TAKES_ZERO = false, LIMITED = false;
    Tile tile;
    float shell;  // u^2 + v^2 at which an ellipsoid is cut; faint ones end before, at alpha 1/255
    float red[PIXELS], green[PIXELS], blue[PIXELS], cover[PIXELS];

    __device__ NoValue value(int) const { return {}; }
    __device__ bool done(int p) const { return cover[p] > 0.0f; }
    __device__ void add(int p, const Footprint &splat, const NoValue &, float, float) {
        float x = float(tile.column()), y = float(tile.row(p));
        float u = splat.u + splat.b * y + splat.a * x, v = splat.v + splat.c * y;
        float squares = u * u + v * v;
        if (cover[p] > 0.0f || squares > shell) return;
        float light = 0.3f + 0.7f * sqrtf(1.0f - squares / shell);
        red[p] = light * splat.red;
        green[p] = light * splat.green;
        blue[p] = light * splat.blue;
        cover[p] = 1.0f;
    }
};

// `shell`: squared distance from the centre at which an ellipsoid is cut, in variances.
extern "C" __global__ void rasterize_ellipsoids(RASTERIZER_ARGUMENTS, float shell) {
    SolidVisitor visitor = {TILE_OF_BLOCK, shell * float(HALF_LOG2_E)};
    for (int p = 0; p < PIXELS; ++p)
        visitor.red[p] = visitor.green[p] = visitor.blue[p] = visitor.cover[p] = 0.0f;
    walk_tile<Footprint, NoValue>(visitor.tile, visitor);
    for (int p = 0; p < PIXELS; ++p)
        visitor.tile.store(p, visitor.red[p], visitor.green[p], visitor.blue[p], visitor.cover[p],
                           0.0f);
}
