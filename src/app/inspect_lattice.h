#pragma once

#include <string>

#include "base/status.h"
#include "text/tokenizer.h"

namespace cllm {

// Prints the lattice of a tokenizer: its suffixes and largest roots, or, with `token` (a text or "#ID"), one token's
// code, factors, Ulam point and kissing neighbours with their kernel values. Error: Usage for a token that is not
// there.
Status PrintLattice(const Tokenizer& tokenizer, const std::string& token, bool json);

}  // namespace cllm
