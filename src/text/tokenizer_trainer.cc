#include "text/tokenizer_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "text/bpe_trainer.h"
#include "text/word_counts.h"

namespace cllm {
namespace {

constexpr std::string_view kBpePrefix = "bpe:";

// The lattice of tokens in the order of ids; `counts` of the corpus.
TokenLattice LatticeOf(const std::vector<std::string>& tokens, const std::vector<uint64_t>& counts) {
  static constexpr std::array<std::string_view, kFirstByteId> kSpecials = {kUnknownName, kBeginName, kEndName};
  std::vector<LatticeToken> entries;
  for (size_t id = 0; id < tokens.size(); ++id) {
    const bool special = id < kFirstByteId;
    entries.push_back({.bytes = special ? kSpecials[id] : tokens[id], .count = counts[id], .special = special});
  }
  return TokenLattice::Build(entries);
}

// Occurrences of each id in the corpus: every document has one begin and one end.
std::vector<uint64_t> CountTokens(const LearnedMerges& learned, const WordCounts& words, uint64_t documents) {
  std::array<uint32_t, 256> byte_ids{};
  std::iota(byte_ids.begin(), byte_ids.end(), kFirstByteId);
  const PieceEncoder encoder(byte_ids, learned.merges);
  std::vector<uint64_t> counts(learned.tokens.size());
  counts[kBeginId] = counts[kEndId] = documents;
  std::vector<uint32_t> ids;
  for (size_t w = 0; w < words.size(); ++w) {
    ids.clear();
    encoder.Encode(words.word(w), ids);
    for (const uint32_t id : ids) counts[id] += words.count(w);
  }
  return counts;
}

// order[new id] = present id: special tokens and bytes as they are, then the spiral outwards.
std::vector<uint32_t> SpiralOrder(const std::vector<std::string>& tokens, const TokenLattice& lattice) {
  std::vector<uint32_t> order(tokens.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin() + kByteVocabulary, order.end(), [&](uint32_t a, uint32_t b) {
    if (lattice.rank(a) != lattice.rank(b)) return lattice.rank(a) < lattice.rank(b);
    if (lattice.codes()[a] != lattice.codes()[b]) return lattice.codes()[a] < lattice.codes()[b];
    return tokens[a] < tokens[b];
  });
  return order;
}

// The same tokenizer with the ids of `order`; merges keep their ranks.
Result<Tokenizer> Renumber(const LearnedMerges& learned, const TokenLattice& lattice,
                           const std::vector<uint32_t>& order) {
  TokenizerParts parts;
  LatticeParts lattice_parts{.suffixes = {lattice.suffixes().begin(), lattice.suffixes().end()},
                             .roots = {lattice.roots().begin(), lattice.roots().end()}};
  std::vector<uint32_t> new_id(order.size());
  for (uint32_t id = 0; id < order.size(); ++id) {
    new_id[order[id]] = id;
    parts.tokens.push_back(learned.tokens[order[id]]);
    lattice_parts.codes.push_back(lattice.codes()[order[id]]);
  }
  for (const Merge& merge : learned.merges) {
    parts.merges.push_back({.left = new_id[merge.left], .right = new_id[merge.right], .result = new_id[merge.result]});
  }
  CLLM_ASSIGN(TokenLattice renumbered, TokenLattice::FromParts(std::move(lattice_parts)));
  return Tokenizer::Create(std::move(parts), std::move(renumbered));
}

Result<Tokenizer> TrainBytes(const TextSource& source) {
  std::vector<uint64_t> counts(kByteVocabulary);
  CLLM_TRY(source([&](const TextBlock& block) {
    for (const char c : block.text) ++counts[kFirstByteId + static_cast<unsigned char>(c)];
    if (block.ends_document) ++counts[kEndId];
    return Status();
  }));
  counts[kBeginId] = counts[kEndId];
  const Tokenizer uncounted = Tokenizer::Bytes();
  TokenizerParts parts;
  for (uint32_t id = 0; id < kByteVocabulary; ++id) parts.tokens.emplace_back(uncounted.TokenBytes(id));
  TokenLattice lattice = LatticeOf(parts.tokens, counts);
  return Tokenizer::Create(std::move(parts), std::move(lattice));
}

}  // namespace

bool IsTokenizerSpec(std::string_view text) { return text == "bytes" || text.starts_with(kBpePrefix); }

Result<TokenizerSpec> ParseTokenizerSpec(std::string_view spec) {
  if (spec == "bytes") return TokenizerSpec{};
  if (spec.starts_with(kBpePrefix)) {
    const std::string_view number = spec.substr(kBpePrefix.size());
    size_t vocabulary = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), vocabulary);
    const bool is_number = error == std::errc() && end == number.data() + number.size();
    if (is_number && vocabulary > kByteVocabulary && vocabulary <= kMaxLearnedVocabulary) {
      return TokenizerSpec{.vocabulary = vocabulary};
    }
  }
  return Usage(fmt::format("tokenizer \"{}\": expected \"bytes\", or \"bpe:N\" with N from {} to {}", spec,
                           kByteVocabulary + 1, kMaxLearnedVocabulary));
}

Result<Tokenizer> TrainTokenizer(const TokenizerSpec& spec, const TextSource& source, size_t threads,
                                 const ShareDone& learning) {
  CHECK(spec.vocabulary >= kByteVocabulary && spec.vocabulary <= kMaxLearnedVocabulary);
  if (spec.vocabulary == kByteVocabulary) return TrainBytes(source);
  uint64_t documents = 0;
  CLLM_ASSIGN(const WordCounts words, CountWords(source, threads, documents));
  CLLM_ASSIGN(const LearnedMerges learned, LearnMerges(words, spec.vocabulary, spec.shortage, learning));
  const TokenLattice lattice = LatticeOf(learned.tokens, CountTokens(learned, words, documents));
  return Renumber(learned, lattice, SpiralOrder(learned.tokens, lattice));
}

}  // namespace cllm
