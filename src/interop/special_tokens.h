#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "text/tokenizer.h"
#include "text/tokenizer_json_reader.h"

namespace cllm {

// What a file says of its special tokens; nothing where it is silent.
struct NamedSpecials {
  std::optional<uint32_t> unknown = {}, begin = {}, end = {};
  std::optional<bool> adds_begin = {};
};

// What they are for us. A text needs an end; where there is no begin, documents are set apart by the end alone, and
// where there is no unknown token, which never comes out of a text here, another stands for it. Error (BadInput): no
// end; `label` names the file and `field` what it lacks.
Result<SpecialIds> SpecialsFrom(const NamedSpecials& named, const std::string& label, const std::string& field);

}  // namespace cllm
