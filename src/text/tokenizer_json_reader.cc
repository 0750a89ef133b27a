#include "text/tokenizer_json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "store/json_values.h"
#include "text/byte_alphabet.h"
#include "text/file_fault.h"
#include "text/pre_split_json.h"

namespace cllm {
namespace {

bool IsNull(const JsonValue* value) {
  return value == nullptr || std::holds_alternative<std::monostate>(value->content());
}

const JsonValue* FieldOf(const JsonFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const JsonField& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

}  // namespace

Result<TokenizerParts> TokenizerJsonReader::Read(const std::string& json) {
  CLLM_ASSIGN(const JsonObject root, JsonObject::Parse(json, file_));
  CLLM_TRY(CheckKind(root));
  CLLM_ASSIGN(const JsonObject model, root.Object("model"));
  CLLM_TRY(CheckModel(model));
  CLLM_TRY(ReadVocabulary(model));
  CLLM_TRY(ReadAddedTokens(root));
  CLLM_TRY(FindSpecials());
  CLLM_TRY(ReadTokens());
  CLLM_TRY(ReadMerges(model));
  return std::move(parts_);
}

// The version, and a pre-split that is known. NFC, which Qwen's files ask for, is passed by: text stays the bytes that
// it is, as in llama.cpp.
Status TokenizerJsonReader::CheckKind(const JsonObject& root) {
  CLLM_ASSIGN(const std::string version, root.Text("version"));
  if (version != "1.0") return Fault(file_, fmt::format("found version \"{}\", expected \"1.0\"", version));
  if (!IsNull(root.Find("normalizer"))) {
    CLLM_ASSIGN(const JsonObject normalizer, root.Object("normalizer"));
    CLLM_ASSIGN(const std::string type, normalizer.Text("type"));
    if (type != "NFC") return Fault(file_, fmt::format("it has the normalizer \"{}\"; expected none (null)", type));
  }
  CLLM_ASSIGN(const JsonObject splitter, root.Object("pre_tokenizer"));
  CLLM_ASSIGN(parts_.pre_split, ParsePreSplit(splitter, file_));
  return {};
}

// Byte-level BPE without the variations that change how text is cut.
Status TokenizerJsonReader::CheckModel(const JsonObject& model) {
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
  if (model.Find("byte_fallback") != nullptr) {
    CLLM_ASSIGN(const bool spelled, model.Boolean("byte_fallback"));
    if (spelled) return Fault(file_, "model.byte_fallback is true; expected false");
  }
  if (model.Find("ignore_merges") != nullptr) {
    CLLM_ASSIGN(parts_.whole_pieces, model.Boolean("ignore_merges"));
  }
  return {};
}

Status TokenizerJsonReader::AddId(const std::string& text, const JsonValue* value) {
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

Status TokenizerJsonReader::ReadVocabulary(const JsonObject& model) {
  CLLM_ASSIGN(const JsonObject vocabulary, model.Object("vocab"));
  for (const JsonField& field : vocabulary.fields()) CLLM_TRY(AddId(field.name, &field.value));
  return {};
}

// All of them become special tokens: what is spelled like one in a text is text here.
Status TokenizerJsonReader::ReadAddedTokens(const JsonObject& root) {
  CLLM_ASSIGN(const JsonArray added, root.Array("added_tokens"));
  for (const JsonValue& entry : added) {
    const auto* fields = std::get_if<JsonFields>(&entry.content());
    if (fields == nullptr) return Fault(file_, "an added token is not an object");
    const JsonValue *content = FieldOf(*fields, "content"), *id = FieldOf(*fields, "id");
    const std::string* text = content == nullptr ? nullptr : TextOf(*content);
    if (text == nullptr) return Fault(file_, "an added token has no content");
    CLLM_TRY(AddId(*text, id));
    parts_.specials.push_back({ids_.at(*text), *text});
  }
  std::sort(parts_.specials.begin(), parts_.specials.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return {};
}

// By the ids given, else by our names, beside which no others are taken.
Status TokenizerJsonReader::FindSpecials() {
  if (special_ids_) {
    parts_.unknown = special_ids_->unknown, parts_.begin = special_ids_->begin, parts_.end = special_ids_->end;
    parts_.adds_begin = special_ids_->adds_begin;
    return {};
  }
  const std::array<std::pair<std::string_view, uint32_t*>, 3> own = {
      {{kUnknownName, &parts_.unknown}, {kBeginName, &parts_.begin}, {kEndName, &parts_.end}}};
  std::array<bool, 3> found{};
  for (const SpecialToken& special : parts_.specials) {
    const auto name =
        std::find_if(own.begin(), own.end(), [&](const auto& entry) { return entry.first == special.name; });
    if (name == own.end()) {
      return Fault(file_, fmt::format("the added token \"{}\" is not one of {} {} {}", special.name, kUnknownName,
                                      kBeginName, kEndName));
    }
    *name->second = special.id;
    found[static_cast<size_t>(name - own.begin())] = true;
  }
  const size_t missing = static_cast<size_t>(std::find(found.begin(), found.end(), false) - found.begin());
  if (missing == found.size()) return {};
  return Fault(file_, fmt::format("the added token \"{}\" is missing", own[missing].first));
}

// The bytes of every id.
Status TokenizerJsonReader::ReadTokens() {
  size_t special = 0;
  for (uint32_t id = 0; id < texts_.size(); ++id) {
    if (special < parts_.specials.size() && parts_.specials[special].id == id) {
      parts_.tokens.emplace_back();
      while (special < parts_.specials.size() && parts_.specials[special].id == id) ++special;
      continue;
    }
    if (texts_[id].empty()) {
      return Fault(file_, fmt::format("no token has the id {}; expected every id below {}", id, texts_.size()));
    }
    const Result<std::string> bytes = FromByteAlphabet(texts_[id]);
    if (!bytes.ok()) return Fault(file_, bytes.status().message());
    parts_.tokens.push_back(*bytes);
  }
  return {};
}

// Both forms: "a b" and ["a", "b"].
Status TokenizerJsonReader::ReadMerges(const JsonObject& model) {
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

Status TokenizerJsonReader::AddMerge(const std::string& left, const std::string& right) {
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

}  // namespace cllm
