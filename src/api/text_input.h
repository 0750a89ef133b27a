#pragma once

#include <optional>

#include "base/status.h"
#include "cllm/text.h"
#include "run/given_text.h"
#include "run/run_choices.h"
#include "store/file_system.h"

namespace cllm {

// Names the caller's texts in choices: files as they are, documents through files of their own, which live as long as
// what is returned and borrow the documents. Error (Usage): none, both, or of two kinds; (Failed) as
// GivenText::Write.
Result<std::optional<GivenText>> NameTexts(FileSystem& files, const Text& text, const Text& validation,
                                           RunChoices& choices);

// Error (Usage): standard input among them, which belongs to the caller.
Status CheckFiles(const std::vector<std::string>& paths);

}  // namespace cllm
