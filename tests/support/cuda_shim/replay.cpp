// Runs launches again that tests/support/recording.py has recorded, each on memory of its own.
//
//     replay RECORDING OUTPUT SEED ALIVE LIBRARY...
//
// `OUTPUT` gets the contents of all memory after each launch, one after the other; what is said names
// each kernel before it runs.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "check.h"

namespace {

typedef bool (*Launch)(unsigned blocks, unsigned x, unsigned y, const char *kinds, void **values);

template <class T>
T read(FILE *file) {
    T value;
    if (fread(&value, sizeof value, 1, file) != 1) abort();
    return value;
}

template <class T>
T read_many(FILE *file) {
    T values;
    values.resize(read<uint32_t>(file));
    if (fread(values.data(), 1, values.size(), file) != values.size()) abort();
    return values;
}

struct Argument {
    int32_t piece;   // whose memory it points to; -1 for none
    uint64_t value;  // where in it, or the value
};

}  // namespace

int main(int count, char **words) {
    FILE *recording = fopen(words[1], "rb"), *output = fopen(words[2], "wb");
    if (!recording || !output) abort();
    shim::order = {unsigned(atoi(words[3])), unsigned(atoi(words[4]))};
    std::vector<void *> libraries;
    for (int i = 5; i < count; ++i) {
        libraries.push_back(dlopen(words[i], RTLD_NOW | RTLD_LOCAL));
        if (!libraries.back()) {
            fprintf(stderr, "replay: %s\n", dlerror());
            return 2;
        }
    }
    for (uint32_t left = read<uint32_t>(recording); left; --left) {
        auto kernel = read_many<std::string>(recording), kinds = read_many<std::string>(recording);
        uint32_t blocks = read<uint32_t>(recording), x = read<uint32_t>(recording);
        uint32_t y = read<uint32_t>(recording);
        std::vector<Argument> arguments;
        for (size_t i = 0; i < kinds.size(); ++i) {
            int32_t piece = read<int32_t>(recording);
            arguments.push_back({piece, read<uint64_t>(recording)});
        }
        printf("%s\n", kernel.c_str());
        fflush(stdout);
        check::begin(kernel);
        std::vector<check::Piece> pieces(read<uint32_t>(recording));
        std::vector<char *> places;
        for (check::Piece &piece : pieces) {
            piece.offset = read<uint32_t>(recording);
            piece.name = read_many<std::string>(recording);
            piece.bytes = read_many<std::vector<char>>(recording);
            piece.defined = read_many<std::vector<char>>(recording);
            places.push_back(check::place(piece));
        }
        for (uint32_t links = read<uint32_t>(recording); links; --links) {
            uint32_t piece = read<uint32_t>(recording), at = read<uint32_t>(recording);
            uint32_t of = read<uint32_t>(recording);
            char *address = places[of] + read<uint32_t>(recording);
            memcpy(places[piece] + at, &address, sizeof address);
        }
        std::vector<void *> values;
        for (Argument &argument : arguments) {
            if (argument.piece >= 0) argument.value += uint64_t(places[size_t(argument.piece)]);
            values.push_back(&argument.value);
        }
        Launch launch = nullptr;
        for (void *library : libraries)
            if (void *found = dlsym(library, ("launch_" + kernel).c_str()))
                launch = reinterpret_cast<Launch>(found);
        if (!launch || !launch(blocks, x, y, kinds.c_str(), values.data())) {
            fprintf(stderr, "replay: %s cannot be launched with %s\n", kernel.c_str(),
                    kinds.c_str());
            return 2;
        }
        for (size_t i = 0; i < pieces.size(); ++i)
            fwrite(places[i], 1, pieces[i].bytes.size(), output);
    }
    fclose(output);
    return check::found() ? 1 : 0;
}
