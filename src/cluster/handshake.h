#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "cluster/communicator.h"

namespace cllm {

// What must be equal on all ranks for them to train together.
struct Fact {
  std::string name;    // "the program", "the option --batch"
  std::string value;   // "0.2.0"
  std::string remedy;  // "install the same version everywhere"
};

// Compares the facts of all ranks. All call it, with the same names in the same order. Error (bad input), the same on
// all ranks: one sentence with the first fact that is unequal, the two ranks, their hosts and values. Else as Await.
Status Handshake(Communicator& ranks, std::span<const Fact> facts, double patience_s);

}  // namespace cllm
