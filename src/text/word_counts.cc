#include "text/word_counts.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "base/check.h"
#include "text/pre_split.h"

namespace cllm {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;
constexpr size_t kBatchesPerThread = 4;  // read before each round, so that threads finish together

// Blocks of text, counted by one thread. What a batch holds depends on the text only.
struct Batch {
  std::string text;
  std::vector<size_t> block_ends;
  WordCounts words;
};

void CountBatch(Batch& batch) {
  size_t begin = 0;
  for (const size_t end : batch.block_ends) {
    ForEachPiece(std::string_view(batch.text).substr(begin, end - begin),
                 [&](std::string_view piece) { batch.words.Add(piece, 1); });
    begin = end;
  }
}

// Counts every batch on its own, then adds them in order.
void CountRound(std::vector<Batch>& round, size_t threads, WordCounts& total) {
  std::atomic<size_t> next = 0;  // relaxed: hands out indices only; join orders the results
  const auto work = [&] {
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < round.size();) CountBatch(round[i]);
  };
  {
    std::vector<std::jthread> workers;
    for (size_t t = 1; t < std::min(threads, round.size()); ++t) workers.emplace_back(work);
    work();
  }
  for (const Batch& batch : round) {
    total.Add(batch.words);
    if (total.bytes() > kMaxWordBytes) total.Thin(kMaxWordBytes / 2);
  }
  round.clear();
}

}  // namespace

void WordCounts::Add(std::string_view word, uint64_t count) {
  const uint32_t index = words_.Add(word);
  if (index == counts_.size()) counts_.push_back(0);
  counts_[index] += count;
}

void WordCounts::Add(const WordCounts& other) {
  for (size_t i = 0; i < other.size(); ++i) Add(other.word(i), other.count(i));
}

void WordCounts::Thin(size_t max_bytes) {
  std::map<uint64_t, size_t, std::greater<>> bytes_by_count;
  for (size_t i = 0; i < size(); ++i) bytes_by_count[count(i)] += word(i).size();
  size_t kept = 0;
  uint64_t least = 0;  // the count of which only the first words fit
  for (const auto& [count, bytes] : bytes_by_count) {
    if (kept + bytes > max_bytes) {
      least = count;
      break;
    }
    kept += bytes;
  }
  WordCounts thinned;
  for (size_t i = 0; i < size(); ++i) {
    if (count(i) < least) continue;
    if (count(i) == least) {
      if (kept + word(i).size() > max_bytes) continue;
      kept += word(i).size();
    }
    thinned.Add(word(i), count(i));
  }
  *this = std::move(thinned);
}

Result<WordCounts> CountWords(const TextSource& source, size_t threads, uint64_t& documents) {
  CHECK(threads >= 1);
  documents = 0;
  WordCounts total;
  std::vector<Batch> round;
  const auto visit = [&](const TextBlock& block) {
    if (round.empty() || round.back().text.size() >= kBatchBytes) {
      if (round.size() == threads * kBatchesPerThread) CountRound(round, threads, total);
      round.emplace_back();
    }
    round.back().text += block.text;
    round.back().block_ends.push_back(round.back().text.size());
    if (block.ends_document) ++documents;
    return Status();
  };
  CLLM_TRY(source(visit));
  CountRound(round, threads, total);
  return total;
}

}  // namespace cllm
