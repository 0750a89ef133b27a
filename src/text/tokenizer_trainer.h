#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "text/text_source.h"
#include "text/tokenizer.h"

namespace cllm {

// What `--tokenizer` names: vocabulary 259 is `bytes`, more is `bpe:N`.
struct TokenizerSpec {
  size_t vocabulary = kByteVocabulary;
};

// "bytes", or "bpe:N" with N ids in total, 260 to 2^20. Error (Usage) names what was found.
Result<TokenizerSpec> ParseTokenizerSpec(std::string_view spec);

// Learns a tokenizer and its lattice from a text on `threads` threads; the result does not depend on their number.
// Errors: the source's own; BadInput when the text holds fewer merges than asked for, naming
// the largest vocabulary it supports. REQUIRES: threads >= 1.
Result<Tokenizer> TrainTokenizer(const TokenizerSpec& spec, const TextSource& source, size_t threads);

}  // namespace cllm
