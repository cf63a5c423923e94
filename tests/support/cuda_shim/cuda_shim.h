// Runs CUDA kernels on the host, for tests: the threads of a block are fibers of one thread.
//
// A fiber runs until it comes to a barrier of its block or to an exchange with lanes of its warp;
// when all that take part have come, they go on. So shared memory is static memory, atomics are
// plain sums, blocks run one after the other, and a run is the same every time. What it cannot show
// are races between barriers: threads run one after the other, in order.
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)
#define __shared__ static

struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
};

struct uint2 {
    unsigned x, y;
};
struct uint4 {
    unsigned x, y, z, w;
};
struct float2 {
    float x, y;
};
struct float4 {
    float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline Dim3 gridDim, blockDim, blockIdx, threadIdx;

namespace shim {

constexpr size_t STACK = 256 << 10;
constexpr unsigned WARP = 32;

typedef unsigned long long Word;

enum State { READY, AT_BARRIER, IN_EXCHANGE, FINISHED };

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack{new char[STACK]};
    Dim3 place;
    unsigned number;
    State state = FINISHED;
    unsigned mask;        // of the lanes that it exchanges with
    Word given;           // to them
    const Word *received;  // from them, lane by lane
    Word boxes[2][WARP];  // of the exchanges that this lane leads, in turns
    bool turn = false;
};

inline ucontext_t scheduler;
inline std::vector<std::unique_ptr<Fiber>> fibers;
inline Fiber *running;
inline unsigned threads;    // of the block at hand
inline bool vote, verdict;  // what is voted in this round, and the outcome of the last one

struct Call {
    virtual void run() = 0;
};
inline Call *call;

inline void enter() {
    call->run();
    running->state = FINISHED;
}

inline void fail(const char *what, unsigned count) {
    fprintf(stderr, "cuda_shim: %s: %u of %u threads\n", what, count, threads);
    abort();
}

inline void leave(State state) {
    Fiber *self = running;
    self->state = state;
    swapcontext(&self->context, &scheduler);
}

inline bool barrier(bool agrees) {
    vote = vote && agrees;
    leave(AT_BARRIER);
    return verdict;
}

// Gives a word to the lanes of a mask, and receives theirs. The last to come lets all go on.
inline const Word *exchange(unsigned mask, Word given) {
    Fiber *self = running;
    unsigned warp = self->number / WARP * WARP, lane = self->number % WARP;
    if (!(mask >> lane & 1)) fail("a lane is not in its own mask", self->number);
    self->mask = mask;
    self->given = given;
    unsigned first = WARP, missing = 0;
    for (unsigned l = 0; l < WARP; ++l) {
        if (!(mask >> l & 1)) continue;
        if (warp + l >= threads) fail("a mask names lanes beyond the block", l);
        if (first == WARP) first = l;
        const Fiber &other = *fibers[warp + l];
        missing += l != lane && !(other.state == IN_EXCHANGE && other.mask == mask);
    }
    if (missing) {
        leave(IN_EXCHANGE);
        return self->received;
    }
    Fiber &leader = *fibers[warp + first];
    leader.turn = !leader.turn;
    Word *box = leader.boxes[leader.turn];
    for (unsigned l = 0; l < WARP; ++l) {
        box[l] = 0;
        if (!(mask >> l & 1)) continue;
        Fiber &other = *fibers[warp + l];
        box[l] = other.given;
        other.received = box;
        if (l != lane) other.state = READY;
    }
    return box;
}

inline void start_block(unsigned count) {
    threads = count;
    while (fibers.size() < count) fibers.emplace_back(new Fiber);
    for (unsigned i = 0; i < count; ++i) {
        Fiber &fiber = *fibers[i];
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = &scheduler;
        fiber.place = {i % blockDim.x, i / blockDim.x, 0};
        fiber.number = i;
        fiber.state = READY;
        makecontext(&fiber.context, enter, 0);
    }
}

inline void run_block(unsigned count) {
    start_block(count);
    vote = true;
    for (;;) {
        bool moved = false;
        for (unsigned i = 0; i < count; ++i) {
            if (fibers[i]->state != READY) continue;
            moved = true;
            running = fibers[i].get();
            threadIdx = running->place;
            swapcontext(&scheduler, &running->context);
        }
        if (moved) continue;
        unsigned finished = 0, waiting = 0;
        for (unsigned i = 0; i < count; ++i) {
            finished += fibers[i]->state == FINISHED;
            waiting += fibers[i]->state == AT_BARRIER;
        }
        if (finished == count) return;
        if (waiting + finished != count) fail("lanes wait for others in an exchange", waiting);
        if (waiting != count) fail("not all came to a barrier", waiting);
        verdict = vote;
        vote = true;
        for (unsigned i = 0; i < count; ++i) fibers[i]->state = READY;
    }
}

template <class... A>
struct KernelCall : Call {
    void (*kernel)(A...);
    void **values;

    void run() override { run(std::index_sequence_for<A...>{}); }
    template <size_t... I>
    void run(std::index_sequence<I...>) {
        kernel(*static_cast<std::remove_reference_t<A> *>(values[I])...);
    }
};

// Kinds of arguments: p pointer, i int, f float.
template <class A>
constexpr char kind_of() {
    if (std::is_pointer_v<A>) return 'p';
    if (std::is_same_v<A, int>) return 'i';
    return std::is_same_v<A, float> ? 'f' : '?';
}

// As cuLaunchKernel: every value is where values[i] points to. False where the kinds do not match.
template <class... A>
bool launch(void (*kernel)(A...), unsigned blocks, unsigned x, unsigned y, const char *kinds,
            void **values) {
    const char wanted[] = {kind_of<A>()..., 0};
    for (size_t i = 0; i <= sizeof...(A); ++i)
        if (wanted[i] != kinds[i]) return false;
    KernelCall<A...> made;
    made.kernel = kernel;
    made.values = values;
    call = &made;
    gridDim = {blocks, 1, 1};
    blockDim = {x, y, 1};
    for (unsigned block = 0; block < blocks; ++block) {
        blockIdx = {block, 0, 0};
        run_block(x * y);
    }
    call = nullptr;
    return true;
}

template <class... A>
const char *kinds_of(void (*)(A...)) {
    static const char kinds[] = {kind_of<A>()..., 0};
    return kinds;
}

template <class T>
Word word_of(T value) {
    static_assert(sizeof(T) <= sizeof(Word));
    Word word = 0;
    memcpy(&word, &value, sizeof value);
    return word;
}

template <class T>
T taken_from(const Word *words, unsigned lane) {
    if (!(running->mask >> lane & 1)) fail("a shuffle reads a lane that takes no part", lane);
    T value;
    memcpy(&value, &words[lane], sizeof value);
    return value;
}

inline unsigned lane() { return running->number % WARP; }

}  // namespace shim

inline void __syncthreads() { shim::barrier(true); }
inline int __syncthreads_and(int agrees) { return shim::barrier(agrees != 0); }

inline void __syncwarp(unsigned mask = 0xffffffffu) { shim::exchange(mask, 0); }

inline unsigned __ballot_sync(unsigned mask, int agrees) {
    const shim::Word *words = shim::exchange(mask, agrees != 0);
    unsigned votes = 0;
    for (unsigned l = 0; l < shim::WARP; ++l)
        if (mask >> l & 1 && words[l]) votes |= 1u << l;
    return votes;
}

inline int __all_sync(unsigned mask, int agrees) { return __ballot_sync(mask, agrees) == mask; }

template <class T>
T __shfl_sync(unsigned mask, T value, int source) {
    const shim::Word *words = shim::exchange(mask, shim::word_of(value));
    return shim::taken_from<T>(words, unsigned(source) % shim::WARP);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by) {
    const shim::Word *words = shim::exchange(mask, shim::word_of(value));
    return shim::lane() < by ? value : shim::taken_from<T>(words, shim::lane() - by);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, unsigned by) {
    const shim::Word *words = shim::exchange(mask, shim::word_of(value));
    return shim::taken_from<T>(words, shim::lane() ^ by);
}

template <class T>
T atomicAdd(T *at, T value) {
    T before = *at;
    *at += value;
    return before;
}

template <class T>
T atomicMax(T *at, T value) {
    T before = *at;
    *at = before < value ? value : before;
    return before;
}

template <class T>
T atomicExch(T *at, T value) {
    T before = *at;
    *at = value;
    return before;
}

template <class T>
T atomicMin(T *at, T value) {
    T before = *at;
    if (value < before) *at = value;
    return before;
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(unsigned x) { return __builtin_ffs(int(x)); }
inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }

inline unsigned __float_as_uint(float x) {
    unsigned bits;
    memcpy(&bits, &x, 4);
    return bits;
}

inline float __uint_as_float(unsigned bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

inline float half_to_float(unsigned short bits) {
    _Float16 half;
    memcpy(&half, &bits, 2);
    return float(half);
}

#define EXPORT(name)                                                                        \
    extern "C" bool launch_##name(unsigned blocks, unsigned x, unsigned y, const char *kinds, \
                                  void **values) {                                          \
        return shim::launch(name, blocks, x, y, kinds, values);                             \
    }                                                                                       \
    extern "C" const char *kinds_##name() { return shim::kinds_of(name); }
