#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cllm/error.h"
#include "cllm/events.h"
#include "cllm/model.h"
#include "cllm/visibility.h"

// Models as files of other programs. Thread-safe for different places on disk.
namespace cllm::inline api {

enum class FileFormat {
  kGguf,         // a file for llama.cpp, Ollama and LM Studio, with a Modelfile and a card beside it
  kHuggingFace,  // a directory for transformers
};

enum class IfFileExists { kRefuse, kReplace };

struct ExportOptions {
  FileFormat format = FileFormat::kGguf;
  NumberType type = NumberType::kF32;  // of the matrices; kQ8_0 in GGUF alone
  std::string out = {};  // a .gguf file or a directory. Left out: in the working directory, by the model's name
  IfFileExists if_exists = IfFileExists::kRefuse;
  bool verify = false;  // read it back and compare every number, and the logits on a text that the model writes
};

// What was written. A plain value.
struct ExportResult {
  std::string path = {};                // the .gguf file, or the directory
  std::vector<std::string> files = {};  // all of them, the model's own last
  uint64_t bytes = 0;              // of the model's own
  // Where it was verified, else 0: the largest difference of a logit and the largest logit, over so many positions.
  double largest_difference = 0, largest_logit = 0;
  uint64_t positions = 0;
};

// Writes a model, named as for Model::Open, all its files or none. What will be different there is told as Notes.
// Errors: as Model::Open; kBadOption: a shape that the format cannot hold, files that are there; kNoResources: the
// disk is full; kFailed: it could not be written, or what was read back is not what was written.
CLLM_API Expected<ExportResult> Export(const std::string& model, const ExportOptions& options = {},
                                        const Watch& watch = {});

// Makes a model of another program one of this: a .gguf file of the llama architecture, or a Hugging Face directory
// of the Llama family, into `directory`, which Model::Open and TrainOptions::from take from then on. Errors:
// kBadInput: another architecture or a damaged file, by the field's name; kBadOption: files that are there;
// kNoResources; kFailed.
CLLM_API Expected<ModelInfo> Import(const std::string& path, const std::string& directory,
                                    IfFileExists if_exists = IfFileExists::kRefuse, const Watch& watch = {});

}  // namespace cllm::inline api
