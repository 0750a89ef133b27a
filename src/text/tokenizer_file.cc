#include "text/tokenizer_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/path.h"
#include "lattice/primes.h"
#include "store/json.h"
#include "store/json_values.h"
#include "text/byte_alphabet.h"
#include "text/file_fault.h"
#include "text/pre_split_json.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

JsonFields ByteLevelFields() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
}

JsonArray AddedTokens(const Tokenizer& tokenizer) {
  JsonArray added;
  for (const SpecialToken& special : tokenizer.specials()) {
    added.push_back(JsonFields{{"id", special.id},
                               {"content", special.name},
                               {"single_word", false},
                               {"lstrip", false},
                               {"rstrip", false},
                               {"normalized", false},
                               {"special", true}});
  }
  return added;
}

Status In(const std::string& file, const Status& status) { return Fault(file, status.message()); }

// The texts of an array of strings in the byte alphabet, as bytes.
Result<std::vector<std::string>> ReadTexts(const JsonArray& array, const std::string& file, const char* what) {
  std::vector<std::string> texts;
  for (const JsonValue& value : array) {
    if (TextOf(value) == nullptr) return Fault(file, fmt::format("{} {} is not a string", what, texts.size()));
    Result<std::string> bytes = FromByteAlphabet(*TextOf(value));
    if (!bytes.ok()) return In(file, bytes.status());
    texts.push_back(*std::move(bytes));
  }
  return texts;
}

Status ReadSuffixes(const JsonObject& root, const std::string& file, std::vector<std::string>& suffixes) {
  CLLM_ASSIGN(const JsonArray entries, root.Array("suffixes"));
  if (entries.size() > kMaxSuffixes) {
    return Fault(file, fmt::format("found {} suffixes, expected at most {}", entries.size(), kMaxSuffixes));
  }
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot);
  for (const JsonValue& entry : entries) {
    const auto* fields = std::get_if<JsonFields>(&entry.content());
    const uint32_t prime = primes[kFirstSuffix + suffixes.size()];
    if (fields == nullptr || fields->size() != 2 || (*fields)[0].name != "suffix" || (*fields)[1].name != "prime" ||
        UnsignedOf((*fields)[1].value) != prime) {
      return Fault(file, fmt::format("suffix {} is not {{\"suffix\": text, \"prime\": {}}}", suffixes.size(), prime));
    }
    CLLM_ASSIGN(const std::vector<std::string> texts, ReadTexts({(*fields)[0].value}, file, "the suffix"));
    suffixes.push_back(texts.front());
  }
  return {};
}

Result<uint32_t> ReadSpecialId(const JsonObject& special, const char* name, const std::string& file) {
  CLLM_ASSIGN(const uint64_t id, special.Unsigned(name));
  if (id < kMaxVocabulary) return static_cast<uint32_t>(id);
  return Fault(file, fmt::format("special.{} is {}, expected less than {}", name, id, kMaxVocabulary));
}

// Nothing for a tokenizer whose special tokens have our names.
Result<std::optional<SpecialIds>> ReadSpecialIds(const JsonObject& root, const std::string& file) {
  if (root.Find("special") == nullptr) return std::optional<SpecialIds>();
  CLLM_ASSIGN(const JsonObject special, root.Object("special"));
  SpecialIds ids;
  CLLM_ASSIGN(ids.unknown, ReadSpecialId(special, "unknown", file));
  CLLM_ASSIGN(ids.begin, ReadSpecialId(special, "begin", file));
  CLLM_ASSIGN(ids.end, ReadSpecialId(special, "end", file));
  CLLM_ASSIGN(ids.adds_begin, special.Boolean("adds_begin"));
  return std::optional<SpecialIds>(ids);
}

// Whether the special tokens are found by our names, and used as in our tokenizers.
bool HasOwnSpecials(const Tokenizer& tokenizer) {
  return tokenizer.specials().size() == 3 && tokenizer.adds_begin() &&
         tokenizer.TokenText(tokenizer.unknown()) == kUnknownName &&
         tokenizer.TokenText(tokenizer.begin()) == kBeginName && tokenizer.TokenText(tokenizer.end()) == kEndName;
}

}  // namespace

Result<TokenizerParts> ParseTokenizerParts(const std::string& json, const std::string& file,
                                           const std::optional<SpecialIds>& ids) {
  return TokenizerJsonReader(file, ids).Read(json);
}

Result<LatticeFile> ParseLattice(const std::string& json, const std::string& file) {
  CLLM_ASSIGN(const JsonObject root, JsonObject::Parse(json, file));
  CLLM_TRY(root.CheckFormat(kLatticeFormat));
  LatticeParts parts;
  CLLM_ASSIGN(const JsonArray codes, root.Array("codes"));
  for (const JsonValue& value : codes) {
    const std::optional<uint64_t> code = UnsignedOf(value);
    if (!code) return Fault(file, fmt::format("the code of token {} is not a whole number", parts.codes.size()));
    parts.codes.push_back(*code);
  }
  if (parts.codes.size() > kMaxVocabulary) {
    return Fault(file, fmt::format("found {} codes, expected at most {}", parts.codes.size(), kMaxVocabulary));
  }
  CLLM_TRY(ReadSuffixes(root, file, parts.suffixes));
  CLLM_ASSIGN(const JsonArray roots, root.Array("roots"));
  CLLM_ASSIGN(parts.roots, ReadTexts(roots, file, "root"));
  CLLM_ASSIGN(const std::optional<SpecialIds> ids, ReadSpecialIds(root, file));
  Result<TokenLattice> lattice = TokenLattice::FromParts(std::move(parts));
  if (!lattice.ok()) return In(file, lattice.status());
  return LatticeFile{*std::move(lattice), ids};
}

std::string TokenizerJson(const Tokenizer& tokenizer) {
  JsonFields vocabulary;
  for (uint32_t id = 0; id < tokenizer.vocabulary(); ++id) vocabulary.push_back({tokenizer.TokenText(id), id});
  JsonArray merges;
  for (const Merge& merge : tokenizer.merges()) {
    merges.push_back(tokenizer.TokenText(merge.left) + " " + tokenizer.TokenText(merge.right));
  }
  JsonFields model = {{"type", "BPE"},
                      {"dropout", {}},
                      {"unk_token", {}},
                      {"continuing_subword_prefix", {}},
                      {"end_of_word_suffix", {}},
                      {"fuse_unk", false},
                      {"byte_fallback", false},
                      {"ignore_merges", tokenizer.whole_pieces()},
                      {"vocab", std::move(vocabulary)},
                      {"merges", std::move(merges)}};
  const JsonFields root = {{"version", "1.0"},
                           {"truncation", {}},
                           {"padding", {}},
                           {"added_tokens", AddedTokens(tokenizer)},
                           {"normalizer", {}},
                           {"pre_tokenizer", PreSplitJson(tokenizer.pre_split())},
                           {"post_processor", {}},
                           {"decoder", ByteLevelFields()},
                           {"model", std::move(model)}};
  return WriteJson(root, JsonStyle::kIndented) + "\n";
}

std::string LatticeJson(const Tokenizer& tokenizer) {
  const TokenLattice& lattice = tokenizer.lattice();
  const std::vector<uint32_t> primes = FirstPrimes(kFirstRoot);
  JsonArray suffixes;
  for (const std::string& suffix : lattice.suffixes()) {
    suffixes.push_back(
        JsonFields{{"suffix", ToByteAlphabet(suffix)}, {"prime", primes[kFirstSuffix + suffixes.size()]}});
  }
  JsonArray roots;
  for (const std::string& root : lattice.roots()) roots.push_back(ToByteAlphabet(root));
  JsonFields root = {{"format", HasOwnSpecials(tokenizer) ? 1 : kLatticeFormat},
                     {"codes", JsonArray(lattice.codes().begin(), lattice.codes().end())},
                     {"suffixes", std::move(suffixes)},
                     {"roots", std::move(roots)}};
  if (!HasOwnSpecials(tokenizer)) {
    root.push_back({"special", JsonFields{{"unknown", tokenizer.unknown()},
                                          {"begin", tokenizer.begin()},
                                          {"end", tokenizer.end()},
                                          {"adds_begin", tokenizer.adds_begin()}}});
  }
  return WriteJson(root) + "\n";
}

Status SaveTokenizer(const Tokenizer& tokenizer, FileSystem& files, const std::string& directory) {
  CLLM_TRY(AtomicWriteFile(files, JoinPath(directory, kTokenizerFileName), AsBytes(TokenizerJson(tokenizer))));
  return AtomicWriteFile(files, JoinPath(directory, kLatticeFileName), AsBytes(LatticeJson(tokenizer)));
}

Result<Tokenizer> ParseTokenizer(const std::string& tokenizer_json, const std::string& lattice_json,
                                 const std::string& name) {
  const std::string tokenizer_file = JoinPath(name, kTokenizerFileName);
  CLLM_ASSIGN(LatticeFile file, ParseLattice(lattice_json, JoinPath(name, kLatticeFileName)));
  CLLM_ASSIGN(TokenizerParts parts, ParseTokenizerParts(tokenizer_json, tokenizer_file, file.special));
  Result<Tokenizer> tokenizer = Tokenizer::Create(std::move(parts), std::move(file.lattice));
  if (!tokenizer.ok()) return In(tokenizer_file, tokenizer.status());
  return tokenizer;
}

Result<Tokenizer> LoadTokenizer(const std::string& directory) {
  CLLM_ASSIGN(const std::string tokenizer_json, ReadFile(JoinPath(directory, kTokenizerFileName), kMaxFileBytes));
  CLLM_ASSIGN(const std::string lattice_json, ReadFile(JoinPath(directory, kLatticeFileName), kMaxFileBytes));
  return ParseTokenizer(tokenizer_json, lattice_json, directory);
}

}  // namespace cllm
