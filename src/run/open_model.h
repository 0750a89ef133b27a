#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  std::string path;       // the directory of its files, or the .gguf file; symlinks resolved
  std::string file;       // the one file that is as old as the weights
  uint64_t step = 0;      // of the checkpoint; 0 for a model without manifest.json
  std::vector<std::string> notes = {};  // sentences on what is different here from the program that wrote it

  const ModelShape& shape() const { return stored.shape; }
};

// The directory of a model of ours: a run directory (its best checkpoint), RUN@best, RUN@latest or RUN@STEP, a
// checkpoint directory (its tokenizer lies beside it or in the run two levels up), or a directory that holds
// model.safetensors, tokenizer.json and lattice.json. Error (BadInput): one sentence that names the path, what was
// expected and what was found.
Result<std::string> ModelDirectory(const std::string& model);

// Opens what the command line calls MODEL: one of ours as above, or one of another program as it lies there, a .gguf
// file or a directory of Hugging Face's. A checkpoint's model file is compared with its manifest; that the numbers of
// another program's are finite is seen here. Error: as above.
Result<OpenedModel> OpenModel(const std::string& model);

// The tokenizer of a MODEL, or of a directory that holds one alone. Error: as above.
Result<Tokenizer> TokenizerOf(const std::string& model);

}  // namespace cllm
