// Checks a launch for races, for memory that is read and was never written, and for accesses beyond
// an argument.
//
// The compiler tells of every access to memory (`-fsanitize=thread`); the functions that it calls
// are here, in place of ThreadSanitizer's. Two accesses race if one writes, not both are atomic, and
// nothing orders them: in a block its barriers do, in a warp `__syncwarp` does, between blocks
// nothing. So what is found does not depend on the order in which the threads ran (happens-before,
// Flanagan and Freund 2009: "FastTrack"). Reads by several lanes count as of the latest of them,
// which may be too strict where lanes synchronise in parts of a warp.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "blocks.h"
#include "check.h"

namespace {

using shim::WARP;

constexpr size_t GRAIN = 2;           // bytes of a cell
constexpr size_t GAP = 256;           // between arguments
constexpr size_t ARENA = 256 << 20;   // of all arguments of a launch
constexpr unsigned MOST_REPORTS = 10;

// A thread, and what it knows of the others.
struct Thread {
    uint32_t block, number, interval;  // barriers of its block so far
    uint32_t clock;                    // rises with every __syncwarp
    uint32_t known[WARP];              // up to when accesses of each lane are before its own

    uint32_t warp() const { return number / WARP; }
    uint32_t lane() const { return number % WARP; }
};

// The latest accesses of one kind to a cell.
struct Accesses {
    enum Who : uint8_t { NONE, LANES, WARPS, BLOCKS };
    uint32_t interval, clock, lanes, block;
    uint16_t warp;
    Who who;

    // Whether all are before what the thread does now.
    bool before(const Thread &now) const {
        if (who == NONE) return true;
        if (who == BLOCKS || block != now.block) return false;
        if (interval < now.interval) return true;
        if (who == WARPS || warp != now.warp()) return false;
        for (uint32_t left = lanes & ~(1u << now.lane()); left; left &= left - 1)
            if (now.known[__builtin_ctz(left)] < clock) return false;
        return true;
    }

    void set(const Thread &now) {
        *this = {now.interval, now.clock, 1u << now.lane(), now.block, uint16_t(now.warp()), LANES};
    }

    // Accesses of an earlier interval are before whatever those of this one are before.
    void add(const Thread &now) {
        if (who == NONE || (who != BLOCKS && block == now.block && interval < now.interval))
            set(now);
        else if (who == BLOCKS || block != now.block)
            who = BLOCKS;
        else if (who == WARPS || warp != now.warp())
            who = WARPS;
        else {
            lanes |= 1u << now.lane();
            clock = std::max(clock, now.clock);
        }
    }
};

enum Kind { READ, ATOMIC_READ, WRITE, ATOMIC_WRITE };
const char *const NAMES[] = {"read", "atomic read", "write", "atomic write"};

struct Cell {
    Accesses by[4];
};

enum State : uint8_t { OUTSIDE, UNDEFINED, DEFINED };

// Cells of a piece of memory.
struct Shadow {
    std::vector<Cell> cells;
    std::vector<State> states;

    void reset(size_t bytes, State state) {
        cells.assign((bytes + GRAIN - 1) / GRAIN, Cell{});
        states.assign(cells.size(), state);
    }
};

struct Block {
    Shadow shared;
    std::vector<Thread> threads;
};

char *arena;
size_t used;
Shadow device;
std::vector<std::pair<size_t, std::string>> names;  // where arguments begin, in order
std::string kernel;
shim::Shared shared;
unsigned threads;
std::map<unsigned, std::unique_ptr<Block>> blocks;
Block *block;
Thread *now;
unsigned faults;
std::set<std::pair<void *, std::string>> reported;

void report(void *from, const std::string &what, const char *at) {
    ++faults;
    if (!reported.insert({from, what}).second || reported.size() > MOST_REPORTS) return;
    std::string where = "shared memory";
    size_t offset = size_t(at - shared.start);
    if (at >= arena && at < arena + ARENA) {
        size_t place = size_t(at - arena);
        auto next = std::upper_bound(names.begin(), names.end(), place,
                                     [](size_t p, const auto &name) { return p < name.first; });
        where = next == names.begin() ? "memory" : std::prev(next)->second;
        offset = next == names.begin() ? 0 : place - std::prev(next)->first;
    }
    Dl_info library = {};
    dladdr(from, &library);
    fprintf(stderr, "check: %s: %s, byte %zu of %s, thread %u of block %u; at %s+0x%zx\n",
            kernel.c_str(), what.c_str(), offset, where.c_str(), now->number, now->block,
            library.dli_fname ? library.dli_fname : "?",
            size_t(static_cast<char *>(from) - static_cast<char *>(library.dli_fbase)) - 1);
}

void touch(Shadow &shadow, size_t first, size_t bytes, Kind kind, const char *at, void *from) {
    bool writes = kind >= WRITE, atomic = kind % 2;
    if (writes && bytes < GRAIN) report(from, "writes less than the check can tell apart", at);
    for (size_t i = first / GRAIN; i <= (first + bytes - 1) / GRAIN; ++i) {
        State &state = shadow.states[i];
        if (state == OUTSIDE) {
            report(from, std::string(NAMES[kind]) + " beyond", at);
            return;
        }
        if (state == UNDEFINED && kind != WRITE && kind != ATOMIC_WRITE)
            report(from, "read of what nobody has written", at);
        Cell &cell = shadow.cells[i];
        for (int other = 0; other < 4; ++other) {
            bool harmless = (!writes && other < WRITE) || (atomic && other % 2);
            if (harmless || cell.by[other].before(*now)) continue;
            report(from, std::string("race of ") + NAMES[kind] + " with " + NAMES[other], at);
        }
        if (writes) state = DEFINED;
        if (kind == WRITE)
            cell.by[kind].set(*now);
        else
            cell.by[kind].add(*now);
    }
}

void touch(const void *address, size_t bytes, Kind kind, void *from) {
    if (!now) return;
    const char *at = static_cast<const char *>(address);
    if (at >= arena && at < arena + used)
        touch(device, size_t(at - arena), bytes, kind, at, from);
    else if (at >= shared.start && at < shared.start + shared.size)
        touch(block->shared, size_t(at - shared.start), bytes, kind, at, from);
}

struct Clocks : shim::Watcher {
    void launch(unsigned, unsigned count, shim::Shared memory) override {
        threads = count;
        shared = memory;
        blocks.clear();
    }
    void start(unsigned number) override {
        auto &made = blocks[number];
        made.reset(new Block);
        made->shared.reset(shared.size, UNDEFINED);
        for (unsigned i = 0; i < threads; ++i) made->threads.push_back({number, i, 0, 1, {}});
    }
    void finish(unsigned number) override {
        blocks.erase(number);
        now = nullptr;
    }
    void go_on(unsigned number, unsigned thread) override {
        block = blocks.at(number).get();
        now = &block->threads[thread];
    }
    void block_barrier(unsigned number) override {
        for (Thread &thread : blocks.at(number)->threads) ++thread.interval;
    }
    void warp_barrier(unsigned number, unsigned warp, unsigned mask) override {
        Thread *lanes = blocks.at(number)->threads.data() + warp;
        uint32_t top = 0, joined[WARP] = {};
        for (unsigned left = mask; left; left &= left - 1) {
            const Thread &lane = lanes[__builtin_ctz(left)];
            top = std::max(top, lane.clock);
            for (unsigned l = 0; l < WARP; ++l) joined[l] = std::max(joined[l], lane.known[l]);
        }
        for (unsigned left = mask; left; left &= left - 1) joined[__builtin_ctz(left)] = top;
        for (unsigned left = mask; left; left &= left - 1) {
            Thread &lane = lanes[__builtin_ctz(left)];
            memcpy(lane.known, joined, sizeof joined);
            lane.clock = top + 1;
        }
    }
} clocks;

}  // namespace

namespace check {

void begin(const std::string &name) {
    if (!arena) {
        void *got = mmap(nullptr, ARENA, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED) abort();
        arena = static_cast<char *>(got);
        shim::watcher = &clocks;
    }
    kernel = name;
    names.clear();
    used = GAP;
    device.reset(used, OUTSIDE);
}

char *place(const Piece &piece) {
    size_t start = used + piece.offset, size = piece.bytes.size();
    used = (start + size + 2 * GAP - 1) / GAP * GAP;
    if (used > ARENA) abort();
    device.cells.resize(used / GRAIN);
    device.states.resize(used / GRAIN, OUTSIDE);
    memcpy(arena + start, piece.bytes.data(), size);
    for (size_t i = 0; i < size; ++i) {
        State &state = device.states[(start + i) / GRAIN];
        state = piece.defined[i] && state != UNDEFINED ? DEFINED : UNDEFINED;
    }
    names.push_back({start, piece.name});
    return arena + start;
}

unsigned found() { return faults; }

}  // namespace check

// What the compiler calls.
#define FROM __builtin_return_address(0)
#define TELLS(name, size)                                                                    \
    void __tsan_read##name(void *at) { touch(at, size, READ, FROM); }                        \
    void __tsan_write##name(void *at) { touch(at, size, WRITE, FROM); }                      \
    void __tsan_unaligned_read##name(void *at) { touch(at, size, READ, FROM); }              \
    void __tsan_unaligned_write##name(void *at) { touch(at, size, WRITE, FROM); }

#define TELLS_ATOMICS(bits, T)                                                               \
    T __tsan_atomic##bits##_load(const T *at, int) {                                         \
        touch(at, sizeof(T), ATOMIC_READ, FROM);                                             \
        return *at;                                                                          \
    }                                                                                        \
    void __tsan_atomic##bits##_store(T *at, T value, int) {                                  \
        touch(at, sizeof(T), ATOMIC_WRITE, FROM);                                            \
        *at = value;                                                                         \
    }                                                                                        \
    bool __tsan_atomic##bits##_compare_exchange_strong(T *at, T *wanted, T next, int, int) { \
        touch(at, sizeof(T), ATOMIC_READ, FROM);                                             \
        touch(at, sizeof(T), ATOMIC_WRITE, FROM);                                            \
        bool same = *at == *wanted;                                                          \
        (same ? *at : *wanted) = same ? next : *at;                                          \
        return same;                                                                         \
    }

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void **, void *) {}
void __tsan_vptr_read(void **) {}
TELLS(1, 1)
TELLS(2, 2)
TELLS(4, 4)
TELLS(8, 8)
TELLS(16, 16)
void __tsan_read_range(void *at, size_t size) { touch(at, size, READ, FROM); }
void __tsan_write_range(void *at, size_t size) { touch(at, size, WRITE, FROM); }
TELLS_ATOMICS(32, uint32_t)
TELLS_ATOMICS(64, uint64_t)
}
