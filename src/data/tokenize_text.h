#pragma once

#include "base/status.h"
#include "data/prepared_corpus.h"
#include "data/token_file_writer.h"

namespace cllm {

// Tokenizes both parts of `text` into `writer` (which is left unfinished), in bounded memory, on options.threads
// threads. Errors: those of the text and of the writer.
Status TokenizeText(const SplitText& text, const Tokenizer& tokenizer, const PrepareOptions& options,
                    TokenFileWriter& writer);

}  // namespace cllm
