#include "run/run_choices.h"

#include <fmt/format.h>

#include <algorithm>

namespace cllm {
namespace {

Status CheckHeads(const ShapeChoices& c) {
  if (c.heads && c.kv_heads && *c.heads % *c.kv_heads != 0) {
    return Usage(fmt::format("`kv-heads` {} does not divide `heads` {}; each key/value head serves as many query "
                             "heads",
                             *c.kv_heads, *c.heads));
  }
  if (c.head_dim && *c.head_dim % 2 != 0) {
    return Usage(fmt::format("`head-dim` is {}, expected an even number (rotary pairs)", *c.head_dim));
  }
  if (!c.heads || !c.width || c.head_dim) return {};
  if (*c.width % *c.heads != 0) {
    return Usage(fmt::format("`heads` {} does not divide `width` {}; choose a width that is a multiple of the heads, "
                             "or name `head-dim`",
                             *c.heads, *c.width));
  }
  if (*c.width / *c.heads % 2 != 0) {
    return Usage(fmt::format("`width` {} over `heads` {} gives a head size of {}, expected an even one (rotary pairs)",
                             *c.width, *c.heads, *c.width / *c.heads));
  }
  return {};
}

}  // namespace

Status CheckChoices(const RunChoices& c) {
  if (c.item && c.batch && *c.item > *c.batch) {
    return Usage(fmt::format("`item` {} is more than `batch` {}; an item is a part of the batch", *c.item, *c.batch));
  }
  CLLM_TRY(CheckHeads(c));
  const auto stdin_count = std::count(c.text.begin(), c.text.end(), "-") +
                           std::count(c.validation.begin(), c.validation.end(), "-");
  if (stdin_count > 1) return Usage("standard input (-) is named more than once; it can be read once only");
  return {};
}

}  // namespace cllm
