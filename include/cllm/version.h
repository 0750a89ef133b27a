#pragma once

#include <cstdint>
#include <string>

#include "cllm/visibility.h"

// Thread-safe.
namespace cllm::inline api {

// Of the library that is loaded: "0.1.0".
CLLM_API std::string Version();

// The number of the bits that training makes. As long as it stays, the same text, options and seed give the same
// weights; it changes with any change that alters a bit of them.
CLLM_API uint64_t Numerics();

}  // namespace cllm::inline api
