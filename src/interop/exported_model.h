#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/parameters.h"
#include "model/tensor_types.h"
#include "store/checkpoint.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

// Models as files that other programs run: GGUF for llama.cpp and what is built on it, a directory for Hugging Face's
// transformers.
namespace cllm {

enum class ExportFormat { kGguf, kHuggingFace };

// What is exported: views, and words for the model's card.
struct ExportedModel {
  const Parameters& parameters;
  const Tokenizer& tokenizer;          // of the shape's vocabulary
  std::string name;                    // "book-1"
  std::string origin;                  // a sentence on where the weights come from
  const ChatTemplate* chat = nullptr;  // how it was taught dialogues; null: it continues texts

  const ModelShape& shape() const { return parameters.shape(); }
};

// How. Norms are F32 in every type.
struct ExportChoice {
  ExportFormat format = ExportFormat::kGguf;
  TensorType type = TensorType::kF32;  // of matrices
};

// Whether the readers of the format take such a model. Error (Usage): it cannot be exported so, and why.
Status CheckExportable(const ExportedModel& model, const ExportChoice& choice);

// Sentences on what will be different for who uses the file.
std::vector<std::string> ExportNotes(const ModelShape& shape, const ExportChoice& choice);

// The type in which a matrix of that many columns is written: GGUF's readers take Q8_0 in whole blocks only, so that
// other rows are F16.
TensorType MatrixType(TensorType chosen, size_t columns);

// The files, the model's own last. `stem`: of GGUF, the file's name without .gguf. They view the model until written.
// REQUIRES: CheckExportable is ok.
std::vector<CheckpointFile> ExportedFiles(const ExportedModel& model, const ExportChoice& choice,
                                          const std::string& stem);

}  // namespace cllm
