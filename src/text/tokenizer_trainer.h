#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "text/bpe_trainer.h"
#include "text/text_source.h"
#include "text/tokenizer.h"

namespace cllm {

// The largest vocabulary that is learned from a text.
inline constexpr size_t kMaxLearnedVocabulary = size_t{1} << 17;

// A tokenizer to be learned: vocabulary 259 is "bytes", more is "bpe:N".
struct TokenizerSpec {
  size_t vocabulary = kByteVocabulary;
  Shortage shortage = Shortage::kIsError;  // of merges in the text
};

// Whether `text` is meant as a spec, right or wrong: "bytes", or what starts with "bpe:". Else it names a directory.
bool IsTokenizerSpec(std::string_view text);

// "bytes", or "bpe:N" with N ids in total, 260 to kMaxLearnedVocabulary. Error (Usage) names what was found.
Result<TokenizerSpec> ParseTokenizerSpec(std::string_view spec);

// Learns a tokenizer and its lattice from a text on `threads` threads; the result does not depend on their number.
// Errors: the source's own; BadInput when the text holds fewer merges than asked for, naming
// the largest vocabulary it supports, unless the spec meets a shortage.
// REQUIRES: threads >= 1; the vocabulary is one that ParseTokenizerSpec gives.
// learning: told the share of the tokens that are learned, after the text was read; may be empty.
Result<Tokenizer> TrainTokenizer(const TokenizerSpec& spec, const TextSource& source, size_t threads,
                                 const ShareDone& learning = {});

}  // namespace cllm
