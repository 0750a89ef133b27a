#include "text/bpe_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "base/check.h"
#include "text/pair_table.h"
#include "text/string_index.h"
#include "text/tokenizer.h"

namespace cllm {
namespace {

constexpr uint32_t kInside = UINT32_MAX;  // the id at a place that is not the first byte of a token

// A pair of neighbouring tokens.
struct Pair {
  uint32_t left = 0, right = 0;
  bool merged = false;                // it has an entry in the list of merges
  int64_t count = 0;                  // occurrences in the text
  int64_t queued = 0;                 // the count of its newest queue entry, never below `count`
  std::vector<uint32_t> places = {};  // where it may begin: every place where it does, and stale ones
};

struct Candidate {
  int64_t count = 0;
  uint32_t left = 0, right = 0, pair = 0;

  // Less urgent than `other`: a lower count, then a larger pair.
  bool operator<(const Candidate& other) const {
    if (count != other.count) return count < other.count;
    return left != other.left ? left > other.left : right > other.right;
  }
};

// The distinct words as one row of places, a byte each, with the tokens they are cut into at present.
class MergeLearner {
 public:
  explicit MergeLearner(const WordCounts& words);

  size_t vocabulary() const { return kFirstByteId + token_bytes_.size(); }
  // Merges the best pair everywhere; false if none is frequent enough.
  bool MergeBest();
  LearnedMerges Take();

 private:
  uint32_t Next(uint32_t place) const { return place + lengths_[place]; }
  bool SameWord(uint32_t a, uint32_t b) const { return b < ids_.size() && word_of_[a] == word_of_[b]; }
  bool BeginsAt(const Pair& pair, uint32_t place) const;
  uint32_t TokenFor(const Pair& pair);
  void CountPair(uint32_t left, uint32_t right, uint32_t place, int64_t change);
  void MergeAt(uint32_t place, uint32_t result);
  void QueueRisen();

  const WordCounts& words_;
  std::vector<uint32_t> ids_;      // at a token's first place its id, else kInside
  std::vector<uint32_t> lengths_;  // at a token's first and last place its bytes
  std::vector<uint32_t> word_of_;  // the word of each place
  StringIndex token_bytes_;        // token id - kFirstByteId
  std::vector<Merge> merges_;
  PairTable pair_index_;
  std::vector<Pair> pairs_;
  std::vector<uint32_t> risen_;  // pairs whose count rose since QueueRisen, with repetitions
  std::priority_queue<Candidate> queue_;
};

MergeLearner::MergeLearner(const WordCounts& words) : words_(words) {
  for (size_t byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    token_bytes_.Add({&c, 1});
  }
  ids_.reserve(words.bytes());
  word_of_.reserve(words.bytes());
  for (uint32_t w = 0; w < words.size(); ++w) {
    for (const char c : words.word(w)) {
      ids_.push_back(kFirstByteId + static_cast<unsigned char>(c));
      word_of_.push_back(w);
    }
  }
  lengths_.assign(ids_.size(), 1);
  for (uint32_t place = 0; place + 1 < ids_.size(); ++place) {
    if (SameWord(place, place + 1)) CountPair(ids_[place], ids_[place + 1], place, 1);
  }
  QueueRisen();
}

bool MergeLearner::BeginsAt(const Pair& pair, uint32_t place) const {
  if (ids_[place] != pair.left) return false;
  const uint32_t next = Next(place);
  return SameWord(place, next) && ids_[next] == pair.right;
}

// Adds `change` times the word's count to the pair's; a rise also notes the place.
void MergeLearner::CountPair(uint32_t left, uint32_t right, uint32_t place, int64_t change) {
  const uint32_t index = pair_index_.FindOrAdd(left, right, static_cast<uint32_t>(pairs_.size()));
  if (index == pairs_.size()) pairs_.push_back({.left = left, .right = right});
  Pair& pair = pairs_[index];
  pair.count += change * static_cast<int64_t>(words_.count(word_of_[place]));
  if (change < 0) return;
  pair.places.push_back(place);
  risen_.push_back(index);
}

void MergeLearner::QueueRisen() {
  for (const uint32_t index : risen_) {
    Pair& pair = pairs_[index];
    if (pair.count <= pair.queued) continue;
    pair.queued = pair.count;
    queue_.push({.count = pair.count, .left = pair.left, .right = pair.right, .pair = index});
  }
  risen_.clear();
}

uint32_t MergeLearner::TokenFor(const Pair& pair) {
  std::string bytes(token_bytes_[pair.left - kFirstByteId]);
  bytes += token_bytes_[pair.right - kFirstByteId];
  return kFirstByteId + token_bytes_.Add(bytes);
}

// Joins the two tokens from `place` on, and moves the counts of the pairs with their neighbours.
void MergeLearner::MergeAt(uint32_t place, uint32_t result) {
  const uint32_t right = Next(place), after = Next(right);
  if (place > 0 && SameWord(place - 1, place)) {
    const uint32_t before = place - lengths_[place - 1];
    CountPair(ids_[before], ids_[place], before, -1);
    CountPair(ids_[before], result, before, 1);
  }
  if (SameWord(place, after)) {
    CountPair(ids_[right], ids_[after], right, -1);
    CountPair(result, ids_[after], place, 1);
  }
  CountPair(ids_[place], ids_[right], place, -1);
  ids_[place] = result;
  ids_[right] = kInside;
  lengths_[place] = lengths_[after - 1] = after - place;
}

bool MergeLearner::MergeBest() {
  Candidate best;
  do {
    if (queue_.empty()) return false;
    best = queue_.top();
    queue_.pop();
    Pair& pair = pairs_[best.pair];
    if (pair.count == best.count) break;
    // The count fell after the entry was made: queue what is left of it.
    pair.queued = pair.count;
    if (pair.count > 0) queue_.push({.count = pair.count, .left = pair.left, .right = pair.right, .pair = best.pair});
  } while (true);
  if (best.count < static_cast<int64_t>(kMinPairCount)) return false;

  Pair& pair = pairs_[best.pair];
  const uint32_t result = TokenFor(pair);
  if (!pair.merged) merges_.push_back({.left = pair.left, .right = pair.right, .result = result});
  pair.merged = true;
  std::vector<uint32_t> places = std::move(pair.places);
  pair.places.clear();
  std::sort(places.begin(), places.end());
  for (const uint32_t place : places) {
    // A place that is there twice no longer begins the pair the second time. MergeAt may move pairs_.
    if (BeginsAt(pairs_[best.pair], place)) MergeAt(place, result);
  }
  CHECK(pairs_[best.pair].count == 0);
  pairs_[best.pair].queued = 0;
  QueueRisen();
  return true;
}

LearnedMerges MergeLearner::Take() {
  LearnedMerges learned{.tokens = std::vector<std::string>(kFirstByteId), .merges = std::move(merges_)};
  for (size_t i = 0; i < token_bytes_.size(); ++i) learned.tokens.emplace_back(token_bytes_[i]);
  return learned;
}

}  // namespace

Result<LearnedMerges> LearnMerges(const WordCounts& words, size_t vocabulary, Shortage shortage,
                                  const ShareDone& progress) {
  CHECK(vocabulary >= kByteVocabulary);
  MergeLearner learner(words);
  while (learner.vocabulary() < vocabulary) {
    if (progress) {
      progress(static_cast<double>(learner.vocabulary() - kByteVocabulary) /
               static_cast<double>(vocabulary - kByteVocabulary));
    }
    if (learner.MergeBest()) continue;
    // Anew, for the end: merges that only reuse ids followed the last new one here.
    if (shortage == Shortage::kIsMet) return LearnMerges(words, learner.vocabulary(), Shortage::kIsError, progress);
    return BadInput(fmt::format(
        "bpe:{} is more than the text supports: it has pairs that occur at least {} times for {} tokens. Choose bpe:{} "
        "or less, bytes, or give more text",
        vocabulary, kMinPairCount, learner.vocabulary(), learner.vocabulary()));
  }
  return learner.Take();
}

}  // namespace cllm
