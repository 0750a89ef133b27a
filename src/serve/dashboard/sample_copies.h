#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "serve/dashboard/run_tokens.h"

namespace cllm {

// A part of a sample: the longest run of tokens that it is part of and that stands in the training text has `copied`
// tokens; 0 for less than kLeastCopied.
struct SamplePiece {
  std::string text;
  uint32_t copied = 0;
};

// How much of a sample is copied from the training text. The pieces in turn are the sample.
struct SampleCopies {
  std::vector<SamplePiece> pieces;
  double share = 0;      // of its tokens, in copied pieces
  uint32_t longest = 0;  // tokens
};

// Of each of the texts. REQUIRES: tokens.corpus. Error: as LongestCopies.
Result<std::vector<SampleCopies>> FindSampleCopies(std::span<const std::string> texts, const RunTokens& tokens,
                                                   const std::stop_token& stop);

}  // namespace cllm
