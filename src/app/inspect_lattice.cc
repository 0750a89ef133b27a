#include "app/inspect_lattice.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "base/units.h"
#include "lattice/similarity.h"
#include "store/json.h"

namespace cllm {
namespace {

constexpr size_t kRootsShown = 20;

std::optional<uint32_t> FindToken(const Tokenizer& tokenizer, const std::string& text) {
  if (text.size() > 1 && text[0] == '#') {
    const Result<uint64_t> id = ParseCount(text.substr(1));
    if (id.ok() && *id < tokenizer.vocabulary()) return static_cast<uint32_t>(*id);
  }
  for (uint32_t id = 0; id < tokenizer.vocabulary(); ++id) {
    if (tokenizer.TokenBytes(id) == text || tokenizer.TokenText(id) == text) return id;
  }
  return std::nullopt;
}

std::string FactorText(const TokenLattice& lattice, uint32_t id) {
  std::string text;
  for (const LatticeFactor& factor : lattice.Factors(id)) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : " x ", factor.prime, factor.name);
  }
  return text;
}

void PrintTokenJson(const Tokenizer& tokenizer, uint32_t id) {
  const TokenLattice& lattice = tokenizer.lattice();
  JsonArray factors, neighbours;
  for (const LatticeFactor& factor : lattice.Factors(id)) {
    factors.push_back(JsonFields{{"prime", factor.prime}, {"name", factor.name}});
  }
  for (const LatticeNeighbour& n : KissingNeighbours(lattice, id)) {
    neighbours.push_back(JsonFields{{"id", n.token}, {"token", tokenizer.TokenText(n.token)}, {"kernel", n.kernel}});
  }
  const UlamPoint p = UlamPointOf(lattice.rank(id));
  std::cout << WriteJson({{"id", id},
                          {"token", tokenizer.TokenText(id)},
                          {"code", lattice.codes()[id]},
                          {"rank", lattice.rank(id)},
                          {"factors", factors},
                          {"point", JsonArray{p.x, p.y, p.z}},
                          {"neighbours", neighbours}})
            << "\n";
}

void PrintToken(const Tokenizer& tokenizer, uint32_t id) {
  const TokenLattice& lattice = tokenizer.lattice();
  const UlamPoint p = UlamPointOf(lattice.rank(id));
  std::cout << fmt::format(
      "token      {} '{}'\ncode       {} = {}\nits root   number {} by frequency\npoint      ({:.4f}, {:.4f}, "
      "{:.4f}) on the spiral\nnearest on the spiral (likeness by place and factors; by the greatest "
      "common divisor alone):\n",
      id, tokenizer.TokenText(id), lattice.codes()[id], FactorText(lattice, id), lattice.rank(id), p.x, p.y, p.z);
  for (const LatticeNeighbour& n : KissingNeighbours(lattice, id)) {
    std::cout << fmt::format("  {:.4f}  {:.4f}  {:>6} '{}'\n", n.kernel,
                             GcdSimilarity(lattice.codes()[id], lattice.codes()[n.token]), n.token,
                             tokenizer.TokenText(n.token));
  }
}

struct RootVariants {
  std::string root;
  size_t variants;
};
// The most frequent roots, and how many tokens each has.
std::vector<RootVariants> FirstRoots(const TokenLattice& lattice) {
  std::vector<RootVariants> first;
  for (size_t k = 0; k < std::min(kRootsShown, lattice.roots().size()); ++k) {
    const auto variants = std::count(lattice.ranks().begin(), lattice.ranks().end(), k + 1);
    first.push_back({lattice.roots()[k], static_cast<size_t>(variants)});
  }
  return first;
}

void PrintOverviewJson(const Tokenizer& tokenizer) {
  const TokenLattice& lattice = tokenizer.lattice();
  JsonArray roots;
  for (const auto& [root, variants] : FirstRoots(lattice)) {
    roots.push_back(JsonFields{{"root", root}, {"variants", variants}});
  }
  std::cout << WriteJson({{"tokenizer", tokenizer.name()},
                          {"tokens", lattice.size()},
                          {"roots", lattice.roots().size()},
                          {"forms", lattice.form_classes()},
                          {"suffixes", JsonArray(lattice.suffixes().begin(), lattice.suffixes().end())},
                          {"most_frequent_roots", roots}})
            << "\n";
}

void PrintOverview(const Tokenizer& tokenizer) {
  const TokenLattice& lattice = tokenizer.lattice();
  std::cout << fmt::format("tokenizer  {}\ntokens     {}\nroots      {}\nforms      {}\nsuffixes  ", tokenizer.name(),
                           lattice.size(), lattice.roots().size(), lattice.form_classes());
  for (const std::string& suffix : lattice.suffixes()) std::cout << " -" << suffix;
  std::cout << (lattice.suffixes().empty() ? " none\n" : "\n") << "most frequent roots:\n";
  size_t rank = 0;
  for (const auto& [root, variants] : FirstRoots(lattice)) {
    // Roots are bytes; JSON's escapes make any of them printable.
    std::cout << fmt::format("  {:>4}  {} variants  {}\n", ++rank, variants, WriteJson({{"root", root}}));
  }
}

}  // namespace

Status PrintLattice(const Tokenizer& tokenizer, const std::string& token, bool json) {
  if (token.empty()) {
    if (json) {
      PrintOverviewJson(tokenizer);
    } else {
      PrintOverview(tokenizer);
    }
    return {};
  }
  const std::optional<uint32_t> id = FindToken(tokenizer, token);
  if (!id) {
    return Usage(
        fmt::format("no token is '{}' or has that id; expected a token's text, with its leading space if it has "
                    "one (`inspect MODEL lattice` lists some), or #0 to #{}",
                    token, tokenizer.vocabulary() - 1));
  }
  if (json) {
    PrintTokenJson(tokenizer, *id);
  } else {
    PrintToken(tokenizer, *id);
  }
  return {};
}

}  // namespace cllm
