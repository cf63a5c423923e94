// An image made of splats: the normalised sum of the K strongest Gaussians at a pixel (Image-GS,
// Zhang et al. 2024), one block for a tile, one thread for a pixel. Lists and footprints are those
// of voile.kernels.cpu.image.place: log2 G = -(u^2 + v^2), u = U + a X + b Y, v = V + c Y.

#include "common.cuh"

#define STRONGEST 10  // the largest K
#define BATCH (TILE * TILE)

// The columns DECODED of a footprint, read in two pieces.
struct alignas(16) Decoded {
    float anchor_x, anchor_y, u, v;
    float a, b, c, amplitude;
};

// What a pixel needs of a Gaussian, u and v at the tile's first pixel.
struct Placed {
    float u, v, a, b, c, amplitude;
};

__device__ inline float strength(const Placed &g, float x, float y) {
    float v = g.v + g.c * y, u = g.u + g.b * y + g.a * x;
    float q = -(v * v) - u * u;
    return q >= float(LOG2_ALPHA_MIN) ? g.amplitude * exp2f(q) : 0.0f;
}

// Draws every tile of a picture.
//   starts, members: the lists of tiles, row by row. footprints: of M Gaussians.
//   colors: (M, 4). k: how many count at a pixel. picture: (H, W) out. weights: (H, W) out, sums.
extern "C" __global__ void decode_image(const int *starts, const int *members,
                                        const Decoded *footprints, const float4 *colors, int width,
                                        int height, int k, float4 *picture, float *weights) {
    __shared__ Placed placed[BATCH];
    __shared__ float4 shown[BATCH];
    int columns = (width + TILE - 1) / TILE, tile = int(blockIdx.x);
    int x0 = tile % columns * TILE, y0 = tile / columns * TILE;
    int thread = int(threadIdx.y) * TILE + int(threadIdx.x);
    float x = float(threadIdx.x), y = float(threadIdx.y);
    // Of the places all but k are filled by what nothing displaces.
    float kept[STRONGEST];
#pragma unroll
    for (int m = 0; m < STRONGEST; m++) kept[m] = m < STRONGEST - k ? 1e30f : 0.0f;
    float threshold = 0.0f, total = 0.0f, red = 0.0f, green = 0.0f, blue = 0.0f, last = 0.0f;
    // First the strongest weights, then the sums of those that reach the weakest of them.
    for (int pass = 0; pass < 2; pass++) {
        for (int start = starts[tile]; start < starts[tile + 1]; start += BATCH) {
            int count = least(BATCH, starts[tile + 1] - start);
            __syncthreads();
            if (thread < count) {
                int member = members[start + thread];
                Decoded f = footprints[member];
                float dx = float(x0) - f.anchor_x, dy = float(y0) - f.anchor_y;
                placed[thread] = {f.u + f.a * dx + f.b * dy, f.v + f.c * dy, f.a, f.b, f.c,
                                  f.amplitude};
                shown[thread] = colors[member];
            }
            __syncthreads();
            for (int j = 0; j < count; j++) {
                float w = strength(placed[j], x, y);
                if (pass == 0) {
#pragma unroll
                    for (int m = 0; m < STRONGEST; m++) {
                        float before = kept[m];
                        kept[m] = fmaxf(before, w);
                        w = fminf(before, w);
                    }
                } else if (w >= threshold) {
                    total += w;
                    red += w * shown[j].x;
                    green += w * shown[j].y;
                    blue += w * shown[j].z;
                    last += w * shown[j].w;
                }
            }
        }
        threshold = kept[STRONGEST - 1] * (1.0f - float(STRONGEST_SLACK));
    }
    int column = x0 + int(threadIdx.x), row = y0 + int(threadIdx.y);
    if (column >= width || row >= height) return;
    size_t pixel = size_t(row) * width + column;
    float share = total > 0.0f ? 1.0f / total : 0.0f;
    picture[pixel] = make_float4(share * red, share * green, share * blue, share * last);
    weights[pixel] = total;
}
