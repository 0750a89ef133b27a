#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cllm::measure {

// A text of no language, a function of the seed: sentences of 400 made-up words, frequent and rare ones, of which each
// likes some to follow it. It stands in where no text is at hand: there is something to learn about letters in words
// and words in sentences. At least `bytes` long, less than 300 more.
std::string SeededText(uint64_t seed, size_t bytes);

}  // namespace cllm::measure
