#pragma once

#include <optional>

#include "base/status.h"
#include "corpus/left_out.h"
#include "corpus/source_file.h"

namespace cllm {

// What the start of a file says about it: text, or why not.
struct StartVerdict {
  std::optional<LeftOutReason> reason = {};  // none: it is text
  Status fault = {};                         // the same as a sentence
};

// Opens a file and looks at its first kBinaryCheckBytes of text. A book is known by its content, too: its layout is
// then set.
StartVerdict LookAtStart(SourceFile& file);

}  // namespace cllm
