#pragma once

#include <cstdint>
#include <span>
#include <string>

// Damages files on purpose, the same way each time: for the normal tests, which run without a fuzzer.
namespace cllm::fuzz {

// One to four changes to one of `seeds`, as `index` decides: a bit, a cut, bytes removed, repeated or taken from
// another seed, a number in the text or in 4 or 8 bytes replaced by one at an edge of its range. REQUIRES: seeds not
// empty.
std::string Mutated(std::span<const std::string> seeds, uint64_t index);

}  // namespace cllm::fuzz
