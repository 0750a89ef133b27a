#include "run/run_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <type_traits>

#include "base/units.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

using Values = std::vector<std::string>;

Status OutOfRange(std::string_view name, const std::string& text, const std::string& expected) {
  return Usage(fmt::format("`{}` is '{}', expected {}", name, text, expected));
}

// A whole number in [low, high] into `member` (plain or optional).
template <typename Member>
OptionSpec Whole(std::string_view name, std::string_view initial, std::string_view help, Member RunChoices::*member,
                 uint64_t low, uint64_t high) {
  const auto set = [=](RunChoices& choices, const std::string& text) -> Status {
    const Result<uint64_t> value = ParseCount(text);
    if (!value.ok() || *value < low || *value > high) {
      return OutOfRange(name, text, fmt::format("a whole number from {} to {}", low, high));
    }
    choices.*member = static_cast<size_t>(*value);
    return {};
  };
  const auto get = [=](const RunChoices& choices) -> Values {
    if constexpr (std::is_same_v<Member, std::optional<size_t>>) {
      return choices.*member ? Values{std::to_string(*(choices.*member))} : Values{};
    } else {
      // A number below the range means that the option was not named (threads).
      return choices.*member < low ? Values{} : Values{std::to_string(choices.*member)};
    }
  };
  return {.name = name, .value = "N", .initial = initial, .help = help, .set = set, .get = get, .bare = true};
}

// A real number in [low, high] into `member` (plain or optional).
template <typename Member>
OptionSpec Real(std::string_view name, std::string_view initial, std::string_view help, Member RunChoices::*member,
                double low, double high) {
  const auto set = [=](RunChoices& choices, const std::string& text) -> Status {
    const Result<double> value = ParseReal(text);
    if (!value.ok() || !(*value >= low && *value <= high)) {
      return OutOfRange(name, text, fmt::format("a number from {} to {}", low, high));
    }
    choices.*member = *value;
    return {};
  };
  const auto get = [=](const RunChoices& choices) -> Values {
    if constexpr (std::is_same_v<Member, std::optional<double>>) {
      return choices.*member ? Values{fmt::format("{}", *(choices.*member))} : Values{};
    } else {
      return {fmt::format("{}", choices.*member)};
    }
  };
  return {.name = name, .value = "X", .initial = initial, .help = help, .set = set, .get = get, .bare = true};
}

OptionSpec Text(std::string_view name, std::string_view value, std::string_view initial, std::string_view help,
                std::string RunChoices::*member) {
  return {.name = name, .value = value, .initial = initial, .help = help,
          .set = [=](RunChoices& choices, const std::string& text) -> Status {
            // An empty text stands for the default, where that is empty too.
            if (text.empty() && !initial.empty()) return OutOfRange(name, text, "a name");
            choices.*member = text;
            return {};
          },
          .get = [=](const RunChoices& choices) -> Values {
            return (choices.*member).empty() ? Values{} : Values{choices.*member};
          }};
}

// What may be given several times.
OptionSpec Texts(std::string_view name, std::string_view value, std::string_view help,
                 std::vector<std::string> RunChoices::*member) {
  return {.name = name, .value = value, .initial = "", .help = help, .repeats = true,
          .set = [=](RunChoices& choices, const std::string& text) -> Status {
            (choices.*member).push_back(text);
            return {};
          },
          .get = [=](const RunChoices& choices) { return choices.*member; },
          .clear = [=](RunChoices& choices) { (choices.*member).clear(); }};
}

// "stop or rollback".
template <typename Enum, size_t N>
std::string Listed(const std::array<std::pair<std::string_view, Enum>, N>& words) {
  std::string list;
  for (const auto& [word, meaning] : words) list += (list.empty() ? "" : " or ") + std::string(word);
  return list;
}

// One of a few words, into `member` (plain or optional).
template <typename Member, typename Enum, size_t N>
OptionSpec Choice(std::string_view name, std::string_view value, std::string_view initial, std::string_view help,
                  Member RunChoices::*member, const std::array<std::pair<std::string_view, Enum>, N>& words) {
  return {.name = name, .value = value, .initial = initial, .help = help,
          .set = [=](RunChoices& choices, const std::string& text) -> Status {
            for (const auto& [word, meaning] : words) {
              if (word != text) continue;
              choices.*member = meaning;
              return {};
            }
            return OutOfRange(name, text, Listed(words));
          },
          .get = [=](const RunChoices& choices) -> Values {
            for (const auto& [word, meaning] : words) {
              if (meaning == choices.*member) return {std::string(word)};
            }
            return {};
          }};
}

OptionSpec Chat() {
  return {.name = "chat",
          .value = "",
          .initial = "",
          .help =
              "lists of messages in .jsonl are dialogues: what the assistant says is learned, the rest is context; the "
              "model answers in `cllm chat`",
          .set = [](RunChoices& choices, const std::string& text) -> Status {
            if (text != "true" && text != "false") return OutOfRange("chat", text, "true or false");
            choices.chat = text == "true";
            return {};
          },
          .get = [](const RunChoices& choices) { return choices.chat ? Values{"true"} : Values{}; },
          .bare = true,
          .flag = true};
}

OptionSpec Time() {
  return {.name = "time", .value = "TIME", .initial = "10m",
          .help = "train for about this long (90s, 10m, 1h30m); a model is planned for it",
          .set = [](RunChoices& choices, const std::string& text) -> Status {
            const Result<double> seconds = ParseDuration(text);
            if (!seconds.ok()) return Usage(fmt::format("`time`: {}", seconds.status().message()));
            if (*seconds < 5) return OutOfRange("time", text, "at least 5s");
            choices.time_s = *seconds;
            choices.steps.reset();
            choices.pace.clear();
            return {};
          },
          .get = [](const RunChoices& choices) -> Values {
            return choices.time_s ? Values{fmt::format("{}s", *choices.time_s)} : Values{};
          }};
}

// Named after a time in the same place, or in one that goes before it, the steps count.
OptionSpec Steps() {
  OptionSpec option = Whole("steps", "from --time", "train for this many steps", &RunChoices::steps, 1, 1'000'000'000);
  option.set = [set = option.set](RunChoices& choices, const std::string& text) -> Status {
    CLLM_TRY(set(choices, text));
    choices.time_s.reset();
    choices.pace.clear();
    return {};
  };
  return option;
}

OptionSpec TokenizerOption() {
  return {.name = "tokenizer", .value = "bytes|bpe:N|PATH", .initial = "planned",
          .help = "the vocabulary: single bytes, N sub-words learned from the text, or a directory with tokenizer.json "
                  "and lattice.json",
          .set = [](RunChoices& choices, const std::string& text) -> Status {
            if (text.empty()) return OutOfRange("tokenizer", text, "bytes, bpe:N or a directory");
            if (IsTokenizerSpec(text) && !ParseTokenizerSpec(text).ok()) {
              return OutOfRange("tokenizer", text, fmt::format("bpe:N with N from {} to {}", kByteVocabulary + 1,
                                                               kMaxLearnedVocabulary));
            }
            choices.tokenizer = text;
            return {};
          },
          .get = [](const RunChoices& choices) -> Values {
            return choices.tokenizer.empty() ? Values{} : Values{choices.tokenizer};
          }};
}

std::vector<OptionSpec> TextTable() {
  return {
      Texts("text", "TEXT", "files, directories, globs or - for standard input", &RunChoices::text),
      Texts("val", "TEXT", "text to validate on (default: the last tenth)", &RunChoices::validation),
      Texts("include", "GLOB", "of what folders and globs give, read only files of such names or paths (*.py, src/**)",
            &RunChoices::include),
      Texts("exclude", "GLOB", "of what folders and globs give, leave out such files and folders",
            &RunChoices::exclude),
      Text("field", "NAME", "text",
           "where a .jsonl line has its text: a key, keys in keys (data.text), or a list of messages",
           &RunChoices::field),
      Text("separator", "STRING", "", "what stands between the documents of one file", &RunChoices::separator),
      TokenizerOption(),
      Chat(),
      Text("from", "MODEL", "", "fine-tune this model with its own tokenizer", &RunChoices::from),
  };
}

// An option for each dimension that can be chosen: "kv_heads" is --kv-heads.
OptionSpec OfDimension(const Dimension& dimension) {
  static std::deque<std::string> texts;  // that specs view
  const std::string_view name = texts.emplace_back(OptionName(dimension));
  const bool flag = std::holds_alternative<Dimension::Place<bool>>(dimension.place);
  const bool whole = std::holds_alternative<Dimension::Place<size_t>>(dimension.place);
  const std::string plain = dimension.Text(ModelShape());
  const bool follows = dimension.Text(ModelShape{.heads = 1, .width = 64}) != plain;
  const std::string_view initial =
      texts.emplace_back(!dimension.derived ? "planned" : follows ? "from the others" : plain);
  return {.name = name, .value = flag ? "" : whole ? "N" : "X", .initial = initial, .help = dimension.meaning,
          .set = [&dimension, name](RunChoices& choices, const std::string& text) -> Status {
            if (dimension.Set(choices, text).ok()) return {};
            return OutOfRange(name, text, dimension.Expected());
          },
          .get = [&dimension](const RunChoices& choices) -> Values {
            const std::optional<std::string> text = dimension.Text(choices);
            return text ? Values{*text} : Values{};
          },
          .bare = true, .flag = flag};
}

std::vector<OptionSpec> ModelTable() {
  std::vector<OptionSpec> table = {Time(), Steps()};
  for (const Dimension& dimension : Dimensions()) {
    if (dimension.is_choice()) table.push_back(OfDimension(dimension));
  }
  table.push_back(Whole("batch", "planned", "sequences a step", &RunChoices::batch, 1, 65536));
  table.push_back(Whole("item", "planned", "sequences a work item", &RunChoices::item, 1, 65536));
  table.push_back(Whole("max-workers", "none",
                        "plan batch and items for as many workers of several machines together (docs/cluster.md)",
                        &RunChoices::max_workers, 1, 4096));
  return table;
}

std::vector<OptionSpec> LearningTable() {
  static constexpr std::array<std::pair<std::string_view, OnDivergence>, 2> kDivergence = {
      {{"stop", OnDivergence::kStop}, {"rollback", OnDivergence::kRollback}}};
  static constexpr std::array<std::pair<std::string_view, Precision>, 2> kPrecisions = {
      {{"fp32", Precision::kFp32}, {"bf16", Precision::kBf16}}};
  return {
      Choice("optimizer", "muon|adamw", "muon", "what updates the matrices inside layers", &RunChoices::optimizer,
             kOptimizerNames),
      Real("lr", "by width", "peak rate of the matrices inside layers", &RunChoices::rate, 1e-9, 10),
      Real("embedding-lr", "by width", "peak rate of the embedding", &RunChoices::embedding_rate, 1e-9, 10),
      Whole("warmup", "100", "steps in which the rate rises to its peak", &RunChoices::warmup, 0, 1'000'000),
      Real("weight-decay", "0.1", "decay of matrices, times the rate", &RunChoices::weight_decay, 0, 10),
      Real("dropout", "planned", "share of activations dropped in training", &RunChoices::dropout, 0, 0.95),
      Real("lambda", "0.1", "weight of root and form in the loss", &RunChoices::lambda, 0, 100),
      Real("clip", "1", "largest norm of the gradient; 0: no limit", &RunChoices::clip, 0, 1e6),
      Whole("seed", "1", "seed of weights, order and dropout", &RunChoices::seed, 0,
            std::numeric_limits<int64_t>::max()),
      Whole("threads", "one per core", "worker threads; the result is the same for any number", &RunChoices::threads, 1,
            4096),
      Choice("precision", "fp32|bf16", "fp32; with --time planned", "numbers that the matrix products read",
             &RunChoices::precision, kPrecisions),
      Whole("eval-every", "planned", "steps between evaluations", &RunChoices::eval_every, 1, 1'000'000'000),
      Whole("eval-tokens", "planned", "tokens that the last evaluation looks at; 0: the whole validation part",
            &RunChoices::eval_tokens, 0, 1'000'000'000'000),
      Whole("save-every", "planned",
            "steps between checkpoints; one is also saved before 5 minutes of work are at risk",
            &RunChoices::save_every, 1, 1'000'000'000),
      Whole("keep-every", "none", "of the checkpoints that are saved, keep those at multiples of this many steps",
            &RunChoices::keep_every, 0, 1'000'000'000),
      Whole("samples", "3", "texts to write at the end", &RunChoices::samples, 0, 1000),
      Whole("patience", "0", "evaluations without improvement before training ends; 0: no limit", &RunChoices::patience,
            0, 1'000'000),
      Choice("on-divergence", "stop|rollback", "stop",
             "when a gradient is not finite: stop, or go back to the last checkpoint with half the rate",
             &RunChoices::on_divergence, kDivergence),
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

Status CheckRanges(const RunChoices& choices) {
  RunChoices parsed;
  for (const OptionSpec& option : RunOptions()) {
    for (const std::string& text : option.get(choices)) CLLM_TRY(option.set(parsed, text));
  }
  return {};
}

std::span<const std::string_view> ReadingOptions() {
  static constexpr std::array<std::string_view, 5> kNames = {"include", "exclude", "field", "separator", "chat"};
  return kNames;
}

std::string OptionName(const Dimension& dimension) {
  std::string name(dimension.name);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

}  // namespace cllm
