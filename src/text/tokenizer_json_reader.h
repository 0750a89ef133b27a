#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "store/json.h"
#include "text/tokenizer.h"

namespace cllm {

// Which of the special tokens are which: tokenizer.json does not say.
struct SpecialIds {
  uint32_t unknown = kUnknownId, begin = kBeginId, end = kEndId;
  bool adds_begin = true;  // as in TokenizerParts
};

// Reads tokenizer.json into the parts of a tokenizer. Used once.
class TokenizerJsonReader {
 public:
  // file: what errors call it. ids: none where they have our names.
  TokenizerJsonReader(std::string file, std::optional<SpecialIds> ids) : file_(std::move(file)), special_ids_(ids) {}

  // Error (BadInput): names the file and the fault.
  Result<TokenizerParts> Read(const std::string& json);

 private:
  Status CheckKind(const JsonObject& root);
  Status CheckModel(const JsonObject& model);
  Status AddId(const std::string& text, const JsonValue* value);
  Status ReadVocabulary(const JsonObject& model);
  Status ReadAddedTokens(const JsonObject& root);
  Status FindSpecials();
  Status ReadTokens();
  Status ReadMerges(const JsonObject& model);
  Status AddMerge(const std::string& left, const std::string& right);

  std::string file_;
  std::optional<SpecialIds> special_ids_;
  std::vector<std::string> texts_;  // by id, empty where there is none yet
  std::unordered_map<std::string, uint32_t> ids_;
  TokenizerParts parts_;
};

}  // namespace cllm
