#pragma once

#include "lattice/token_lattice.h"
#include "text/tokenizer.h"

namespace cllm {

// The lattice of a vocabulary that was learned elsewhere, by the builder of our own. Its corpus is not known; as tokens
// of byte-level BPE are learned in the order of their frequency, token v of V counts as if it had been seen V - v
// times.
TokenLattice ForeignLattice(const TokenizerParts& parts);

}  // namespace cllm
