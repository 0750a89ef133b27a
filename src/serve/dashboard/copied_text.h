#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "base/status.h"
#include "data/token_view.h"

namespace cllm {

// The fewest tokens in a row that count as copied: shorter ones are in any text.
inline constexpr size_t kLeastCopied = 8;

// How much of each text stands in a training text: for each of its tokens the length of the longest run of tokens, the
// token among them, that the training text has as well; 0 below kLeastCopied. One pass over the training text with
// hashes of kLeastCopied tokens; each that is found is compared token by token. Error (BadInput): damaged tokens;
// (Failed): `stop` was asked for.
Result<std::vector<std::vector<uint32_t>>> LongestCopies(std::span<const std::vector<uint32_t>> texts,
                                                         const TokenView& training, const std::stop_token& stop);

}  // namespace cllm
