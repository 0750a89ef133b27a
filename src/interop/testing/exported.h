#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "interop/exported_model.h"
#include "store/file_group.h"
#include "text/tokenizer_trainer.h"

// Models and files for tests.
namespace cllm {

// Shapes of every kind that the formats tell apart.
inline std::vector<ModelShape> ExportedShapes(size_t vocabulary) {
  return {{.layers = 2, .heads = 2, .width = 32, .hidden = 44, .context = 16, .vocabulary = vocabulary},
          {.layers = 1,
           .heads = 4,
           .width = 64,
           .hidden = 96,
           .context = 300,
           .vocabulary = vocabulary,
           .kv_heads = 2,
           .untied = true,
           .rope_base = 500000,
           .norm_eps = 1e-6},
          {.layers = 2,
           .heads = 3,
           .width = 32,
           .hidden = 64,
           .context = 256,
           .vocabulary = vocabulary,
           .kv_heads = 1,
           .head_dim = 10,
           .rope_base = 10000.3},
          {.layers = 1,
           .heads = 2,
           .width = 64,
           .hidden = 96,
           .context = 256,
           .vocabulary = vocabulary,
           .rope_base = 500000,
           .rope_factor = 8,
           .rope_low = 1,
           .rope_high = 4,
           .rope_original = 64}};
}

inline Tokenizer SmallBpe() {
  constexpr std::string_view kProse =
      "walk walks walked walking walker talk talks talked talking talker the The THE then there they're don't 1234 "
      "na\xC3"
      "\xAFve walk walks walked walking walker talk talks talked talking talker the The THE then there they're don't "
      "1234";
  const std::vector<std::string_view> documents = {kProse, kProse, kProse};
  Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = 300}, DocumentSource(documents), 1);
  CHECK(tokenizer.ok());
  return *std::move(tokenizer);
}

inline Parameters SomeWeights(const ModelShape& shape) {
  Parameters parameters(shape);
  InitializeParameters(7, parameters);
  return parameters;
}

// Writes the files of a model and returns what a reader opens: the .gguf file or the directory.
inline std::string WriteExported(const ExportedModel& model, const ExportChoice& choice, const std::string& directory) {
  PosixFileSystem files;
  CHECK(WriteFileGroup(files, directory, ExportedFiles(model, choice, "model"), IfThere::kReplace).ok());
  return choice.format == ExportFormat::kGguf ? directory + "/model.gguf" : directory;
}

}  // namespace cllm
