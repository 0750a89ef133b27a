#include "text/file_fault.h"
#include "text/pre_split_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cllm {
namespace {

constexpr std::array<std::pair<std::string_view, PreSplit>, 4> kNames = {{{"gpt-2", PreSplit::kGpt2},
                                                                          {"smollm", PreSplit::kDigits},
                                                                          {"llama-bpe", PreSplit::kLlama3},
                                                                          {"qwen2", PreSplit::kQwen2}}};

// The regular expressions of those two, letter for letter as their makers' files have them.
constexpr std::string_view kLlama3Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
constexpr std::string_view kQwen2Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";

JsonFields ByteLevel(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

JsonFields Sequence(JsonFields first, bool use_regex) {
  return {{"type", "Sequence"}, {"pretokenizers", JsonArray{std::move(first), ByteLevel(use_regex)}}};
}

JsonFields Split(std::string_view pattern) {
  return {{"type", "Split"}, {"pattern", JsonFields{{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
}

// Whether a ByteLevel step cuts by itself. Error: a prefix that it would add.
Result<bool> UsesRegex(const JsonObject& step, const std::string& file) {
  CLLM_ASSIGN(const std::string type, step.Text("type"));
  if (type != "ByteLevel") return Fault(file, fmt::format("pre_tokenizer is \"{}\", expected ByteLevel", type));
  CLLM_ASSIGN(const bool prefix, step.Boolean("add_prefix_space"));
  if (prefix) return Fault(file, "pre_tokenizer needs add_prefix_space false and use_regex true");
  return step.Find("use_regex") == nullptr ? Result<bool>(true) : step.Boolean("use_regex");
}

Result<PreSplit> ParseSplit(const JsonObject& step, const std::string& file) {
  CLLM_ASSIGN(const JsonObject pattern, step.Object("pattern"));
  CLLM_ASSIGN(const std::string regex, pattern.Text("Regex"));
  CLLM_ASSIGN(const std::string behavior, step.Text("behavior"));
  CLLM_ASSIGN(const bool invert, step.Boolean("invert"));
  if (behavior == "Isolated" && !invert && regex == kLlama3Pattern) return PreSplit::kLlama3;
  if (behavior == "Isolated" && !invert && regex == kQwen2Pattern) return PreSplit::kQwen2;
  return Fault(
      file,
      fmt::format("pre_tokenizer splits by \"{}\", expected the pattern of GPT-2, Llama 3, Qwen 2 or SmolLM", regex));
}

// What comes before ByteLevel.
Result<PreSplit> ParseFirst(const JsonObject& step, const std::string& file) {
  CLLM_ASSIGN(const std::string type, step.Text("type"));
  if (type == "Split") return ParseSplit(step, file);
  if (type != "Digits") {
    return Fault(file, fmt::format("pre_tokenizer begins with \"{}\", expected Split or Digits", type));
  }
  CLLM_ASSIGN(const bool individual, step.Boolean("individual_digits"));
  if (individual) return PreSplit::kDigits;
  return Fault(file, "pre_tokenizer needs individual_digits true");
}

Result<PreSplit> ParseSequence(const JsonObject& sequence, const std::string& file) {
  CLLM_ASSIGN(const std::vector<JsonObject> steps, sequence.Objects("pretokenizers"));
  if (steps.size() != 2) {
    return Fault(file, fmt::format("pre_tokenizer has {} steps, expected one before ByteLevel", steps.size()));
  }
  CLLM_ASSIGN(const PreSplit rule, ParseFirst(steps[0], file));
  CLLM_ASSIGN(const bool regex, UsesRegex(steps[1], file));
  if (regex == (rule == PreSplit::kDigits)) return rule;
  return Fault(file, fmt::format("pre_tokenizer needs use_regex {} in its ByteLevel step", !regex));
}

}  // namespace

JsonValue PreSplitJson(PreSplit rule) {
  switch (rule) {
    case PreSplit::kGpt2:
      return ByteLevel(true);
    case PreSplit::kDigits:
      return Sequence({{"type", "Digits"}, {"individual_digits", true}}, true);
    case PreSplit::kLlama3:
      return Sequence(Split(kLlama3Pattern), false);
    case PreSplit::kQwen2:
      return Sequence(Split(kQwen2Pattern), false);
  }
  return {};
}

Result<PreSplit> ParsePreSplit(const JsonObject& pre_tokenizer, const std::string& file) {
  CLLM_ASSIGN(const std::string type, pre_tokenizer.Text("type"));
  if (type == "Sequence") return ParseSequence(pre_tokenizer, file);
  CLLM_ASSIGN(const bool regex, UsesRegex(pre_tokenizer, file));
  if (regex) return PreSplit::kGpt2;
  return Fault(file, "pre_tokenizer needs add_prefix_space false and use_regex true");
}

std::string NameOf(PreSplit rule) {
  for (const auto& [name, known] : kNames) {
    if (known == rule) return std::string(name);
  }
  return "";
}

Result<PreSplit> PreSplitNamed(const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, rule] : kNames) {
    if (known == name) return rule;
    names.push_back(known);
  }
  return BadInput(fmt::format("the pre-split '{}' is none of {}", name, fmt::join(names, ", ")));
}

}  // namespace cllm
