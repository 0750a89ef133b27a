#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/stored_model.h"
#include "store/checkpoint.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace cllm {

// A model in files of another program, as ours: read from the mapped files when wanted. Movable, immutable.
struct ForeignModel {
  StoredModel stored;
  Tokenizer tokenizer;                 // of the shape's vocabulary
  std::vector<std::string> notes;      // sentences on what is different here
  const ChatTemplate* chat = nullptr;  // how it was taught dialogues, if that is known here; null: it continues texts

  const ModelShape& shape() const { return stored.shape; }
};

// How a file of GGUF is called, and the file that tells what a directory of Hugging Face's holds.
inline constexpr std::string_view kGgufEnding = ".gguf";
inline constexpr const char* kHuggingFaceConfig = "config.json";

// Whether a path is one of the two. (A directory with our lattice.json is ours, exported as it may be.)
bool IsForeignModel(const std::string& path);

// A .gguf file of the llama architecture, or a directory of Hugging Face's of the Llama family. Error (BadInput): one
// sentence that names the file, the field, what was expected and what was found; it takes no memory for what the files
// do not hold.
Result<ForeignModel> OpenForeignModel(const std::string& path);

// The template of this text, or null with a note: what a file holds is compared, not executed.
const ChatTemplate* KnownChatTemplate(const std::string& jinja, std::vector<std::string>& notes);

// Our files of a model: chat_template.json where it has one, tokenizer.json, lattice.json, model.safetensors last.
// Matrices are written in the types that they have (Q4_0 as Q8_0 of the same scales, exactly), those of several types
// as F32. They view the model until written.
std::vector<CheckpointFile> ImportedFiles(const ForeignModel& model);

}  // namespace cllm
