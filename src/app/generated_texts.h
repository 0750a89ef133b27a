#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "infer/request.h"
#include "model/weights.h"
#include "spheres/spheres.h"

namespace cllm {

// A prompt as text, or as token ids where there are any.
struct Prompt {
  std::string text = "";
  std::vector<uint32_t> ids = {};
};

// How texts are written on standard output.
enum class TextForm {
  kPlain,     // as it is, a newline at its end
  kLines,     // a line each: OnOneLine
  kLogprobs,  // each token with its logarithmic probability, a line each
  kJson,      // an object a line
};

// What is to be generated: each prompt `count` times, with the seeds options.sampler.seed, that plus one, and so on.
struct TextsToGenerate {
  std::vector<Prompt> prompts = {};
  uint64_t count = 1;
  RequestOptions options = {};
  TextForm form = TextForm::kPlain;
  bool echo = false;  // the prompt before the text, where the form shows texts
};

// What generates: a loaded model and the leaves that decode with it.
struct Speaker {
  const Weights& weights;
  const Tokenizer& tokenizer;
  Spheres* pool;
};

// Generates the texts together, as many at once as memory allows, and writes them in the order of prompts and seeds as
// soon as they are there, the first that is not finished as it is made. A text is the same however many are made with
// it. Prompts of which the context holds only a part are told on standard error. Error: standard output cannot be
// written.
Status GenerateTexts(const TextsToGenerate& texts, const Speaker& speaker);

}  // namespace cllm
