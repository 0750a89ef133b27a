#pragma once

#include <memory>

#include "app/chat/line_input.h"

namespace cllm {

// Lines typed on the terminal of standard input, shown on standard error: libedit with the history of this session,
// Emacs' keys, and what the user's ~/.editrc says. Characters are UTF-8 whatever the locale. One at a time in a
// process.
std::unique_ptr<LineInput> LineEditor(Interrupts& interrupts);

}  // namespace cllm
