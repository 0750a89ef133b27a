#include "api/text_input.h"

#include <algorithm>
#include <utility>

#include "corpus/source_file.h"

namespace cllm {
namespace {

Status CheckKinds(const Text& text, const Text& validation) {
  if (!text.files.empty() && !text.documents.empty()) {
    return Usage("`text` has files and documents, expected one of them");
  }
  if (text.files.empty() && text.documents.empty()) return Usage("no `text` named, expected files or documents");
  const bool in_memory = !text.documents.empty();
  if (in_memory ? !validation.files.empty() : !validation.documents.empty()) {
    return Usage("`text` and `val` are of two kinds, expected files or documents for both");
  }
  if (in_memory && text.chat) return Usage("`chat` needs files of .jsonl, found documents in memory");
  return {};
}

}  // namespace

Status CheckFiles(const std::vector<std::string>& paths) {
  if (std::find(paths.begin(), paths.end(), kStandardInput) == paths.end()) return {};
  return Usage("'-' is standard input, which the library does not read; expected files, or documents in memory");
}

Result<std::optional<GivenText>> NameTexts(FileSystem& files, const Text& text, const Text& validation,
                                           RunChoices& choices) {
  CLLM_TRY(CheckKinds(text, validation));
  CLLM_TRY(CheckFiles(text.files));
  CLLM_TRY(CheckFiles(validation.files));
  choices.text = text.files;
  choices.validation = validation.files;
  choices.include = text.include;
  choices.exclude = text.exclude;
  choices.field = text.field;
  choices.separator = text.separator;
  choices.chat = text.chat;
  if (text.documents.empty()) return std::optional<GivenText>();
  CLLM_ASSIGN(GivenText given, GivenText::Write(files, {.text = text.documents, .validation = validation.documents}));
  given.NameIn(choices);
  return std::optional<GivenText>(std::move(given));
}

}  // namespace cllm
