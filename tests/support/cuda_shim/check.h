// What a checked run of a launch looks after: memory of its own for every argument.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace check {

// Memory that a launch is given, before it; a byte of `defined` is 0 where nobody has written.
struct Piece {
    std::vector<char> bytes, defined;
    size_t offset;  // of its start from an address that every type may have
    std::string name;
};

void begin(const std::string &kernel);  // forgets all memory
char *place(const Piece &piece);        // the memory, with its contents
unsigned found();                       // faults so far

}  // namespace check
