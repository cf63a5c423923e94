// Debug view "bins": how many bins of mode `binned` share each pixel, (sum W)^2 / sum W^2, in place
// of red. The first walks are those of the mode, see modes/binned_tile.cuh.

#include "../modes/binned.cuh"
#include "../tile.cuh"

template <int BINS>
struct CollectingVisitor {
    static const bool TAKES_ZERO = false, LIMITED = false;
    const DepthInBins *depths;
    bool moments;  // are added, else optical depth
    BinnedPixel<BINS> pixels[PIXELS];

    __device__ DepthInBins value(int member) const { return depths[member]; }
    __device__ bool done(int) const { return false; }
    __device__ void add(int p, const Footprint &, const DepthInBins &value, float alpha, float) {
        if (moments)
            pixels[p].add_moments(value.y, alpha);
        else
            pixels[p].collect(value, alpha);
    }
};

// Of bins that hold optical depth.
template <int BINS>
BOTH float bins_in_use(const BinnedPixel<BINS> &pixel) {
    float ahead = 0.0f, before = 1.0f, total = 0.0f, squares = 0.0f;
#pragma unroll UNROLLED(BINS)
    for (int b = 0; b < BINS; ++b) {
        ahead += pixel.depths[b];
        float behind = exp2f(-ahead), seen = before - behind;
        total += seen;
        squares += seen * seen;
        before = behind;
    }
    return squares > 0.0f ? total * total / squares : 0.0f;
}

template <int BINS>
__device__ inline void walk_bins(Tile tile, const DepthInBins *depths, int refinements) {
    CollectingVisitor<BINS> visitor;
    visitor.depths = depths;
    for (int p = 0; p < PIXELS; ++p) visitor.pixels[p].clear();
    for (int step = 0; step < 2 + refinements; ++step) {
        visitor.moments = step == 0;
        walk_tile<Footprint, DepthInBins>(tile, visitor);
        for (int p = 0; p < PIXELS; ++p) {
            if (step == 0) visitor.pixels[p].lay_out();
            else if (step < 1 + refinements) visitor.pixels[p].refine();
        }
    }
    for (int p = 0; p < PIXELS; ++p)
        tile.store(p, bins_in_use(visitor.pixels[p]), 0.0f, 0.0f, 1.0f, 0.0f);
}

extern "C" __global__ void rasterize_bins_4(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                            int refinements) {
    walk_bins<4>(TILE_OF_BLOCK, depths, refinements);
}

extern "C" __global__ void rasterize_bins_8(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                            int refinements) {
    walk_bins<8>(TILE_OF_BLOCK, depths, refinements);
}

extern "C" __global__ void rasterize_bins_16(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                             int refinements) {
    walk_bins<16>(TILE_OF_BLOCK, depths, refinements);
}

extern "C" __global__ void rasterize_bins_32(RASTERIZER_ARGUMENTS, const DepthInBins *depths,
                                             int refinements) {
    walk_bins<32>(TILE_OF_BLOCK, depths, refinements);
}
