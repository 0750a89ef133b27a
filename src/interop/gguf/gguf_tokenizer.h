#pragma once

#include "interop/gguf/gguf_file.h"
#include "text/tokenizer.h"

namespace cllm {

// The tokenizer in a GGUF file: byte-level BPE (`gpt2`). Its lattice is the one stored by us, else one made from the
// tokens. Error (BadInput): another kind, inconsistent parts; names the key.
Result<Tokenizer> GgufTokenizer(const Gguf& file);

}  // namespace cllm
