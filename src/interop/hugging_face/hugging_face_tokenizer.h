#pragma once

#include <string>

#include "store/json.h"
#include "text/tokenizer.h"

namespace cllm {

// The tokenizer of a directory of Hugging Face's, from tokenizer.json; with the lattice of our lattice.json where it
// lies beside it, else one made from the tokens. `config` is config.json, for what tokenizer.json does not say. Error
// (BadInput): another kind, inconsistent parts; names the file and the field.
Result<Tokenizer> HuggingFaceTokenizer(const std::string& directory, const JsonObject& config);

}  // namespace cllm
