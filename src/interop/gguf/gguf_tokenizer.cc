#include "interop/gguf/gguf_tokenizer.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "interop/foreign_tokenizer.h"
#include "interop/gguf/gguf_model.h"
#include "interop/special_tokens.h"
#include "text/byte_alphabet.h"
#include "text/pre_split_json.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxMerges = 2 * kMaxVocabulary;
constexpr const char* kTokensKey = "tokenizer.ggml.tokens";
constexpr const char* kKindsKey = "tokenizer.ggml.token_type";
constexpr const char* kMergesKey = "tokenizer.ggml.merges";

class Reader {
 public:
  explicit Reader(const Gguf& file) : file_(file) {}

  Result<Tokenizer> Read() {
    CLLM_TRY(ReadKind());
    CLLM_TRY(ReadSpecialIds());
    CLLM_TRY(ReadTokens());
    CLLM_TRY(ReadMerges());
    CLLM_ASSIGN(TokenLattice lattice, Lattice());
    Result<Tokenizer> tokenizer = Tokenizer::Create(std::move(parts_), std::move(lattice));
    if (!tokenizer.ok()) return Fault(tokenizer.status().message());
    return tokenizer;
  }

 private:
  Status Fault(const std::string& fault) const { return BadInput(fmt::format("{}: {}", file_.label(), fault)); }

  Status ReadKind() {
    CLLM_ASSIGN(const std::string model, file_.Text("tokenizer.ggml.model"));
    if (model != "gpt2")
      return Fault(fmt::format("tokenizer.ggml.model is '{}', expected 'gpt2' (byte-level BPE)", model));
    CLLM_ASSIGN(const std::string name, file_.Text("tokenizer.ggml.pre"));
    const Result<PreSplit> rule = PreSplitNamed(name);
    if (!rule.ok()) return Fault(fmt::format("tokenizer.ggml.pre: {}", rule.status().message()));
    parts_.pre_split = *rule;
    parts_.whole_pieces = *rule == PreSplit::kLlama3;  // as every reader of this name does
    return {};
  }

  Result<std::optional<uint32_t>> SpecialId(const char* key) const {
    if (!file_.Has(key)) return std::optional<uint32_t>();
    CLLM_ASSIGN(const uint64_t id, file_.Unsigned(key));
    if (id < kMaxVocabulary) return std::optional<uint32_t>(static_cast<uint32_t>(id));
    return Fault(fmt::format("{} is {}, expected less than {}", key, id, kMaxVocabulary));
  }

  Status ReadSpecialIds() {
    NamedSpecials named;
    CLLM_ASSIGN(named.unknown, SpecialId("tokenizer.ggml.unknown_token_id"));
    CLLM_ASSIGN(named.begin, SpecialId("tokenizer.ggml.bos_token_id"));
    CLLM_ASSIGN(named.end, SpecialId("tokenizer.ggml.eos_token_id"));
    named.adds_begin = parts_.pre_split == PreSplit::kLlama3;
    if (file_.Has("tokenizer.ggml.add_bos_token")) {
      CLLM_ASSIGN(named.adds_begin, file_.Flag("tokenizer.ggml.add_bos_token"));
    }
    CLLM_ASSIGN(const SpecialIds ids, SpecialsFrom(named, file_.label(), "tokenizer.ggml.eos_token_id"));
    parts_.unknown = ids.unknown, parts_.begin = ids.begin, parts_.end = ids.end;
    parts_.adds_begin = ids.adds_begin;
    return {};
  }

  // By token: whether it is none of a text. A file without kinds has the tokens that it names apart.
  Result<std::vector<bool>> ReadKinds(size_t tokens) const {
    std::vector<bool> special(tokens);
    for (const uint32_t id : {parts_.unknown, parts_.begin, parts_.end}) {
      if (id < tokens) special[id] = true;
    }
    if (!file_.Has(kKindsKey)) return special;
    CLLM_ASSIGN(const std::vector<int64_t> kinds, file_.Numbers(kKindsKey, kMaxVocabulary));
    if (kinds.size() < tokens) {
      return Fault(fmt::format("{} has {} elements, expected {} as {}", kKindsKey, kinds.size(), tokens, kTokensKey));
    }
    for (size_t id = 0; id < tokens; ++id) {
      if (kinds[id] != kGgufNormalToken) special[id] = true;
    }
    return special;
  }

  Status ReadTokens() {
    CLLM_ASSIGN(std::vector<std::string> texts, file_.Texts(kTokensKey, kMaxVocabulary));
    CLLM_ASSIGN(const std::vector<bool> special, ReadKinds(texts.size()));
    for (uint32_t id = 0; id < texts.size(); ++id) {
      if (!ids_.emplace(texts[id], id).second) {
        return Fault(fmt::format("{}: the text '{}' is there twice", kTokensKey, texts[id]));
      }
      if (special[id]) {
        parts_.tokens.emplace_back();
        parts_.specials.push_back({id, std::move(texts[id])});
        continue;
      }
      Result<std::string> bytes = FromByteAlphabet(texts[id]);
      if (!bytes.ok()) return Fault(fmt::format("{}: token {}: {}", kTokensKey, id, bytes.status().message()));
      parts_.tokens.push_back(*std::move(bytes));
    }
    return {};
  }

  Result<uint32_t> IdOf(const std::string& text, size_t rank) const {
    const auto found = ids_.find(text);
    if (found != ids_.end()) return found->second;
    return Fault(
        fmt::format("{}: merge {} needs the token '{}', which is not in {}", kMergesKey, rank, text, kTokensKey));
  }

  Status ReadMerges() {
    CLLM_ASSIGN(const std::vector<std::string> merges, file_.Texts(kMergesKey, kMaxMerges));
    for (size_t rank = 0; rank < merges.size(); ++rank) {
      const std::string& merge = merges[rank];
      const size_t space = merge.find(' ');
      if (space == merge.npos) return Fault(fmt::format("{}: merge {} is not 'a b'", kMergesKey, rank));
      const std::string left = merge.substr(0, space), right = merge.substr(space + 1);
      CLLM_ASSIGN(const uint32_t left_id, IdOf(left, rank));
      CLLM_ASSIGN(const uint32_t right_id, IdOf(right, rank));
      CLLM_ASSIGN(const uint32_t result, IdOf(left + right, rank));
      parts_.merges.push_back({.left = left_id, .right = right_id, .result = result});
    }
    return {};
  }

  Result<TokenLattice> Lattice() const {
    if (!file_.Has(kGgufLatticeKey)) return ForeignLattice(parts_);
    CLLM_ASSIGN(const std::string json, file_.Text(kGgufLatticeKey));
    CLLM_ASSIGN(LatticeFile lattice, ParseLattice(json, fmt::format("{}: {}", file_.label(), kGgufLatticeKey)));
    return std::move(lattice.lattice);
  }

  const Gguf& file_;
  TokenizerParts parts_;
  std::unordered_map<std::string, uint32_t> ids_;
};

}  // namespace

Result<Tokenizer> GgufTokenizer(const Gguf& file) { return Reader(file).Read(); }

}  // namespace cllm
