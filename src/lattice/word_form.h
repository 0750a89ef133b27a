#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cllm {

// A token's text taken apart into what its code names, before suffixes.
struct WordForm {
  bool leading_space = false;  // a space, then something
  uint32_t case_prime = 1;     // 1, kCapitalPrime or kUpperCasePrime
  std::string lower;           // the rest, lower-cased
  // Where `lower` may be cut into a stem of three letters or more and a suffix, ascending; empty unless all of it is
  // letters.
  std::vector<size_t> cuts;
  bool is_word = false;  // all letters
};

WordForm FormOf(std::string_view token);

}  // namespace cllm
