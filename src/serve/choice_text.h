#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infer/token_scores.h"
#include "text/tokenizer.h"

namespace cllm {

// A token of a text as a client is shown it: with the characters before it.
struct PlacedToken {
  TokenScore score = {};
  bool scored = true;  // false for a prompt's first token, which nothing comes before
  size_t offset = 0;   // characters of the text before it
};

// A part of a text, and the tokens that begin in it.
struct ChoicePiece {
  std::string text = "";
  std::vector<PlacedToken> tokens = {};

  bool empty() const { return text.empty() && tokens.empty(); }
  void Append(ChoicePiece piece);
};

// Brings the tokens of one text together with what of it is let out, which is later for unfinished characters and stop
// strings begun. Keeps a reference to the tokenizer. One thread.
class ChoiceText {
 public:
  explicit ChoiceText(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // The prompt as the beginning of the text, where it is echoed. scores: of its tokens but the first, or none.
  ChoicePiece Echo(std::string_view text, std::span<const uint32_t> ids, std::vector<TokenScore> scores);
  // A token, and the text that is let out with it.
  ChoicePiece Add(TokenScore token, std::string_view text);
  // What has no text: tokens of a character that was not finished, and the end token, where the model chose it.
  // stopped: the text ended at a stop string, whose tokens stay out.
  ChoicePiece End(bool stopped);

 private:
  ChoicePiece LetOut(std::string_view text);

  const Tokenizer& tokenizer_;
  std::deque<PlacedToken> held_;        // whose text is not out yet
  std::deque<size_t> starts_;           // of held_, in bytes of the text
  std::optional<PlacedToken> end_;
  size_t bytes_ = 0, characters_ = 0;   // of all tokens so far
  size_t out_ = 0;                      // bytes
};

}  // namespace cllm
