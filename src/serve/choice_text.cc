#include "serve/choice_text.h"

#include <iterator>
#include <utility>

#include "serve/token_names.h"

namespace cllm {

void ChoicePiece::Append(ChoicePiece piece) {
  text += piece.text;
  tokens.insert(tokens.end(), std::make_move_iterator(piece.tokens.begin()),
                std::make_move_iterator(piece.tokens.end()));
}

ChoicePiece ChoiceText::Echo(std::string_view text, std::span<const uint32_t> ids, std::vector<TokenScore> scores) {
  ChoicePiece piece{.text = std::string(text)};
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool scored = i > 0 && i <= scores.size();
    if (scored || (i == 0 && (ids.size() == 1 || !scores.empty()))) {
      piece.tokens.push_back({.score = scored ? std::move(scores[i - 1]) : TokenScore{.id = ids[i]},
                              .scored = scored,
                              .offset = characters_});
    }
    characters_ += Characters(tokenizer_.TokenBytes(ids[i]));
  }
  return piece;
}

ChoicePiece ChoiceText::Add(TokenScore token, std::string_view text) {
  const std::string_view bytes = tokenizer_.TokenBytes(token.id);
  const bool end = token.id == tokenizer_.end();
  PlacedToken placed{.score = std::move(token), .offset = characters_};
  if (end) {
    end_ = std::move(placed);
  } else {
    held_.push_back(std::move(placed));
    starts_.push_back(bytes_);
    bytes_ += bytes.size();
    characters_ += Characters(bytes);
  }
  return LetOut(text);
}

ChoicePiece ChoiceText::End(bool stopped) {
  ChoicePiece piece;
  if (!stopped) piece.tokens.assign(std::make_move_iterator(held_.begin()), std::make_move_iterator(held_.end()));
  held_.clear();
  if (end_) piece.tokens.push_back(*std::move(end_));
  return piece;
}

ChoicePiece ChoiceText::LetOut(std::string_view text) {
  ChoicePiece piece{.text = std::string(text)};
  out_ += text.size();
  while (!held_.empty() && starts_.front() < out_) {
    piece.tokens.push_back(std::move(held_.front()));
    held_.pop_front();
    starts_.pop_front();
  }
  return piece;
}

}  // namespace cllm
