#include "app/model_argument.h"

#include <utility>

#include "app/messages.h"

namespace cllm {

void AddModelArgument(CommandLine& line, std::string& model) {
  line.AddRequiredText("MODEL", model,
                       "a run, RUN@latest, RUN@STEP, a checkpoint, a model directory, a .gguf file or a directory of "
                       "Hugging Face's");
}

Result<OpenedModel> OpenModelAloud(const std::string& model) {
  CLLM_ASSIGN(OpenedModel opened, OpenModel(model));
  for (const std::string& note : opened.notes) PrintNote(note);
  return opened;
}

}  // namespace cllm
