#include "interop/ollama.h"

#include <fmt/format.h>

namespace cllm {
namespace {

// kPlainChat in the language of Go's templates.
std::string MessagesTemplate(const std::string& end) {
  return "{{ range .Messages }}{{ .Role }}: {{ .Content }}{{ if eq .Role \"assistant\" }}" + end +
         "{{ end }}\n\n{{ end }}assistant:";
}

}  // namespace

std::string OllamaModelfile(const ExportedModel& model, const std::string& gguf_name) {
  const std::string end = model.tokenizer.TokenText(model.tokenizer.end());
  return fmt::format(
      "FROM ./{}\n"
      "TEMPLATE \"\"\"{}\"\"\"\n"
      "PARAMETER num_ctx {}\n"
      "PARAMETER stop \"{}\"\n"
      "PARAMETER temperature 0.8\n"
      "PARAMETER top_k 40\n"
      "PARAMETER top_p 0.95\n"
      "PARAMETER min_p 0.05\n"
      "PARAMETER repeat_penalty 1\n",
      gguf_name, model.chat == nullptr ? "{{ .Prompt }}" : MessagesTemplate(end), model.shape().context, end);
}

}  // namespace cllm
