#include <fmt/format.h>

#include <array>
#include <iostream>
#include <utility>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "app/model_argument.h"
#include "base/file.h"
#include "base/shell_word.h"
#include "base/units.h"
#include "run/export_model.h"
#include "store/json.h"

namespace cllm {
namespace {

struct ExportFlags {
  std::string model, format = "gguf", type = "f32", out;
  bool verify = false, force = false, json = false;
};

constexpr std::array<std::pair<std::string_view, ExportFormat>, 2> kFormats = {
    {{"gguf", ExportFormat::kGguf}, {"hf", ExportFormat::kHuggingFace}}};
constexpr std::array<std::pair<std::string_view, TensorType>, 4> kTypes = {
    {{"f32", TensorType::kF32}, {"f16", TensorType::kF16}, {"bf16", TensorType::kBF16}, {"q8_0", TensorType::kQ8_0}}};

// The value that a word names. Error (Usage): another word; names the option and what is known.
template <typename Value, size_t kCount>
Result<Value> Named(const std::array<std::pair<std::string_view, Value>, kCount>& known, const char* option,
                    const std::string& word) {
  std::string words;
  for (const auto& [name, value] : known) {
    if (name == word) return value;
    words += fmt::format("{}{}", words.empty() ? "" : ", ", name);
  }
  return Usage(fmt::format("{} is '{}', expected one of {}", option, word, words));
}

Result<ExportRequest> RequestOf(const ExportFlags& flags) {
  ExportRequest request{.model = flags.model, .out = flags.out, .verify = flags.verify};
  CLLM_ASSIGN(request.choice.format, Named(kFormats, "--format", flags.format));
  CLLM_ASSIGN(request.choice.type, Named(kTypes, "--type", flags.type));
  if (flags.force) request.if_there = IfThere::kReplace;
  return request;
}

std::string ComparisonText(const LogitComparison& comparison) {
  return fmt::format(
      "verified: read back, every number is as written; on {} tokens that the model wrote, the largest "
      "difference of a logit is {:.3g} (the largest logit is {:.3g}), the most probable token is the same "
      "at {}",
      FormatCount(comparison.positions), comparison.largest_difference, comparison.largest_logit,
      FormatCount(comparison.same_best));
}

// What to do with it, as lines to be pasted.
std::string NextText(const ExportFlags& flags, const ExportOutcome& outcome) {
  if (flags.format != "gguf") {
    return fmt::format(
        "next, in Python:\n  from transformers import pipeline\n  pipeline(\"text-generation\", "
        "\"{}\")(\"Once\")\n",
        outcome.path);
  }
  const std::string modelfile = outcome.path.substr(0, outcome.path.size() - 5) + ".Modelfile";
  return fmt::format("next:\n  ollama create NAME -f {}\n  llama-completion -m {} -no-cnv -p \"Once\"\n",
                     QuotedForShell(modelfile), QuotedForShell(outcome.path));
}

JsonFields ToJson(const ExportFlags& flags, const ExportOutcome& outcome) {
  JsonFields fields = {{"path", outcome.path},
                       {"format", flags.format},
                       {"type", flags.type},
                       {"bytes", outcome.bytes},
                       {"files", JsonArray(outcome.files.begin(), outcome.files.end())}};
  if (const auto& comparison = outcome.comparison) {
    fields.push_back({"verified", JsonFields{{"positions", comparison->positions},
                                             {"same_best", comparison->same_best},
                                             {"largest_difference", comparison->largest_difference},
                                             {"largest_logit", comparison->largest_logit}}});
  }
  return fields;
}

void Print(const ExportFlags& flags, const ExportOutcome& outcome) {
  if (flags.json) {
    std::cout << WriteJson(ToJson(flags, outcome)) << "\n";
    return;
  }
  std::cout << fmt::format("{}, {}, {}\n", outcome.path, flags.type, FormatBytes(outcome.bytes));
  for (const std::string& file : outcome.files) {
    if (file != outcome.path) std::cout << "  " << file << "\n";
  }
}

}  // namespace

Outcome ExportCommand(const Arguments& arguments) {
  CommandLine line("export",
                   "Writes a model as a file that other programs run: GGUF for llama.cpp, Ollama and LM Studio, or a "
                   "directory for Hugging Face's transformers.",
                   "cllm export runs/book-1 --verify\n"
                   "  cllm export runs/book-1 --type q8_0 -o book.gguf\n"
                   "  cllm export runs/book-1 --format hf --type bf16 -o book-hf");
  ExportFlags flags;
  AddModelArgument(line, flags.model);
  line.AddText("--format gguf|hf", flags.format, "what is written [gguf]");
  line.AddText("--type f32|f16|bf16|q8_0", flags.type,
               "numbers of the matrices; q8_0 (8-bit integers) in gguf only [f32]");
  line.AddText("-o,--out PATH", flags.out, "the .gguf file, or the directory [by the model's name]");
  line.AddFlag("--verify", flags.verify, "read it back and compare: every number, and the logits on a text");
  line.AddFlag("--force", flags.force, "replace files that are there");
  line.AddFlag("--json", flags.json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(const ExportRequest request, RequestOf(flags));
  ConsoleObserver console(ChooseConsoleStyle(false));
  CLLM_ASSIGN(const ExportOutcome outcome, ExportModel(request, console));
  for (const std::string& note : outcome.notes) console.OnNote({.sentence = note});
  Print(flags, outcome);
  if (outcome.comparison) console.Say(ComparisonText(*outcome.comparison));
  console.Say(NextText(flags, outcome));
  return {};
}

}  // namespace cllm
