#pragma once

#include <string>

#include "interop/exported_model.h"

namespace cllm {

// A page on the model for people, in Markdown with the fields that Hugging Face's hub reads on top. `stem` as in
// ExportedFiles.
std::string ModelCard(const ExportedModel& model, const ExportChoice& choice, const std::string& stem);

}  // namespace cllm
