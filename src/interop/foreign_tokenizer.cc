#include "interop/foreign_tokenizer.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace cllm {

TokenLattice ForeignLattice(const TokenizerParts& parts) {
  std::vector<std::string> names(parts.tokens.size());  // of special tokens, which have no bytes
  std::vector<LatticeToken> entries;
  for (size_t id = 0; id < parts.tokens.size(); ++id) {
    const bool special = parts.tokens[id].empty();
    if (special) names[id] = fmt::format("<special {}>", id);
    entries.push_back(
        {.bytes = special ? names[id] : parts.tokens[id], .count = parts.tokens.size() - id, .special = special});
  }
  return TokenLattice::Build(entries);
}

}  // namespace cllm
