#pragma once

#include <string>

#include "base/status.h"
#include "store/json.h"
#include "text/pre_split.h"

// Pre-splits in tokenizer.json, and under llama.cpp's names.
namespace cllm {

// The field "pre_tokenizer".
JsonValue PreSplitJson(PreSplit rule);

// Reads it. Error (BadInput): none of those that are known here; names the file.
Result<PreSplit> ParsePreSplit(const JsonObject& pre_tokenizer, const std::string& file);

// "gpt-2", "smollm", "llama-bpe", "qwen2".
std::string NameOf(PreSplit rule);
// Error (BadInput): another name.
Result<PreSplit> PreSplitNamed(const std::string& name);

}  // namespace cllm
