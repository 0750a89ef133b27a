#include "lattice/token_lattice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "lattice/primes.h"
#include "lattice/word_form.h"

namespace cllm {
namespace {

constexpr size_t kSuffixTokens = 8;  // tokens that must carry a suffix before it counts as one

using WordSet = std::unordered_set<std::string_view>;

struct SuffixMass {
  size_t tokens = 0;
  uint64_t count = 0;
};

// A root: its text, whether it is a special token's name, and the corpus count of its tokens.
struct Root {
  std::string bytes;
  bool special = false;
  uint64_t count = 0;
};

// The words (lower-cased, without leading space) of the tokens that are all letters.
WordSet WordsOf(std::span<const LatticeToken> vocabulary, std::span<const WordForm> forms) {
  WordSet words;
  for (size_t v = 0; v < forms.size(); ++v) {
    if (!vocabulary[v].special && forms[v].is_word) words.insert(forms[v].lower);
  }
  return words;
}

// The suffixes carried by enough tokens whose stem is a word too, heaviest first, ties by bytes.
std::vector<std::string> LearnSuffixes(std::span<const LatticeToken> vocabulary, std::span<const WordForm> forms,
                                       const WordSet& words) {
  std::map<std::string_view, SuffixMass> masses;
  for (size_t v = 0; v < forms.size(); ++v) {
    if (vocabulary[v].special) continue;
    const std::string_view word = forms[v].lower;
    for (const size_t cut : forms[v].cuts) {
      if (!words.contains(word.substr(0, cut))) continue;
      SuffixMass& mass = masses[word.substr(cut)];
      ++mass.tokens;
      mass.count += vocabulary[v].count;
    }
  }
  std::vector<std::pair<std::string_view, uint64_t>> kept;
  for (const auto& [suffix, mass] : masses) {
    if (mass.tokens >= kSuffixTokens) kept.emplace_back(suffix, mass.count);
  }
  // The map is in byte order, which a stable sort keeps among equals.
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (kept.size() > kMaxSuffixes) kept.resize(kMaxSuffixes);
  std::vector<std::string> suffixes;
  for (const auto& [suffix, count] : kept) suffixes.emplace_back(suffix);
  return suffixes;
}

struct Stem {
  size_t bytes = 0;              // of the word
  std::optional<size_t> suffix;  // its index
};

// The stem that leaves the longest learned suffix. Suffixes of one length that fit one word are the same, so weight
// never has to decide.
Stem StemOf(const WordForm& form, const WordSet& words, const std::vector<std::string>& suffixes) {
  const std::string_view word = form.lower;
  for (const size_t cut : form.cuts) {
    const auto found = std::find(suffixes.begin(), suffixes.end(), word.substr(cut));
    if (found == suffixes.end() || !words.contains(word.substr(0, cut))) continue;
    return {.bytes = cut, .suffix = static_cast<size_t>(found - suffixes.begin())};
  }
  return {.bytes = word.size(), .suffix = std::nullopt};
}

// The distinct roots of the tokens, unordered; root_of[v] becomes the index of token v's root.
std::vector<Root> CollectRoots(std::span<const LatticeToken> vocabulary, std::span<const WordForm> forms,
                               std::span<const Stem> stems, std::vector<size_t>& root_of) {
  std::vector<Root> roots;
  std::unordered_map<std::string_view, size_t> index;  // of roots that are not special
  for (size_t v = 0; v < vocabulary.size(); ++v) {
    const LatticeToken& token = vocabulary[v];
    const std::string_view bytes =
        token.special ? token.bytes : std::string_view(forms[v].lower).substr(0, stems[v].bytes);
    const size_t at = token.special ? roots.size() : index.try_emplace(bytes, roots.size()).first->second;
    if (at == roots.size()) roots.push_back({.bytes = std::string(bytes), .special = token.special});
    roots[at].count += token.count;
    root_of.push_back(at);
  }
  return roots;
}

// rank[r]: the 1-based place of root r by falling count, then bytes, then special tokens first.
std::vector<uint32_t> RankRoots(const std::vector<Root>& roots, std::vector<std::string>& in_order) {
  std::vector<size_t> order(roots.size());
  for (size_t r = 0; r < order.size(); ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (roots[a].count != roots[b].count) return roots[a].count > roots[b].count;
    if (roots[a].bytes != roots[b].bytes) return roots[a].bytes < roots[b].bytes;
    return roots[a].special && !roots[b].special;
  });
  std::vector<uint32_t> rank(roots.size());
  for (size_t place = 0; place < order.size(); ++place) {
    rank[order[place]] = static_cast<uint32_t>(place + 1);
    in_order.push_back(roots[order[place]].bytes);
  }
  return rank;
}

// The product of the feature primes of `code`, or 0 if one occurs twice. `known` are the feature primes in use.
uint64_t FeaturesOf(uint64_t code, std::span<const uint32_t> known) {
  uint64_t features = 1;
  for (const uint32_t prime : known) {
    if (code % prime != 0) continue;
    code /= prime;
    if (code % prime == 0) return 0;
    features *= prime;
  }
  return features;
}

// Ids 0, 1, 2, ... for the distinct keys, in their order.
std::vector<int32_t> DenseClasses(std::span<const uint64_t> keys, size_t& classes) {
  std::map<uint64_t, int32_t> ids;
  for (const uint64_t key : keys) ids.emplace(key, 0);
  int32_t next = 0;
  for (auto& [key, id] : ids) id = next++;
  classes = ids.size();
  std::vector<int32_t> dense;
  dense.reserve(keys.size());
  for (const uint64_t key : keys) dense.push_back(ids.find(key)->second);
  return dense;
}

Status BadCode(size_t token, uint64_t code, const char* fault) {
  return BadInput("the code " + std::to_string(code) + " of token " + std::to_string(token) + " " + fault);
}

}  // namespace

TokenLattice::TokenLattice(LatticeParts parts, std::vector<uint32_t> ranks)
    : parts_(std::move(parts)), ranks_(std::move(ranks)) {
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot + parts_.roots.size());
  std::vector<uint64_t> root_keys(ranks_.begin(), ranks_.end()), form_keys;
  for (size_t v = 0; v < size(); ++v) form_keys.push_back(parts_.codes[v] / primes[kFirstRoot + ranks_[v] - 1]);
  root_class_ = DenseClasses(root_keys, root_classes_);
  form_class_ = DenseClasses(form_keys, form_classes_);
}

TokenLattice TokenLattice::Build(std::span<const LatticeToken> vocabulary) {
  std::vector<WordForm> forms;
  for (const LatticeToken& token : vocabulary) forms.push_back(token.special ? WordForm() : FormOf(token.bytes));
  const WordSet words = WordsOf(vocabulary, forms);
  LatticeParts parts{.suffixes = LearnSuffixes(vocabulary, forms, words)};
  std::vector<Stem> stems;
  for (const WordForm& form : forms) stems.push_back(StemOf(form, words, parts.suffixes));

  std::vector<size_t> root_of;
  const std::vector<Root> roots = CollectRoots(vocabulary, forms, stems, root_of);
  const std::vector<uint32_t> rank_of_root = RankRoots(roots, parts.roots);
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot + roots.size());
  std::vector<uint32_t> ranks;
  for (size_t v = 0; v < vocabulary.size(); ++v) {
    ranks.push_back(rank_of_root[root_of[v]]);
    uint64_t code = uint64_t{primes[kFirstRoot + ranks[v] - 1]} * forms[v].case_prime;
    if (forms[v].leading_space) code *= kLeadingSpacePrime;
    if (stems[v].suffix) code *= primes[kFirstSuffix + *stems[v].suffix];
    parts.codes.push_back(code);
  }
  return TokenLattice(std::move(parts), std::move(ranks));
}

Result<TokenLattice> TokenLattice::FromParts(LatticeParts parts) {
  if (parts.suffixes.size() > kMaxSuffixes) {
    return BadInput("at most " + std::to_string(kMaxSuffixes) + " suffixes have a prime, found " +
                    std::to_string(parts.suffixes.size()));
  }
  if (parts.roots.size() > parts.codes.size()) {
    return BadInput("found " + std::to_string(parts.roots.size()) + " roots for " + std::to_string(parts.codes.size()) +
                    " tokens, expected no more roots than tokens");
  }
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot + parts.roots.size());
  const std::span<const uint32_t> known(primes.data(), kFirstSuffix + parts.suffixes.size());
  const std::span<const uint32_t> root_primes = std::span(primes).subspan(kFirstRoot);
  std::vector<uint32_t> ranks;
  for (size_t v = 0; v < parts.codes.size(); ++v) {
    const uint64_t code = parts.codes[v];
    const uint64_t features = code == 0 ? 0 : FeaturesOf(code, known);
    if (features == 0) return BadCode(v, code, "is zero or holds a feature twice");
    const auto found = std::lower_bound(root_primes.begin(), root_primes.end(), code / features);
    if (found == root_primes.end() || *found != code / features) {
      return BadCode(v, code, "is not the prime of a listed root times known feature primes");
    }
    ranks.push_back(static_cast<uint32_t>(found - root_primes.begin() + 1));
  }
  return TokenLattice(std::move(parts), std::move(ranks));
}

std::vector<LatticeFactor> TokenLattice::Factors(size_t token) const {
  CHECK(token < size());
  const std::vector<uint32_t> known = FirstPrimes(kFirstSuffix + parts_.suffixes.size());
  const uint64_t code = parts_.codes[token], features = FeaturesOf(code, known);
  std::vector<LatticeFactor> factors{
      {.prime = static_cast<uint32_t>(code / features), .name = parts_.roots[ranks_[token] - 1]}};
  for (size_t i = 0; i < known.size(); ++i) {
    if (features % known[i] != 0) continue;
    static constexpr const char* kNames[kFirstSuffix] = {"leading space", "capital", "upper case"};
    factors.push_back(
        {.prime = known[i], .name = i < kFirstSuffix ? kNames[i] : "-" + parts_.suffixes[i - kFirstSuffix]});
  }
  return factors;
}

}  // namespace cllm
