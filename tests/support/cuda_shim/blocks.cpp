#include "blocks.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <memory>
#include <random>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

Dim3 gridDim, blockDim, blockIdx, threadIdx;

namespace shim {

Order order;
Watcher *watcher = nullptr;

namespace {

constexpr size_t STACK = 256 << 10;
constexpr unsigned char POISON = 0xcd;  // what shared memory holds before a block
constexpr unsigned MOST_WAITS = 1 << 20;

enum State { READY, AT_BARRIER, IN_EXCHANGE, FINISHED };

struct Block;

// Of functions that leave their stack and come back: they keep no register, and need not unpoison
// the stack that they leave.
#define SWITCHES noipa, no_sanitize("address")

// Where a stack goes on. Contexts of the system would ask the kernel for the signals at every switch.
struct Point {
    void *words[5];
};

[[noreturn]] __attribute__((SWITCHES)) void jump(Point &to) { __builtin_longjmp(to.words, 1); }

struct Fiber {
    ucontext_t context;  // until it has begun
    bool begun;
    Point point;
    std::unique_ptr<char[]> stack{new char[STACK]};
    Block *block;
    unsigned number;
    State state;
    unsigned mask;         // of the lanes that it exchanges with
    bool fence;            // that it does so for
    Word given;            // to them
    const Word *received;  // from them, lane by lane
    Word boxes[2][WARP];   // of the exchanges that this lane leads, in turns
    bool turn = false;
    void *fake_stack = nullptr;
};

struct Block {
    unsigned number, finished;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<Fiber *> ready;
    std::vector<char> shared;  // while another block's is in its place
    bool vote, verdict;        // what is voted in this round, and the outcome of the last one
};

Point scheduler;
Fiber *running;
Call *call;
unsigned threads;  // of a block
Shared memory;
const Block *placed;  // whose shared memory is in its place
std::mt19937 dice;
unsigned waits;  // in a row, in which no fiber did anything else

unsigned drawn(unsigned below) { return unsigned(dice() % below); }

template <class T>
void shuffle(std::vector<T> &items) {
    if (order.seed == 0) return;
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[drawn(unsigned(i))]);
}

// AddressSanitizer keeps an account of stacks.
#ifndef __SANITIZE_ADDRESS__
void __sanitizer_start_switch_fiber(void **, const void *, size_t) {}
void __sanitizer_finish_switch_fiber(void *, const void **, size_t *) {}
#endif
const void *scheduler_stack;
size_t scheduler_size;

__attribute__((SWITCHES)) void leave() {
    Fiber *self = running;
    __sanitizer_start_switch_fiber(self->state == FINISHED ? nullptr : &self->fake_stack,
                                   scheduler_stack, scheduler_size);
    if (__builtin_setjmp(self->point.words) == 0) jump(scheduler);
    __sanitizer_finish_switch_fiber(running->fake_stack, &scheduler_stack, &scheduler_size);
}

void enter() {
    __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_size);
    call->run();
    running->state = FINISHED;
    ++running->block->finished;
    waits = 0;
    leave();
}

__attribute__((SWITCHES)) void resume(Fiber *fiber) {
    static void *fake_stack;
    running = fiber;
    unsigned n = fiber->number;
    threadIdx = {n % blockDim.x, n / blockDim.x, 0};
    if (watcher) watcher->go_on(fiber->block->number, n);
    __sanitizer_start_switch_fiber(&fake_stack, fiber->stack.get(), STACK);
    if (__builtin_setjmp(scheduler.words) == 0) {
        if (running->begun) jump(running->point);
        running->begun = true;
        setcontext(&running->context);
    }
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

void place(Block &block) {
    blockIdx = {block.number, 0, 0};
    if (placed == &block || memory.size == 0) return;
    if (placed) memcpy(const_cast<Block *>(placed)->shared.data(), memory.start, memory.size);
    memcpy(memory.start, block.shared.data(), memory.size);
    placed = &block;
}

void start(Block &block, unsigned number) {
    block.number = number;
    block.finished = 0;
    block.vote = true;
    block.shared.assign(memory.size, char(POISON));
    block.ready.clear();
    while (block.fibers.size() < threads) block.fibers.emplace_back(new Fiber);
    for (unsigned i = 0; i < threads; ++i) {
        Fiber &fiber = *block.fibers[i];
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        fiber.begun = false;
        fiber.block = &block;
        fiber.number = i;
        fiber.state = READY;
        makecontext(&fiber.context, enter, 0);
        block.ready.push_back(&fiber);
    }
    if (watcher) watcher->start(number);
}

void end_barrier(Block &block) {
    unsigned waiting = 0;
    for (unsigned i = 0; i < threads; ++i) waiting += block.fibers[i]->state == AT_BARRIER;
    if (waiting + block.finished != threads) fail("lanes wait for others in an exchange", waiting);
    if (waiting != threads) fail("not all came to a barrier", waiting);
    block.verdict = block.vote;
    block.vote = true;
    if (watcher) watcher->block_barrier(block.number);
    for (unsigned i = 0; i < threads; ++i) {
        block.fibers[i]->state = READY;
        block.ready.push_back(block.fibers[i].get());
    }
}

// Lets the fibers of a block go on that can; where other blocks are under way, only some.
void go_on(Block &block, bool alone) {
    if (block.ready.empty()) end_barrier(block);
    std::vector<Fiber *> round;
    round.swap(block.ready);
    shuffle(round);
    size_t part = alone ? round.size() : 1 + drawn(unsigned(round.size()));
    for (size_t i = 0; i < part; ++i) resume(round[i]);
    block.ready.insert(block.ready.end(), round.begin() + long(part), round.end());
    if (waits > MOST_WAITS) fail("they wait for what nobody writes", unsigned(block.ready.size()));
}

}  // namespace

void fail(const char *what, unsigned count) {
    fprintf(stderr, "cuda_shim: %s: %u of %u threads\n", what, count, threads);
    abort();
}

Shared thread_local_memory(const void *anchor) {
    struct Search {
        const char *anchor;
        Shared found;
    } search = {static_cast<const char *>(anchor), {nullptr, 0}};
    auto look = [](dl_phdr_info *library, size_t, void *at) {
        Search &search = *static_cast<Search *>(at);
        char *start = static_cast<char *>(library->dlpi_tls_data);
        for (int i = 0; start && i < library->dlpi_phnum; ++i) {
            const auto &part = library->dlpi_phdr[i];
            if (part.p_type != PT_TLS || search.anchor < start) continue;
            if (search.anchor < start + part.p_memsz) search.found = {start, part.p_memsz};
        }
        return int(search.found.size > 0);
    };
    dl_iterate_phdr(look, &search);
    return search.found;
}

void run(Call &made, Dim3 grid, Dim3 block, Shared shared) {
    static std::vector<std::unique_ptr<Block>> pool;
    call = &made;
    gridDim = grid;
    blockDim = block;
    threads = block.x * block.y;
    memory = shared;
    placed = nullptr;
    dice.seed(order.seed);
    waits = 0;
    if (watcher) watcher->launch(grid.x, threads, shared);
    size_t most = memory.size ? order.alive : 1;
    while (pool.size() < most) pool.emplace_back(new Block);
    std::vector<Block *> spare, alive;
    for (auto &each : pool) spare.push_back(each.get());
    std::vector<unsigned> numbers(grid.x);
    for (unsigned i = 0; i < grid.x; ++i) numbers[i] = i;
    shuffle(numbers);
    for (size_t next = 0; next < numbers.size() || !alive.empty();) {
        if (alive.size() < most && next < numbers.size()) {
            alive.push_back(spare.back());
            spare.pop_back();
            start(*alive.back(), numbers[next++]);
            continue;
        }
        size_t chosen = alive.size() > 1 ? drawn(unsigned(alive.size())) : 0;
        Block &at_hand = *alive[chosen];
        place(at_hand);
        go_on(at_hand, alive.size() == 1);
        if (at_hand.finished < threads) continue;
        if (watcher) watcher->finish(at_hand.number);
        if (placed == &at_hand) placed = nullptr;
        spare.push_back(&at_hand);
        alive.erase(alive.begin() + long(chosen));
    }
    call = nullptr;
}

bool barrier(bool agrees) {
    Block &block = *running->block;
    block.vote = block.vote && agrees;
    running->state = AT_BARRIER;
    waits = 0;
    leave();
    return block.verdict;
}

const Word *exchange(unsigned mask, Word given, bool fence) {
    Fiber *self = running;
    Block &block = *self->block;
    unsigned warp = self->number / WARP * WARP, lane = self->number % WARP;
    if (!(mask >> lane & 1)) fail("a lane is not in its own mask", self->number);
    self->mask = mask;
    self->given = given;
    self->fence = fence;
    waits = 0;
    unsigned first = WARP, missing = 0;
    for (unsigned l = 0; l < WARP; ++l) {
        if (!(mask >> l & 1)) continue;
        if (warp + l >= threads) fail("a mask names lanes beyond the block", l);
        if (first == WARP) first = l;
        const Fiber &other = *block.fibers[warp + l];
        bool came = other.state == IN_EXCHANGE && other.mask == mask && other.fence == fence;
        missing += l != lane && !came;
    }
    if (missing) {
        self->state = IN_EXCHANGE;
        leave();
        return self->received;
    }
    Fiber &leader = *block.fibers[warp + first];
    leader.turn = !leader.turn;
    Word *box = leader.boxes[leader.turn];
    for (unsigned l = 0; l < WARP; ++l) {
        box[l] = 0;
        if (!(mask >> l & 1)) continue;
        Fiber &other = *block.fibers[warp + l];
        box[l] = other.given;
        other.received = box;
        if (l == lane) continue;
        other.state = READY;
        block.ready.push_back(&other);
    }
    if (fence && watcher) watcher->warp_barrier(block.number, warp, mask);
    return box;
}

unsigned lane() { return running->number % WARP; }

void wait() {
    ++waits;
    running->block->ready.push_back(running);
    leave();
}

void pause() {
    if (order.seed == 0 || drawn(4)) return;
    running->block->ready.push_back(running);
    leave();
}

}  // namespace shim
