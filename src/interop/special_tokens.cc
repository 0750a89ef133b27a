#include "interop/special_tokens.h"

#include <fmt/format.h>

namespace cllm {

Result<SpecialIds> SpecialsFrom(const NamedSpecials& named, const std::string& label, const std::string& field) {
  if (!named.end) {
    return BadInput(fmt::format("{}: {} is missing, expected the token that ends a text", label, field));
  }
  SpecialIds ids{.end = *named.end};
  ids.begin = named.begin.value_or(ids.end);
  ids.unknown = named.unknown.value_or(ids.begin);
  ids.adds_begin = named.begin.has_value() && named.adds_begin.value_or(false);
  return ids;
}

}  // namespace cllm
