#include "train/run_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace cllm {

StepOptions RunConfig::Step() const {
  CHECK(batch && item && rate && embedding_rate && steps && dropout);
  StepOptions step;
  step.batch = *batch;
  step.item = *item;
  step.lambda = static_cast<float>(lambda);
  step.dropout = static_cast<float>(*dropout);
  step.clip = static_cast<float>(clip);
  step.seed = seed;
  step.precision = precision == "bf16" ? Precision::kBf16 : Precision::kFp32;
  step.optimizer.kind = optimizer;
  step.optimizer.matrix_rate = *rate;
  step.optimizer.embedding_rate = *embedding_rate;
  step.optimizer.weight_decay = weight_decay;
  step.schedule.segments = {{.begin = 0, .end = *steps, .warmup = warmup, .factor = 1}};
  return step;
}

Status CheckRunConfig(const RunConfig& c) {
  if (c.item && c.batch && *c.item > *c.batch) {
    return Usage(fmt::format("--item {} is more than --batch {}; an item is a part of the batch", *c.item, *c.batch));
  }
  if (c.heads && c.kv_heads && *c.heads % *c.kv_heads != 0) {
    return Usage(fmt::format("--kv-heads {} does not divide --heads {}; each key/value head serves as many query heads",
                             *c.kv_heads, *c.heads));
  }
  if (c.head_dim && *c.head_dim % 2 != 0) {
    return Usage(fmt::format("--head-dim is {}, expected an even number (rotary pairs)", *c.head_dim));
  }
  if (c.heads && c.width && !c.head_dim) {
    if (*c.width % *c.heads != 0) {
      return Usage(fmt::format("--heads {} does not divide --width {}; choose a width that is a multiple of the heads, or "
                               "name --head-dim",
                               *c.heads, *c.width));
    }
    if (*c.width / *c.heads % 2 != 0) {
      return Usage(fmt::format("--width {} over --heads {} gives a head size of {}, expected an even one (rotary pairs)",
                               *c.width, *c.heads, *c.width / *c.heads));
    }
  }
  const auto stdin_count = std::count(c.text.begin(), c.text.end(), "-") +
                           std::count(c.validation.begin(), c.validation.end(), "-");
  if (stdin_count > 1) return Usage("standard input (-) is named more than once; it can be read once only");
  return {};
}

std::vector<ConfigEntry> ToEntries(const RunConfig& config) {
  std::vector<ConfigEntry> entries = {
      {.key = "format", .value = std::to_string(kRunFormat), .kind = ConfigKind::kBare},
      {.key = "numerics", .value = std::to_string(kNumerics), .kind = ConfigKind::kBare}};
  for (const OptionSpec& option : RunOptions()) {
    for (std::string& value : option.get(config)) {
      entries.push_back({.key = std::string(option.name),
                         .value = std::move(value),
                         .kind = option.bare ? ConfigKind::kBare : ConfigKind::kText});
    }
  }
  return entries;
}

namespace {

Status CheckFormatEntry(const ConfigEntry& entry, const std::string& label) {
  const uint64_t newest = entry.key == "format" ? kRunFormat : kNumerics;
  if (entry.value.size() <= 4 && std::all_of(entry.value.begin(), entry.value.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
      !entry.value.empty() && std::stoul(entry.value) <= newest) {
    return {};
  }
  return BadInput(fmt::format("{}, line {}: {} is {}, expected at most {}; a newer program wrote it", label, entry.line,
                              entry.key, entry.value, newest));
}

}  // namespace

Status ApplyEntries(const std::vector<ConfigEntry>& entries, const std::string& label, RunConfig& config) {
  const auto options = RunOptions();
  for (const ConfigEntry& entry : entries) {
    if (entry.key == "format" || entry.key == "numerics") {
      CLLM_TRY(CheckFormatEntry(entry, label));
      if (entry.key == "numerics") config.numerics = std::stoul(entry.value);
      continue;
    }
    const auto option = std::find_if(options.begin(), options.end(), [&](const auto& o) { return o.name == entry.key; });
    if (option == options.end()) {
      return BadInput(fmt::format("{}, line {}: unknown key '{}', expected an option of `cllm train --help` without its "
                                  "dashes",
                                  label, entry.line, entry.key));
    }
    if (const Status status = option->set(config, entry.value); !status.ok()) {
      return BadInput(fmt::format("{}, line {}: {}", label, entry.line, status.message()));
    }
  }
  return {};
}

}  // namespace cllm
