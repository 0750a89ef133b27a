#include "serve/dashboard/sample_copies.h"

#include <algorithm>

#include "infer/text_stream.h"
#include "serve/dashboard/copied_text.h"

namespace cllm {
namespace {

SampleCopies CutIntoPieces(const Tokenizer& tokenizer, const std::vector<uint32_t>& tokens,
                           const std::vector<uint32_t>& lengths) {
  SampleCopies copies;
  size_t copied = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    // A character that is not finished stays in one piece.
    const bool goes_on = !copies.pieces.empty() && (lengths[i] == copies.pieces.back().copied ||
                                                    UnfinishedCharacter(copies.pieces.back().text) > 0);
    if (!goes_on) copies.pieces.push_back({.text = "", .copied = lengths[i]});
    copies.pieces.back().text += tokenizer.TokenBytes(tokens[i]);
    copied += lengths[i] > 0;
    copies.longest = std::max(copies.longest, lengths[i]);
  }
  if (!tokens.empty()) copies.share = static_cast<double>(copied) / static_cast<double>(tokens.size());
  return copies;
}

}  // namespace

Result<std::vector<SampleCopies>> FindSampleCopies(std::span<const std::string> texts, const RunTokens& tokens,
                                                   const std::stop_token& stop) {
  std::vector<std::vector<uint32_t>> encoded;
  for (const std::string& text : texts) encoded.push_back(tokens.tokenizer.Encode(text));
  CLLM_ASSIGN(const auto lengths, LongestCopies(encoded, tokens.corpus->training(), stop));
  std::vector<SampleCopies> copies;
  for (size_t i = 0; i < texts.size(); ++i) copies.push_back(CutIntoPieces(tokens.tokenizer, encoded[i], lengths[i]));
  return copies;
}

}  // namespace cllm
