#include "serve/dashboard/copied_text.h"

#include <algorithm>
#include <array>

#include "base/random.h"

namespace cllm {
namespace {

constexpr size_t kPieceTokens = size_t{1} << 16;  // that are read at once
constexpr size_t kFilterBits = size_t{1} << 20;
constexpr uint64_t kBase = 0x9e3779b97f4a7c15u;  // odd, so that a product loses nothing

// Where kLeastCopied tokens of a text begin.
struct Gram {
  uint64_t hash;
  uint32_t text, position;
};

constexpr uint64_t PowerOfBase(size_t exponent) {
  uint64_t power = 1;
  for (size_t i = 0; i < exponent; ++i) power *= kBase;
  return power;
}

// The hash of the last kLeastCopied tokens that were pushed (Karp and Rabin 1987).
class RollingHash {
 public:
  // Whether so many have come.
  bool Push(uint32_t token) {
    uint32_t& oldest = window_[pushed_ % kLeastCopied];
    constexpr uint64_t kWeightOfOldest = PowerOfBase(kLeastCopied - 1);
    hash_ = (hash_ - oldest * kWeightOfOldest) * kBase + token;
    oldest = token;
    return ++pushed_ >= kLeastCopied;
  }
  uint64_t value() const { return Mix64(hash_); }

 private:
  std::array<uint32_t, kLeastCopied> window_{};
  uint64_t hash_ = 0;
  size_t pushed_ = 0;
};

class CopySearch {
 public:
  CopySearch(std::span<const std::vector<uint32_t>> texts, const TokenView& training)
      : texts_(texts), training_(training), filter_(kFilterBits / 64) {
    for (uint32_t text = 0; text < texts.size(); ++text) {
      longest_from_.emplace_back(texts[text].size());
      AddGrams(text);
    }
    std::ranges::sort(grams_, {}, &Gram::hash);
    for (const Gram& gram : grams_) filter_[WordOf(gram.hash)] |= BitOf(gram.hash);
  }

  Status Scan(const std::stop_token& stop) {
    RollingHash hash;
    std::vector<uint32_t> piece;
    for (size_t begin = 0; begin < training_.size() && !grams_.empty(); begin += piece.size()) {
      if (stop.stop_requested()) return Failed("stopped");
      piece.resize(std::min(kPieceTokens, training_.size() - begin));
      CLLM_TRY(training_.Read(begin, piece));
      for (size_t i = 0; i < piece.size(); ++i) {
        if (!hash.Push(piece[i])) continue;
        const uint64_t value = hash.value();
        if ((filter_[WordOf(value)] & BitOf(value)) != 0) Compare(value, begin + i + 1 - kLeastCopied);
      }
    }
    return {};
  }

  // By token, of what Scan found.
  std::vector<std::vector<uint32_t>> Lengths() const {
    std::vector<std::vector<uint32_t>> lengths;
    for (const std::vector<uint32_t>& from : longest_from_) {
      std::vector<uint32_t>& length = lengths.emplace_back(from.size());
      for (size_t i = 0; i < from.size(); ++i) {
        for (size_t j = i; j < i + from[i]; ++j) length[j] = std::max(length[j], from[i]);
      }
    }
    return lengths;
  }

 private:
  static size_t WordOf(uint64_t hash) { return hash % kFilterBits / 64; }
  static uint64_t BitOf(uint64_t hash) { return uint64_t{1} << (hash % 64); }

  void AddGrams(uint32_t text) {
    RollingHash hash;
    const std::vector<uint32_t>& tokens = texts_[text];
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (!hash.Push(tokens[i])) continue;
      grams_.push_back({hash.value(), text, static_cast<uint32_t>(i + 1 - kLeastCopied)});
    }
  }

  // Every text that has these tokens; where the token before is the same too, the match was found from there.
  void Compare(uint64_t hash, size_t at) {
    const auto first = std::ranges::lower_bound(grams_, hash, {}, &Gram::hash);
    for (auto at_gram = first; at_gram != grams_.end() && at_gram->hash == hash; ++at_gram) {
      const Gram& gram = *at_gram;
      const std::vector<uint32_t>& text = texts_[gram.text];
      if (gram.position > 0 && at > 0 && text[gram.position - 1] == training_[at - 1]) continue;
      size_t length = 0;
      while (gram.position + length < text.size() && at + length < training_.size() &&
             text[gram.position + length] == training_[at + length]) {
        ++length;
      }
      if (length < kLeastCopied) continue;  // another one with the same hash
      uint32_t& longest = longest_from_[gram.text][gram.position];
      longest = std::max(longest, static_cast<uint32_t>(length));
    }
  }

  std::span<const std::vector<uint32_t>> texts_;
  const TokenView& training_;
  std::vector<Gram> grams_;       // by hash
  std::vector<uint64_t> filter_;  // a bit for hashes that are there
  std::vector<std::vector<uint32_t>> longest_from_;  // by text and position
};

}  // namespace

Result<std::vector<std::vector<uint32_t>>> LongestCopies(std::span<const std::vector<uint32_t>> texts,
                                                         const TokenView& training, const std::stop_token& stop) {
  CopySearch search(texts, training);
  CLLM_TRY(search.Scan(stop));
  return search.Lengths();
}

}  // namespace cllm
