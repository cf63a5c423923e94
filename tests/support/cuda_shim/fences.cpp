// Checks a launch by AddressSanitizer: every argument is memory that ends where the argument ends.
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include <memory>

#include "check.h"

namespace check {

namespace {
constexpr size_t ALIGNMENT = 256;  // of what CUDA allocates

struct Free {
    void operator()(char *at) const { free(at); }
};
std::vector<std::unique_ptr<char, Free>> held;
}  // namespace

void begin(const std::string &) { held.clear(); }

char *place(const Piece &piece) {
    void *at = nullptr;
    if (posix_memalign(&at, ALIGNMENT, piece.offset + piece.bytes.size())) abort();
    held.emplace_back(static_cast<char *>(at));
    char *start = held.back().get() + piece.offset;
    memcpy(start, piece.bytes.data(), piece.bytes.size());
    ASAN_POISON_MEMORY_REGION(at, piece.offset);
    return start;
}

unsigned found() { return 0; }  // the first one ends the program

}  // namespace check
