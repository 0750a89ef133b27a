#pragma once

#include "infer/request.h"
#include "serve/field_reader.h"
#include "text/tokenizer.h"

namespace cllm {

// Reads how tokens are drawn, and what ends a text: temperature, top_k, top_p, min_p, repeat_penalty
// (repetition_penalty), repeat_last_n, presence_penalty, frequency_penalty, seed, logit_bias, ignore_eos, stop. Without
// a seed, a random one.
void ReadSamplingFields(FieldReader& fields, const Tokenizer& tokenizer, RequestOptions& options);

}  // namespace cllm
