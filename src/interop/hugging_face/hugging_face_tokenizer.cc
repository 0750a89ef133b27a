#include "interop/hugging_face/hugging_face_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/file.h"
#include "base/path.h"
#include "interop/foreign_tokenizer.h"
#include "interop/special_tokens.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

const JsonValue* FieldOf(const JsonFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const JsonField& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

// The text of a field of tokenizer_config.json, which may be an added token with its content.
std::optional<std::string> TokenText(const JsonObject& config, const char* name) {
  const JsonValue* value = config.Find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* fields = std::get_if<JsonFields>(&value->content())) value = FieldOf(*fields, "content");
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->content());
  return text == nullptr ? std::nullopt : std::optional(*text);
}

// The id of an added token of that text.
std::optional<uint32_t> AddedId(const JsonObject& tokenizer, const std::string& text) {
  const Result<std::vector<JsonObject>> added = tokenizer.Objects("added_tokens");
  if (!added.ok()) return std::nullopt;
  for (const JsonObject& token : *added) {
    const Result<std::string> content = token.Text("content");
    const Result<uint64_t> id = token.Unsigned("id");
    if (content.ok() && *content == text && id.ok() && *id < kMaxVocabulary) return static_cast<uint32_t>(*id);
  }
  return std::nullopt;
}

// A number of config.json, the first one of a list.
std::optional<uint32_t> ConfigId(const JsonObject& config, const char* name) {
  const JsonValue* value = config.Find(name);
  if (value != nullptr) {
    if (const auto* list = std::get_if<JsonArray>(&value->content())) value = list->empty() ? nullptr : &list->front();
  }
  if (value == nullptr) return std::nullopt;
  const auto* small = std::get_if<int64_t>(&value->content());
  const auto* large = std::get_if<uint64_t>(&value->content());
  const uint64_t id = large != nullptr                  ? *large
                      : small != nullptr && *small >= 0 ? static_cast<uint64_t>(*small)
                                                        : kMaxVocabulary;
  return id < kMaxVocabulary ? std::optional(static_cast<uint32_t>(id)) : std::nullopt;
}

// Whether a text is given to the model with a special token in front: a template in the post-processor, or in one of
// its steps, that begins with one.
bool AddsBegin(const JsonFields& processor) {
  if (const JsonValue* steps = FieldOf(processor, "processors")) {
    const auto* list = std::get_if<JsonArray>(&steps->content());
    return list != nullptr && std::any_of(list->begin(), list->end(), [](const JsonValue& step) {
             const auto* fields = std::get_if<JsonFields>(&step.content());
             return fields != nullptr && FieldOf(*fields, "processors") == nullptr && AddsBegin(*fields);
           });
  }
  const JsonValue* single = FieldOf(processor, "single");
  const auto* pieces = single == nullptr ? nullptr : std::get_if<JsonArray>(&single->content());
  if (pieces == nullptr || pieces->empty()) return false;
  const auto* first = std::get_if<JsonFields>(&pieces->front().content());
  return first != nullptr && FieldOf(*first, "SpecialToken") != nullptr;
}

class Reader {
 public:
  Reader(std::string directory, const JsonObject& config)
      : directory_(std::move(directory)), path_(JoinPath(directory_, kTokenizerFileName)), config_(config) {}

  Result<Tokenizer> Read() {
    CLLM_ASSIGN(const std::string json, ReadFile(path_, kMaxFileBytes));
    CLLM_ASSIGN(std::optional<LatticeFile> stored, StoredLattice());
    std::optional<SpecialIds> ids = stored ? stored->special : std::nullopt;
    if (!stored) {
      CLLM_ASSIGN(ids, IdsOf(json));
    }
    CLLM_ASSIGN(TokenizerParts parts, ParseTokenizerParts(json, path_, ids));
    CLLM_TRY(Pad(parts));
    TokenLattice lattice = stored ? std::move(stored->lattice) : ForeignLattice(parts);
    Result<Tokenizer> tokenizer = Tokenizer::Create(std::move(parts), std::move(lattice));
    if (!tokenizer.ok()) return BadInput(path_ + ": " + tokenizer.status().message());
    return tokenizer;
  }

 private:
  Result<std::optional<LatticeFile>> StoredLattice() const {
    const std::string path = JoinPath(directory_, kLatticeFileName);
    if (!PathExists(path)) return std::optional<LatticeFile>();
    CLLM_ASSIGN(const std::string json, ReadFile(path, kMaxFileBytes));
    CLLM_ASSIGN(LatticeFile lattice, ParseLattice(json, path));
    return std::optional<LatticeFile>(std::move(lattice));
  }

  // From tokenizer_config.json, else config.json.
  Result<std::optional<SpecialIds>> IdsOf(const std::string& json) const {
    CLLM_ASSIGN(const JsonObject tokenizer, JsonObject::Parse(json, path_));
    NamedSpecials named{.begin = ConfigId(config_, "bos_token_id"), .end = ConfigId(config_, "eos_token_id")};
    const std::string words = JoinPath(directory_, "tokenizer_config.json");
    if (PathExists(words)) {
      CLLM_ASSIGN(const JsonObject word, JsonObject::ReadFrom(words, kMaxFileBytes));
      for (const auto& [name, id] : {std::pair{"unk_token", &named.unknown}, std::pair{"bos_token", &named.begin},
                                     std::pair{"eos_token", &named.end}}) {
        const std::optional<std::string> text = TokenText(word, name);
        const std::optional<uint32_t> found = text ? AddedId(tokenizer, *text) : std::nullopt;
        if (found) *id = found;
      }
    }
    const JsonValue* processor = tokenizer.Find("post_processor");
    const auto* fields = processor == nullptr ? nullptr : std::get_if<JsonFields>(&processor->content());
    named.adds_begin = fields != nullptr && AddsBegin(*fields);
    CLLM_ASSIGN(const SpecialIds ids, SpecialsFrom(named, directory_, "eos_token"));
    return std::optional<SpecialIds>(ids);
  }

  // Models may have more rows than their tokenizer has tokens, up to a round number: tokens that are never there.
  Status Pad(TokenizerParts& parts) const {
    CLLM_ASSIGN(const uint64_t vocabulary, config_.Unsigned("vocab_size"));
    if (vocabulary > kMaxVocabulary) {
      return BadInput(fmt::format("{}: vocab_size is {}, expected at most {}", directory_, vocabulary, kMaxVocabulary));
    }
    while (parts.tokens.size() < vocabulary) {
      const auto id = static_cast<uint32_t>(parts.tokens.size());
      parts.tokens.emplace_back();
      parts.specials.push_back({id, fmt::format("[PAD{}]", id)});
    }
    return {};
  }

  const std::string directory_, path_;
  const JsonObject& config_;
};

}  // namespace

Result<Tokenizer> HuggingFaceTokenizer(const std::string& directory, const JsonObject& config) {
  return Reader(directory, config).Read();
}

}  // namespace cllm
