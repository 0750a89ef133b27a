#pragma once

// Crystalline CLLM as a library: trains language models, continues prompts with them, measures and exports them. All
// that it has, in one header; docs/library.md is the guide.
//
//   cllm::Expected<cllm::TrainedRun> run = cllm::Train({.text = {.files = {"book.txt"}}, .steps = 2000});
//   cllm::Expected<cllm::Model> model = cllm::Model::Open(run->directory);
//   cllm::Expected<cllm::Generator> generator = cllm::Generator::Start(*model);
//   std::cout << generator->Generate("Once upon")->text;
//
// No function of it prints, exits, handles signals, changes the working directory, the locale or the environment, or
// lets an exception out but std::bad_alloc of the values that it hands over. Environment variables are read:
// CLLM_CACHE, XDG_CACHE_HOME, HOME (where prepared texts are kept), CLLM_CACHE_LIMIT, TMPDIR. While a call lasts its
// thread rounds floats to nearest and keeps denormals, in callbacks too, whatever the program has set; after it, as
// before. Needs an x86-64 processor with AVX2 (x86-64-v3) or 64-bit ARM.

#include "cllm/error.h"
#include "cllm/events.h"
#include "cllm/exchange.h"
#include "cllm/generator.h"
#include "cllm/model.h"
#include "cllm/text.h"
#include "cllm/training.h"
#include "cllm/version.h"
