#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <type_traits>

#include "base/units.h"
#include "text/tokenizer_trainer.h"
#include "train/run_config.h"

// The table of a run's options.
namespace cllm {
namespace {

using Values = std::vector<std::string>;

Status OutOfRange(std::string_view name, const std::string& text, const std::string& expected) {
  return Usage(fmt::format("--{} is '{}', expected {}", name, text, expected));
}

// A whole number in [low, high] into `member` (plain or optional).
template <typename Member>
OptionSpec Whole(std::string_view name, std::string_view initial, std::string_view help, Member RunConfig::*member,
                 uint64_t low, uint64_t high) {
  const auto set = [=](RunConfig& config, const std::string& text) -> Status {
    const Result<uint64_t> value = ParseCount(text);
    if (!value.ok() || *value < low || *value > high) {
      return OutOfRange(name, text, fmt::format("a whole number from {} to {}", low, high));
    }
    config.*member = static_cast<size_t>(*value);
    return {};
  };
  const auto get = [=](const RunConfig& config) -> Values {
    if constexpr (std::is_same_v<Member, std::optional<size_t>>) {
      return config.*member ? Values{std::to_string(*(config.*member))} : Values{};
    } else {
      // A number below the range means that the option was not named (threads).
      return config.*member < low ? Values{} : Values{std::to_string(config.*member)};
    }
  };
  return {.name = name, .value = "N", .initial = initial, .help = help, .set = set, .get = get, .bare = true};
}

// A real number in [low, high] into `member` (plain or optional).
template <typename Member>
OptionSpec Real(std::string_view name, std::string_view initial, std::string_view help, Member RunConfig::*member,
                double low, double high) {
  const auto set = [=](RunConfig& config, const std::string& text) -> Status {
    const Result<double> value = ParseReal(text);
    if (!value.ok() || !(*value >= low && *value <= high)) {
      return OutOfRange(name, text, fmt::format("a number from {} to {}", low, high));
    }
    config.*member = *value;
    return {};
  };
  const auto get = [=](const RunConfig& config) -> Values {
    if constexpr (std::is_same_v<Member, std::optional<double>>) {
      return config.*member ? Values{fmt::format("{}", *(config.*member))} : Values{};
    } else {
      return {fmt::format("{}", config.*member)};
    }
  };
  return {.name = name, .value = "X", .initial = initial, .help = help, .set = set, .get = get, .bare = true};
}

OptionSpec Text(std::string_view name, std::string_view value, std::string_view initial, std::string_view help,
                std::string RunConfig::*member) {
  return {.name = name, .value = value, .initial = initial, .help = help,
          .set = [=](RunConfig& config, const std::string& text) -> Status {
            // An empty text stands for the default, where that is empty too.
            if (text.empty() && !initial.empty()) return OutOfRange(name, text, "a name");
            config.*member = text;
            return {};
          },
          .get = [=](const RunConfig& config) -> Values {
            return (config.*member).empty() ? Values{} : Values{config.*member};
          }};
}

OptionSpec Paths(std::string_view name, std::string_view help, std::vector<std::string> RunConfig::*member) {
  return {.name = name, .value = "TEXT", .initial = "", .help = help, .repeats = true,
          .set = [=](RunConfig& config, const std::string& text) -> Status {
            (config.*member).push_back(text);
            return {};
          },
          .get = [=](const RunConfig& config) { return config.*member; },
          .clear = [=](RunConfig& config) { (config.*member).clear(); }};
}

// One of a few words.
template <typename Enum, size_t N>
OptionSpec Choice(std::string_view name, std::string_view value, std::string_view initial, std::string_view help,
                  Enum RunConfig::*member, const std::array<std::pair<std::string_view, Enum>, N>& words) {
  return {.name = name, .value = value, .initial = initial, .help = help,
          .set = [=](RunConfig& config, const std::string& text) -> Status {
            for (const auto& [word, meaning] : words) {
              if (word != text) continue;
              config.*member = meaning;
              return {};
            }
            return OutOfRange(name, text, fmt::format("one of {}", value));
          },
          .get = [=](const RunConfig& config) -> Values {
            for (const auto& [word, meaning] : words) {
              if (meaning == config.*member) return {std::string(word)};
            }
            return {};
          }};
}

OptionSpec Time() {
  return {.name = "time", .value = "TIME", .initial = "10m",
          .help = "train for about this long (90s, 10m, 1h30m); a model is planned for it",
          .set = [](RunConfig& config, const std::string& text) -> Status {
            const Result<double> seconds = ParseDuration(text);
            if (!seconds.ok()) return Usage(fmt::format("--time: {}", seconds.status().message()));
            if (*seconds < 5) return OutOfRange("time", text, "at least 5s");
            config.time_s = *seconds;
            return {};
          },
          .get = [](const RunConfig& config) -> Values {
            return config.time_s ? Values{fmt::format("{}s", *config.time_s)} : Values{};
          }};
}

OptionSpec TokenizerOption() {
  return {.name = "tokenizer", .value = "bytes|bpe:N|PATH", .initial = "planned",
          .help = "the vocabulary: single bytes, N sub-words learned from the text, or a directory with tokenizer.json "
                  "and lattice.json",
          .set = [](RunConfig& config, const std::string& text) -> Status {
            if (text.empty()) return OutOfRange("tokenizer", text, "bytes, bpe:N or a directory");
            if (IsTokenizerSpec(text) && !ParseTokenizerSpec(text).ok()) {
              return OutOfRange("tokenizer", text, fmt::format("bpe:N with N from {} to {}", kByteVocabulary + 1,
                                                               kMaxLearnedVocabulary));
            }
            config.tokenizer = text;
            return {};
          },
          .get = [](const RunConfig& config) -> Values {
            return config.tokenizer.empty() ? Values{} : Values{config.tokenizer};
          }};
}

OptionSpec Precision() {
  OptionSpec option =
      Text("precision", "fp32|bf16", "fp32", "numbers that the matrix products read", &RunConfig::precision);
  option.set = [](RunConfig& config, const std::string& text) -> Status {
    if (text != "fp32" && text != "bf16") return OutOfRange("precision", text, "fp32 or bf16");
    config.precision = text;
    return {};
  };
  return option;
}

std::vector<OptionSpec> TextTable() {
  return {
      Paths("text", "files, directories, globs or - for standard input", &RunConfig::text),
      Paths("val", "text to validate on (default: the last tenth)", &RunConfig::validation),
      Text("field", "NAME", "text", "the field of .jsonl lines that holds the text", &RunConfig::field),
      Text("separator", "STRING", "", "what stands between the documents of one file", &RunConfig::separator),
      TokenizerOption(),
      Text("from", "MODEL", "", "fine-tune this model with its own tokenizer", &RunConfig::from),
  };
}

// An option for each dimension that can be chosen: "kv_heads" is --kv-heads.
OptionSpec OfDimension(const Dimension& dimension) {
  static std::deque<std::string> names;  // that specs view
  std::string& name = names.emplace_back(dimension.name);
  std::replace(name.begin(), name.end(), '_', '-');
  static std::deque<std::string> defaults;
  const bool flag = std::holds_alternative<Dimension::Place<bool>>(dimension.place);
  const bool whole = std::holds_alternative<Dimension::Place<size_t>>(dimension.place);
  const std::string_view initial =
      !dimension.derived ? "planned" : whole ? "from the others" : defaults.emplace_back(dimension.Text(ModelShape()));
  const std::string_view shown = name;
  return {.name = shown, .value = flag ? "" : whole ? "N" : "X", .initial = initial, .help = dimension.meaning,
          .set = [&dimension, shown](RunConfig& config, const std::string& text) -> Status {
            if (dimension.Set(config, text).ok()) return {};
            return OutOfRange(shown, text, dimension.Expected());
          },
          .get = [&dimension](const RunConfig& config) -> Values {
            const std::optional<std::string> text = dimension.Text(config);
            return text ? Values{*text} : Values{};
          },
          .bare = true, .flag = flag};
}

std::vector<OptionSpec> ModelTable() {
  std::vector<OptionSpec> table = {
      Time(), Whole("steps", "from --time", "train for this many steps", &RunConfig::steps, 1, 1'000'000'000)};
  for (const Dimension& dimension : Dimensions()) {
    if (dimension.is_choice()) table.push_back(OfDimension(dimension));
  }
  table.push_back(Whole("batch", "planned", "sequences a step", &RunConfig::batch, 1, 65536));
  table.push_back(Whole("item", "planned", "sequences a work item", &RunConfig::item, 1, 65536));
  return table;
}

std::vector<OptionSpec> LearningTable() {
  static constexpr std::array<std::pair<std::string_view, OptimizerKind>, 2> kOptimizers = {
      {{"muon", OptimizerKind::kMuon}, {"adamw", OptimizerKind::kAdamW}}};
  static constexpr std::array<std::pair<std::string_view, OnDivergence>, 2> kDivergence = {
      {{"stop", OnDivergence::kStop}, {"rollback", OnDivergence::kRollback}}};
  return {
      Choice("optimizer", "muon|adamw", "muon", "what updates the matrices inside layers", &RunConfig::optimizer,
             kOptimizers),
      Real("lr", "by width", "peak rate of the matrices inside layers", &RunConfig::rate, 1e-9, 10),
      Real("embedding-lr", "by width", "peak rate of the embedding", &RunConfig::embedding_rate, 1e-9, 10),
      Whole("warmup", "100", "steps in which the rate rises to its peak", &RunConfig::warmup, 0, 1'000'000),
      Real("weight-decay", "0.1", "decay of matrices, times the rate", &RunConfig::weight_decay, 0, 10),
      Real("dropout", "planned", "share of activations dropped in training", &RunConfig::dropout, 0, 0.95),
      Real("lambda", "0.1", "weight of root and form in the loss", &RunConfig::lambda, 0, 100),
      Real("clip", "1", "largest norm of the gradient; 0: no limit", &RunConfig::clip, 0, 1e6),
      Whole("seed", "1", "seed of weights, order and dropout", &RunConfig::seed, 0, std::numeric_limits<int64_t>::max()),
      Whole("threads", "one per core", "worker threads; the result is the same for any number", &RunConfig::threads, 1,
            4096),
      Precision(),
      Whole("eval-every", "planned", "steps between evaluations", &RunConfig::eval_every, 1, 1'000'000'000),
      Whole("eval-tokens", "planned", "tokens that the last evaluation looks at; 0: the whole validation part",
            &RunConfig::eval_tokens, 0, 1'000'000'000'000),
      Whole("save-every", "planned", "steps between checkpoints", &RunConfig::save_every, 1, 1'000'000'000),
      Whole("keep-every", "none", "keep checkpoints at multiples of this many steps", &RunConfig::keep_every, 0,
            1'000'000'000),
      Whole("samples", "3", "texts to write at the end", &RunConfig::samples, 0, 1000),
      Whole("patience", "0", "evaluations without improvement before training ends; 0: no limit", &RunConfig::patience,
            0, 1'000'000),
      Choice("on-divergence", "stop|rollback", "stop",
             "when a gradient is not finite: stop, or go back to the last checkpoint with half the rate",
             &RunConfig::on_divergence, kDivergence),
  };
}

std::vector<OptionSpec> MakeTable() {
  std::vector<OptionSpec> table = TextTable();
  for (auto& option : ModelTable()) table.push_back(std::move(option));
  for (auto& option : LearningTable()) table.push_back(std::move(option));
  return table;
}

}  // namespace

std::span<const OptionSpec> RunOptions() {
  static const std::vector<OptionSpec> table = MakeTable();
  return table;
}

}  // namespace cllm
