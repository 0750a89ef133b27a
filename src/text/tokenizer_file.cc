#include "text/tokenizer_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/path.h"
#include "lattice/primes.h"
#include "store/json.h"
#include "text/byte_alphabet.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;
constexpr uint32_t kNoId = UINT32_MAX;
constexpr std::array<std::string_view, 3> kSpecialNames = {kUnknownName, kBeginName, kEndName};

using IdsByText = std::unordered_map<std::string, uint32_t>;

JsonFields ByteLevelFields() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
}

JsonArray AddedTokens(const Tokenizer& tokenizer) {
  JsonArray added;
  for (const uint32_t id : {tokenizer.unknown(), tokenizer.begin(), tokenizer.end()}) {
    added.push_back(JsonFields{{"id", id},
                               {"content", tokenizer.TokenText(id)},
                               {"single_word", false},
                               {"lstrip", false},
                               {"rstrip", false},
                               {"normalized", false},
                               {"special", true}});
  }
  return added;
}

std::optional<uint64_t> UnsignedOf(const JsonValue& value) {
  if (const auto* number = std::get_if<uint64_t>(&value.content())) return *number;
  if (const auto* number = std::get_if<int64_t>(&value.content()); number != nullptr && *number >= 0) {
    return static_cast<uint64_t>(*number);
  }
  return std::nullopt;
}

const std::string* TextOf(const JsonValue& value) { return std::get_if<std::string>(&value.content()); }

bool IsNull(const JsonValue* value) {
  return value == nullptr || std::holds_alternative<std::monostate>(value->content());
}

// The fault of a file as an error that names it.
Status Fault(const std::string& file, const std::string& fault) { return BadInput(file + ": " + fault); }
Status In(const std::string& file, const Status& status) { return Fault(file, status.message()); }

// Reads tokenizer.json into the parts of a tokenizer.
class TokenizerJsonReader {
 public:
  explicit TokenizerJsonReader(std::string file) : file_(std::move(file)) {}

  Result<TokenizerParts> Read(const std::string& json) {
    CLLM_ASSIGN(const JsonObject root, JsonObject::Parse(json, file_));
    CLLM_TRY(CheckKind(root));
    CLLM_ASSIGN(const JsonObject model, root.Object("model"));
    CLLM_TRY(CheckModel(model));
    CLLM_TRY(ReadVocabulary(model));
    CLLM_TRY(ReadAddedTokens(root));
    CLLM_TRY(ReadTokens());
    CLLM_TRY(ReadMerges(model));
    return std::move(parts_);
  }

 private:
  // The version, and a pre-split that is ours.
  Status CheckKind(const JsonObject& root) const {
    CLLM_ASSIGN(const std::string version, root.Text("version"));
    if (version != "1.0") return Fault(file_, fmt::format("found version \"{}\", expected \"1.0\"", version));
    if (!IsNull(root.Find("normalizer"))) return Fault(file_, "it has a normalizer; expected none (null)");
    CLLM_ASSIGN(const JsonObject splitter, root.Object("pre_tokenizer"));
    CLLM_ASSIGN(const std::string type, splitter.Text("type"));
    if (type != "ByteLevel") return Fault(file_, fmt::format("pre_tokenizer is \"{}\", expected ByteLevel", type));
    CLLM_ASSIGN(const bool prefix, splitter.Boolean("add_prefix_space"));
    bool regex = true;
    if (splitter.Find("use_regex") != nullptr) {
      CLLM_ASSIGN(regex, splitter.Boolean("use_regex"));
    }
    if (!prefix && regex) return {};
    return Fault(file_, "pre_tokenizer needs add_prefix_space false and use_regex true");
  }

  // Byte-level BPE without the variations that change how text is cut.
  Status CheckModel(const JsonObject& model) const {
    if (model.Find("type") != nullptr) {
      CLLM_ASSIGN(const std::string type, model.Text("type"));
      if (type != "BPE") return Fault(file_, fmt::format("the model is \"{}\", expected BPE", type));
    }
    for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      const JsonValue* value = model.Find(name);
      if (!IsNull(value) && (TextOf(*value) == nullptr || !TextOf(*value)->empty())) {
        return Fault(file_, fmt::format("model.{} is set; expected null", name));
      }
    }
    for (const char* name : {"byte_fallback", "ignore_merges"}) {
      if (model.Find(name) == nullptr) continue;
      CLLM_ASSIGN(const bool value, model.Boolean(name));
      if (value) return Fault(file_, fmt::format("model.{} is true; expected false", name));
    }
    return {};
  }

  Status AddId(const std::string& text, const JsonValue* value) {
    const std::optional<uint64_t> id = value == nullptr ? std::nullopt : UnsignedOf(*value);
    if (!id || *id >= kMaxVocabulary) {
      return Fault(file_, fmt::format("the id of \"{}\" is not a whole number below {}", text, kMaxVocabulary));
    }
    if (const auto known = ids_.find(text); known != ids_.end()) {
      if (known->second == *id) return {};
      return Fault(file_, fmt::format("\"{}\" has the ids {} and {}", text, known->second, *id));
    }
    if (*id >= texts_.size()) texts_.resize(*id + 1);
    if (!texts_[*id].empty()) {
      return Fault(file_, fmt::format("the id {} belongs to \"{}\" and to \"{}\"", *id, texts_[*id], text));
    }
    if (text.empty()) return Fault(file_, fmt::format("the token with id {} is empty", *id));
    texts_[*id] = text;
    ids_.emplace(text, static_cast<uint32_t>(*id));
    return {};
  }

  Status ReadVocabulary(const JsonObject& model) {
    CLLM_ASSIGN(const JsonObject vocabulary, model.Object("vocab"));
    for (const JsonField& field : vocabulary.fields()) CLLM_TRY(AddId(field.name, &field.value));
    return {};
  }

  Status ReadAddedTokens(const JsonObject& root) {
    CLLM_ASSIGN(const JsonArray added, root.Array("added_tokens"));
    std::array<uint32_t*, 3> ids = {&parts_.unknown, &parts_.begin, &parts_.end};
    for (uint32_t* id : ids) *id = kNoId;
    for (const JsonValue& entry : added) {
      const auto* fields = std::get_if<JsonFields>(&entry.content());
      if (fields == nullptr) return Fault(file_, "an added token is not an object");
      const JsonValue *content = FieldOf(*fields, "content"), *id = FieldOf(*fields, "id");
      const std::string* text = content == nullptr ? nullptr : TextOf(*content);
      if (text == nullptr) return Fault(file_, "an added token has no content");
      const auto name = std::find(kSpecialNames.begin(), kSpecialNames.end(), *text);
      if (name == kSpecialNames.end()) {
        return Fault(file_,
                     fmt::format("the added token \"{}\" is not one of {}", *text, fmt::join(kSpecialNames, " ")));
      }
      CLLM_TRY(AddId(*text, id));
      *ids[static_cast<size_t>(name - kSpecialNames.begin())] = ids_.at(*text);
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      if (*ids[i] == kNoId) return Fault(file_, fmt::format("the added token \"{}\" is missing", kSpecialNames[i]));
    }
    return {};
  }

  static const JsonValue* FieldOf(const JsonFields& fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const JsonField& f) { return f.name == name; });
    return found == fields.end() ? nullptr : &found->value;
  }

  // The bytes of every id.
  Status ReadTokens() {
    for (uint32_t id = 0; id < texts_.size(); ++id) {
      if (id == parts_.unknown || id == parts_.begin || id == parts_.end) {
        parts_.tokens.emplace_back();
        continue;
      }
      if (texts_[id].empty()) {
        return Fault(file_, fmt::format("no token has the id {}; expected every id below {}", id, texts_.size()));
      }
      const Result<std::string> bytes = FromByteAlphabet(texts_[id]);
      if (!bytes.ok()) return In(file_, bytes.status());
      parts_.tokens.push_back(*bytes);
    }
    return {};
  }

  // Both forms: "a b" and ["a", "b"].
  Status ReadMerges(const JsonObject& model) {
    CLLM_ASSIGN(const JsonArray merges, model.Array("merges"));
    for (const JsonValue& entry : merges) {
      std::string left, right;
      if (const std::string* text = TextOf(entry)) {
        const size_t space = text->find(' ');
        left = text->substr(0, space);
        if (space != std::string::npos) right = text->substr(space + 1);
      } else if (const auto* pair = std::get_if<JsonArray>(&entry.content()); pair != nullptr && pair->size() == 2) {
        if (TextOf((*pair)[0]) != nullptr) left = *TextOf((*pair)[0]);
        if (TextOf((*pair)[1]) != nullptr) right = *TextOf((*pair)[1]);
      }
      CLLM_TRY(AddMerge(left, right));
    }
    return {};
  }

  Status AddMerge(const std::string& left, const std::string& right) {
    const size_t rank = parts_.merges.size();
    if (left.empty() || right.empty()) {
      return Fault(file_, fmt::format("merge {} is neither \"a b\" nor [\"a\", \"b\"]", rank));
    }
    std::array<uint32_t, 3> ids{};
    const std::array<std::string, 3> texts = {left, right, left + right};
    for (size_t i = 0; i < ids.size(); ++i) {
      const auto found = ids_.find(texts[i]);
      if (found == ids_.end()) {
        return Fault(file_, fmt::format("merge {} needs the token \"{}\", which is not in vocab", rank, texts[i]));
      }
      ids[i] = found->second;
    }
    parts_.merges.push_back({.left = ids[0], .right = ids[1], .result = ids[2]});
    return {};
  }

  std::string file_;
  std::vector<std::string> texts_;  // by id, empty where there is none yet
  IdsByText ids_;
  TokenizerParts parts_;
};

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

Result<TokenLattice> ReadLattice(const std::string& json, const std::string& file) {
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
  Result<TokenLattice> lattice = TokenLattice::FromParts(std::move(parts));
  if (!lattice.ok()) return In(file, lattice.status());
  return lattice;
}

}  // namespace

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
                      {"ignore_merges", false},
                      {"vocab", std::move(vocabulary)},
                      {"merges", std::move(merges)}};
  const JsonFields root = {{"version", "1.0"},
                           {"truncation", {}},
                           {"padding", {}},
                           {"added_tokens", AddedTokens(tokenizer)},
                           {"normalizer", {}},
                           {"pre_tokenizer", ByteLevelFields()},
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
  const JsonFields root = {{"format", kLatticeFormat},
                           {"codes", JsonArray(lattice.codes().begin(), lattice.codes().end())},
                           {"suffixes", std::move(suffixes)},
                           {"roots", std::move(roots)}};
  return WriteJson(root) + "\n";
}

Status SaveTokenizer(const Tokenizer& tokenizer, FileSystem& files, const std::string& directory) {
  CLLM_TRY(AtomicWriteFile(files, JoinPath(directory, kTokenizerFileName), AsBytes(TokenizerJson(tokenizer))));
  return AtomicWriteFile(files, JoinPath(directory, kLatticeFileName), AsBytes(LatticeJson(tokenizer)));
}

Result<Tokenizer> ParseTokenizer(const std::string& tokenizer_json, const std::string& lattice_json,
                                 const std::string& name) {
  const std::string tokenizer_file = JoinPath(name, kTokenizerFileName);
  CLLM_ASSIGN(TokenizerParts parts, TokenizerJsonReader(tokenizer_file).Read(tokenizer_json));
  CLLM_ASSIGN(TokenLattice lattice, ReadLattice(lattice_json, JoinPath(name, kLatticeFileName)));
  Result<Tokenizer> tokenizer = Tokenizer::Create(std::move(parts), std::move(lattice));
  if (!tokenizer.ok()) return In(tokenizer_file, tokenizer.status());
  return tokenizer;
}

Result<Tokenizer> LoadTokenizer(const std::string& directory) {
  CLLM_ASSIGN(const std::string tokenizer_json, ReadFile(JoinPath(directory, kTokenizerFileName), kMaxFileBytes));
  CLLM_ASSIGN(const std::string lattice_json, ReadFile(JoinPath(directory, kLatticeFileName), kMaxFileBytes));
  return ParseTokenizer(tokenizer_json, lattice_json, directory);
}

}  // namespace cllm
