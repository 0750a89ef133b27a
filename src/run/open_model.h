#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "model/stored_model.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace cllm {

// A model as it lies in files, with its tokenizer. Movable.
struct OpenedModel {
  StoredModel stored;     // mapped: what is wanted of it is read
  Tokenizer tokenizer;    // of as many tokens as the shape's vocabulary
  const ChatTemplate* chat = nullptr;  // how it was taught dialogues; null: it continues texts
  std::string directory;  // where model.safetensors lies, symlinks resolved
  uint64_t step = 0;      // of the checkpoint; 0 for a model without manifest.json

  const ModelShape& shape() const { return stored.shape; }
};

// The directory of what the command line calls MODEL: a run directory (its best checkpoint), RUN@best, RUN@latest or
// RUN@STEP, a checkpoint directory (its tokenizer lies beside it or in the run two levels up), or a directory that
// holds model.safetensors, tokenizer.json and lattice.json. Error (BadInput): one sentence that names the path, what
// was expected and what was found.
Result<std::string> ModelDirectory(const std::string& model);

// Opens a MODEL. A checkpoint's model file is compared with its manifest. Error: as above.
Result<OpenedModel> OpenModel(const std::string& model);

}  // namespace cllm
