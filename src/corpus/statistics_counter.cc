#include "corpus/statistics_counter.h"

#include <algorithm>
#include <span>
#include <utility>

namespace cllm {

void StatisticsCounter::Add(const TextBlock& block) {
  hasher_.Update(AsBytes(block.text));
  utf8_.Add(block.text);
  nul_bytes_ += static_cast<uint64_t>(std::count(block.text.begin(), block.text.end(), '\0'));
  bytes_ += block.text.size();
  if (!block.scored || block.ends_turn) {
    const uint64_t piece[] = {bytes_ - document_begin_,
                              (block.scored ? uint64_t{1} : 0) | (block.ends_turn ? uint64_t{2} : 0)};
    hasher_.Update(std::as_bytes(std::span(piece)));
    answers_ += block.ends_turn;
    in_dialogue_ = true;
  }
  if (!block.ends_document) return;
  dialogues_ += std::exchange(in_dialogue_, false);
  const uint64_t document_bytes = bytes_ - document_begin_;
  hasher_.Update(std::as_bytes(std::span(&document_bytes, 1)));
  utf8_.EndDocument();
  document_begin_ = bytes_;
  ++documents_;
}

CorpusStatistics StatisticsCounter::Statistics() const {
  return {.bytes = bytes_,
          .documents = documents_,
          .invalid_bytes = utf8_.invalid_bytes(),
          .nul_bytes = nul_bytes_,
          .hash = hasher_.Digest(),
          .dialogues = dialogues_,
          .answers = answers_};
}

}  // namespace cllm
