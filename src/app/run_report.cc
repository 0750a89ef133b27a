#include "app/run_report.h"

#include <fmt/format.h>

#include "base/shell_word.h"
#include "base/units.h"
#include "store/json.h"
#include "terminal/terminal_text.h"

namespace cllm {
namespace {

// A line of its own: "\n  ./cllm resume 'my runs/1' --steps 400"
std::string CommandText(const std::string& command, const std::string& run, const std::string& rest) {
  return fmt::format("\n  {} {} {}{}", QuotedForShell(ProgramName()), command, QuotedForShell(run), rest);
}

std::string MeasureText(const RunSummary& summary) {
  if (summary.of_answers) {
    return fmt::format("on {} tokens of what the assistant says in {}", FormatCount(summary.tokens),
                       summary.whole ? "the validation part" : "a part of the validation part");
  }
  if (summary.whole) return "over the whole validation part";
  return fmt::format("on {} tokens of the validation part", FormatCount(summary.tokens));
}

}  // namespace

std::string PlanText(const PreparedRun& run) {
  const TrainingPlan& plan = run.plan;
  const uint64_t steps = run.expected_steps;
  const double tokens = static_cast<double>(steps * plan.step.batch * plan.shape.context);
  std::string text =
      fmt::format("plan: {} parameters ({}, {} tokens of {}), {}{} steps of {} sequences, {} tokens, {:.1f} epochs",
                  FormatCount(ParameterLayout(plan.shape).parameters()), DescribeShape(plan.shape),
                  FormatCount(plan.shape.vocabulary), run.tokenizer->name(), run.time ? "about " : "",
                  FormatCount(steps), plan.step.batch, FormatCount(static_cast<uint64_t>(tokens)),
                  tokens / static_cast<double>(run.corpus->training().size()));
  if (run.time) text += fmt::format(", done {} after the start", FormatDuration(run.time->seconds));
  return text + "\n" + run.memory.Text();
}

std::string RepeatText(const PreparedRun& run, const std::string& directory) {
  if (!run.time) return "";
  return fmt::format(
      "\nrepeat: this plan was made for this machine's speed; the same run, bit for bit, on any:\n  {} train "
      "--config {} --out ANOTHER",
      QuotedForShell(ProgramName()), QuotedForShell(directory + "/config.toml"));
}

std::string EndText(const RunSummary& summary, const std::string& run) {
  const std::string weights =
      summary.best_step == summary.step ? "" : fmt::format(" with the weights of step {}, the best", summary.best_step);
  std::string text =
      fmt::format("done: step {}, validation {:.4f} nats per token, {:.4f} bits per byte {}{}, {}\nnext:",
                  FormatCount(summary.step), summary.scores.token, summary.bits_per_byte, MeasureText(summary), weights,
                  FormatDuration(summary.seconds));
  const uint64_t further = summary.patience_ended ? summary.planned : 2 * summary.step;
  // What was taught to answer is talked with.
  if (!summary.of_answers) text += CommandText("generate", run, " -p \"Once\"");
  text += CommandText("chat", run, "") + CommandText("serve", run, "") + CommandText("eval", run, " TEXT") +
          CommandText("resume", run, fmt::format(" --steps {}", further));
  return text;
}

std::string KeptText(const RunSummary& summary) {
  if (!summary.saved_step) return "nothing of it could be saved";
  if (*summary.saved_step == summary.step) return fmt::format("step {} is saved", summary.step);
  return fmt::format("step {} could not be saved, the last one that is saved is step {}", summary.step,
                     *summary.saved_step);
}

std::string StoppedText(const RunSummary& summary, const std::string& run) {
  const std::string kept = summary.saved_step == summary.step ? ", which is saved" : ": " + KeptText(summary);
  const std::string next = summary.saved_step ? "; go on with:" + CommandText("resume", run, "") : std::string();
  return fmt::format("stopped at step {}{}{}", summary.step, kept, next);
}

std::string SummaryJson(const RunSummary& s, const std::string& run) {
  return WriteJson({{"run", run},
                    {"step", s.step},
                    {"best_step", s.best_step},
                    {"nats_per_token", s.scores.token},
                    {"bits_per_byte", s.bits_per_byte},
                    {"whole", s.whole},
                    {"tokens", s.tokens},
                    {"of_answers", s.of_answers},
                    {"patience_ended", s.patience_ended},
                    {"memorised", s.memorised},
                    {"seconds", s.seconds}});
}

std::string MemorisedNote(const RunSummary& summary) {
  if (!summary.memorised) return "";
  return fmt::format(
      "validation rose while training went on falling: the model began to memorise the text. The best weights, of step "
      "{}, are what is used; more text, a smaller model, more `dropout` or fewer `steps` help, and `patience` ends "
      "such a "
      "run by itself",
      summary.best_step);
}

}  // namespace cllm
