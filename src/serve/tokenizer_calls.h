#pragma once

#include "serve/field_reader.h"
#include "serve/served_model.h"

// The calls about a model's tokens: /tokenize, /detokenize, /tokenizer_info, and llama.cpp's /props.
namespace cllm {

// {"content" or "prompt", "add_special" or "add_special_tokens", "with_pieces"} to {"tokens", "count",
// "max_model_len"}. A text that is a special token's name, and nothing else, is that token: so clients ask for its id.
HttpAnswer Tokenize(FieldReader& fields, const ServedModel& model);
// {"tokens"} to {"content", "prompt"}.
HttpAnswer Detokenize(FieldReader& fields, const ServedModel& model);
// A dialogue as the model is given it: its text, its tokens, and the texts that end an answer to it.
HttpAnswer ApplyTemplate(FieldReader& fields, const ServedModel& model);
JsonFields TokenizerInfo(const ServedModel& model);
// texts: that are decoded at once.
JsonFields Properties(const ServedModel& model, size_t texts, const std::string& program);

}  // namespace cllm
