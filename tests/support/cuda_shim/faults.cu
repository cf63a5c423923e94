// Kernels with one fault each, which a check must find, and two without.
//     in: a word for every thread of the launch, of which the last is not written. out: the same.

#define T int(threadIdx.x)
#define AT int(blockIdx.x * blockDim.x + threadIdx.x)
#define LAST int(gridDim.x * blockDim.x - 1)
#define SIZE 64  // of a block

extern "C" __global__ void clean(const int *in, int *out) {
    __shared__ int words[SIZE];
    words[T] = AT < LAST ? in[AT] : 0;
    __syncthreads();
    int other = words[SIZE - 1 - T];
    __syncthreads();
    words[T] = other;
    __syncwarp();
    out[AT] = words[T ^ 1];
}

// Blocks hand a sum on, by words that are atomic.
extern "C" __global__ void clean_between_blocks(int *words, int *out) {
    __shared__ int block;
    if (T == 0) block = atomicAdd(&words[0], 1);
    __syncthreads();
    if (T == 0) {
        int before = 1;
        if (block > 0)
            do before = load_relaxed(&words[block]);
            while (before == 0);
        store_relaxed(&words[block + 1], before + 1);
        out[block] = before;
    }
}

extern "C" __global__ void read_before_barrier(const int *, int *out) {
    __shared__ int words[SIZE];
    words[T] = T;
    out[AT] = words[SIZE - 1 - T];
}

extern "C" __global__ void write_before_barrier(const int *, int *out) {
    __shared__ int words[SIZE];
    words[T] = T;
    __syncthreads();
    out[AT] = words[SIZE - 1 - T];
    words[T] = 0;
}

extern "C" __global__ void scalar_before_barrier(const int *, int *out) {
    __shared__ int word;
    if (T == 0) word = 1;
    out[AT] = word;
}

// A vote holds the lanes of a warp together, and promises nothing of memory.
extern "C" __global__ void vote_is_no_barrier(const int *, int *out) {
    __shared__ int words[SIZE];
    words[T] = T;
    __ballot_sync(0xffffffffu, 1);
    out[AT] = words[T ^ 1];
}

extern "C" __global__ void warps_are_not_ordered(const int *, int *out) {
    __shared__ int words[SIZE];
    words[T] = T;
    __syncwarp();
    out[AT] = words[(T + 32) % SIZE];
}

extern "C" __global__ void clear_beside_sum(const int *, int *out) {
    __shared__ int sum;
    if (T == 0) sum = 0;
    atomicAdd(&sum, 1);
    __syncthreads();
    out[AT] = sum;
}

extern "C" __global__ void blocks_write_one_word(const int *, int *out) { out[T] = T; }

extern "C" __global__ void sum_of_all_blocks_is_read(int *words, int *out) {
    atomicAdd(&words[0], 1);
    out[AT] = words[0];
}

extern "C" __global__ void halves_of_words(const int *, unsigned short *out) {
    out[AT / 2] = 1;  // two threads each
}

extern "C" __global__ void unwritten_argument(const int *in, int *out) { out[AT] = in[AT]; }

extern "C" __global__ void unwritten_shared_memory(const int *, int *out) {
    __shared__ int words[SIZE];
    if (T > 0) words[T] = T;
    __syncthreads();
    out[AT] = words[SIZE - 1 - T];
}

extern "C" __global__ void write_beyond_argument(const int *, int *out) { out[AT + 1] = T; }

extern "C" __global__ void read_before_argument(const int *in, int *out) {
    out[AT] = AT < LAST ? in[AT - 1] : 0;
}

extern "C" __global__ void write_beyond_row(const int *, int *out) {
    __shared__ int words[2][SIZE];
    words[1][T] = 0;
    __syncthreads();
    words[0][T + 1] = T;
    __syncthreads();
    out[AT] = words[1][T];
}

extern "C" __global__ void write_beyond_shared_memory(const int *, int *out) {
    __shared__ int words[SIZE];
    int *at = words;
    at[T + 1] = T;
    __syncthreads();
    out[AT] = T;
}

extern "C" __global__ void write_beyond_own_array(const int *, int *out) {
    int own[4] = {T, T, T, T};
    for (int i = 0; i <= 4 - (T == 0 ? 0 : 1); ++i) own[i] += i;
    out[AT] = own[T & 3];
}

extern "C" __global__ void vector_at_odd_address(const int *, int *out) {
    if (T == 0) *(float4 *)(out + 1) = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

extern "C" __global__ void not_all_come_to_barrier(const int *, int *) {
    if (T > 0) __syncthreads();
}

extern "C" __global__ void vote_of_absent_lanes(const int *, int *) {
    if (T > 0) __ballot_sync(0xffffffffu, 1);
}

extern "C" __global__ void wait_for_nobody(int *words, int *) {
    if (T > 0) return;
    while (load_relaxed(&words[1]) == 0) {}
}
