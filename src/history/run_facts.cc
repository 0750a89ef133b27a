#include "history/run_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/units.h"
#include "history/history_state.h"
#include "math/scalar.h"

namespace cllm {
namespace {

constexpr double kMemorisedRise = 0.02;  // validation this much above its best, relative (train/learning_watch.cc)
constexpr size_t kWorseInARow = 4;       // evaluations since the best one
constexpr double kPlateauGain = 0.002;   // less than this in a third of the evaluations, relative
constexpr size_t kEvaluationsToJudge = 4;
constexpr double kLargeShare = 0.25;  // of the time
constexpr double kLowPeak = 0.3;
constexpr double kSlowed = 0.75;  // of the session's tokens per second
constexpr size_t kLateSteps = 50;
constexpr double kSpike = 8;  // times the usual gradient norm
constexpr double kFarAboveUniform = 1.2;
constexpr double kStale_s = 120, kStaleSteps = 30;

bool IsANumber(double value) { return value - value == 0; }

std::string Percent(double share) { return fmt::format("{:.{}f} %", 100 * share, share < 0.0995 && share > 0 ? 1 : 0); }

std::string Count(double value) { return FormatCount(static_cast<uint64_t>(std::max(0.0, value))); }

std::string ClockTime(double time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}", parts.tm_hour, parts.tm_min);
}

// Evaluations that can be compared: those of one measure, of the measure that came most often.
std::vector<LoggedEvaluation> Comparable(const std::vector<LoggedEvaluation>& all) {
  const auto same = [](const LoggedEvaluation& a, const LoggedEvaluation& b) {
    return a.whole == b.whole && a.tokens == b.tokens;
  };
  // Two measures in turn are enough: a sample, and the whole at the end.
  std::vector<LoggedEvaluation> best;
  for (const LoggedEvaluation* example : {all.empty() ? nullptr : &all.front(), all.empty() ? nullptr : &all.back()}) {
    std::vector<LoggedEvaluation> group;
    for (const LoggedEvaluation& one : all) {
      if (example != nullptr && same(one, *example) && IsANumber(one.nats)) group.push_back(one);
    }
    if (group.size() > best.size()) best = std::move(group);
  }
  return best;
}

const LoggedEvaluation& Lowest(const std::vector<LoggedEvaluation>& some) {
  return *std::min_element(some.begin(), some.end(),
                           [](const LoggedEvaluation& a, const LoggedEvaluation& b) { return a.nats < b.nats; });
}

// Finds the facts one after the other; each reads those before.
class FactFinder {
 public:
  FactFinder(const RunHistory& history, double now, bool running)
      : history_(history), now_(now), running_(running), evaluations_(Comparable(history.Evaluations())) {}

  RunFacts Find() {
    FindProgress();
    FindBest();
    FindMemorising();
    FindLearning();
    FindParts();
    FindLimits();
    FindEnd();
    FindFaults();
    return std::move(facts_);
  }

 private:
  void FindProgress();
  void FindBest();
  void FindMemorising();
  void FindLearning();
  void LearningByTraining();
  void FindParts();
  void FindWaiting();
  void FindLimits();
  void FindEnd();
  void FindEndOfStopped();
  void FindFaults();
  void FindSpikes();
  void FindSlowing();
  void Alert(const char* kind, uint64_t step, std::string text) {
    facts_.alerts.push_back({.kind = kind, .step = step, .text = std::move(text)});
  }
  // Steps between evaluations, for means of the training loss around one.
  uint64_t Interval() const {
    const size_t n = evaluations_.size();
    return n < 2 ? kLateSteps : std::max<uint64_t>(1, evaluations_[n - 1].step - evaluations_[n - 2].step);
  }
  std::optional<double> TrainingNear(uint64_t step) const {
    return history_.Mean("loss_token", step - std::min(step, Interval()), step);
  }

  const RunHistory& history_;
  const double now_;
  const bool running_;
  const std::vector<LoggedEvaluation> evaluations_;
  bool memorising_ = false, diverged_ = false;
  RunFacts facts_;
};

void FactFinder::FindProgress() {
  const auto number = [](std::optional<double> value) { return value && IsANumber(*value) ? *value : 0.0; };
  facts_.step = static_cast<uint64_t>(number(history_.LastPlace(Axis::kStep)));
  facts_.steps = static_cast<uint64_t>(std::clamp(number(history_.Described("steps")), 0.0, 0x1p53));
  facts_.tokens = number(history_.LastPlace(Axis::kTokens));
  facts_.seconds = number(history_.LastPlace(Axis::kSeconds));
  facts_.tokens_per_s = number(history_.Last("tok_s"));
  const uint64_t late = facts_.step - std::min<uint64_t>(facts_.step, kLateSteps);
  facts_.training_nats = number(history_.Mean("loss_token", late, facts_.step));
  facts_.peak_share = number(history_.Mean("peak_share", late, facts_.step));
  if (const auto vocabulary = history_.Described("vocabulary"); vocabulary && *vocabulary > 1) {
    facts_.uniform_nats = math::Log(*vocabulary);
  }
  for (const HistoryEvent& event : history_.events()) {
    diverged_ = event.kind == HistoryEventKind::kDivergence ||
                (diverged_ && event.kind != HistoryEventKind::kRollback && event.kind != HistoryEventKind::kResume);
    if (event.kind == HistoryEventKind::kDivergence) {
      facts_.alerts.clear();
      Alert("diverged", event.step, history_.Text(event));
    }
  }
  const std::optional<JsonObject> end = history_.End();
  facts_.ended = end && end->Find("signal") == nullptr;
}

void FactFinder::FindBest() {
  const std::vector<LoggedEvaluation> all = history_.Evaluations();
  const LoggedEvaluation* best = nullptr;
  for (const LoggedEvaluation& one : all) {
    if (one.whole && IsANumber(one.nats)) best = &one;
  }
  if (best == nullptr && !evaluations_.empty()) best = &Lowest(evaluations_);
  if (best == nullptr) return;
  facts_.best = BestEvaluation{best->step, best->nats, best->bits_per_byte, best->whole};
}

void FactFinder::FindMemorising() {
  if (evaluations_.empty()) {
    facts_.memorising_text = "not known: the validation part was not looked at yet";
    return;
  }
  const LoggedEvaluation& last = evaluations_.back();
  const LoggedEvaluation& best = Lowest(evaluations_);
  const auto now = TrainingNear(last.step), then = TrainingNear(best.step);
  if (now) facts_.generalisation_gap = last.nats - *now;
  const auto worse = static_cast<size_t>(&last - &best);
  memorising_ = worse >= kWorseInARow && last.nats > best.nats * (1 + kMemorisedRise) && now && then && *now < *then;
  if (memorising_) {
    facts_.memorising_text = fmt::format(
        "yes: validation rose from {:.4f} nats per token at step {} to {:.4f} at step {}, while the training loss fell "
        "from {:.4f} to {:.4f}; the weights of step {} are the best",
        best.nats, Count(static_cast<double>(best.step)), last.nats, Count(static_cast<double>(last.step)), *then, *now,
        Count(static_cast<double>(best.step)));
    Alert("memorising", last.step, "it memorises its text: " + facts_.memorising_text.substr(5));
    return;
  }
  const std::string gap =
      !facts_.generalisation_gap ? ""
      : *facts_.generalisation_gap > 0
          ? fmt::format(", {:.4f} nats per token above the training loss", *facts_.generalisation_gap)
          : ", not above the training loss";
  if (evaluations_.size() < kEvaluationsToJudge) {
    facts_.memorising_text = fmt::format("no sign of it in {} evaluation{}: validation is {:.4f}{}",
                                         evaluations_.size(), evaluations_.size() == 1 ? "" : "s", last.nats, gap);
  } else if (worse == 0) {
    facts_.memorising_text = fmt::format("no: validation is at its lowest, {:.4f}{}", last.nats, gap);
  } else {
    facts_.memorising_text =
        fmt::format("no: validation, {:.4f}, is within {} of its lowest, {:.4f} at step {}{}", last.nats,
                    Percent(last.nats / best.nats - 1), best.nats, Count(static_cast<double>(best.step)), gap);
  }
}

void FactFinder::FindLearning() {
  if (diverged_) {
    facts_.learning = Learning::kDiverged;
    facts_.learning_text = "no: it diverged";
    return;
  }
  if (memorising_) {
    facts_.learning = Learning::kMemorising;
    facts_.learning_text = "no: validation rises, it only learns its text by heart";
    return;
  }
  if (evaluations_.size() < kEvaluationsToJudge) return LearningByTraining();
  const size_t late = std::max<size_t>(2, evaluations_.size() / 3);
  const std::vector<LoggedEvaluation> before(evaluations_.begin(), evaluations_.end() - static_cast<ptrdiff_t>(late));
  const std::vector<LoggedEvaluation> after(evaluations_.end() - static_cast<ptrdiff_t>(late), evaluations_.end());
  const double former = Lowest(before).nats, latest = Lowest(after).nats, gain = (former - latest) / former;
  const uint64_t steps = evaluations_.back().step - before.back().step;
  if (gain > kPlateauGain) {
    facts_.learning = Learning::kLearning;
    facts_.learning_text =
        fmt::format("yes{}: validation fell from {:.4f} to {:.4f} nats per token ({}) in the last {} steps{}",
                    facts_.ended ? ", to its end" : "", former, latest, Percent(gain),
                    Count(static_cast<double>(steps)), facts_.ended ? "; more of them would help" : "");
    return;
  }
  facts_.learning = Learning::kPlateau;
  facts_.learning_text =
      gain > 0 ? fmt::format("hardly: validation fell by only {} in the last {} steps", Percent(gain),
                             Count(static_cast<double>(steps)))
               : fmt::format("no: validation has not fallen in the last {} steps", Count(static_cast<double>(steps)));
  if (!facts_.ended) Alert("plateau", facts_.step, "it learns " + facts_.learning_text);
}

void FactFinder::LearningByTraining() {
  const uint64_t tenth = facts_.step / 10;
  const auto late = history_.Mean("loss_token", facts_.step - tenth, facts_.step);
  const auto before = history_.Mean("loss_token", facts_.step - 2 * tenth, facts_.step - tenth);
  if (tenth == 0 || !late || !before) {
    facts_.learning_text = "not known yet: too few steps";
    return;
  }
  const bool falls = *late < *before;
  facts_.learning = falls ? Learning::kLearning : Learning::kUnknown;
  facts_.learning_text =
      fmt::format("{}: the training loss {} from {:.4f} to {:.4f} in the last tenth of the steps",
                  falls ? "yes, by the training loss" : "not certain", falls ? "fell" : "rose", *before, *late);
}

void FactFinder::FindParts() {
  TimeParts& parts = facts_.parts;
  parts.items_s = history_.Sum("items_s");
  parts.reduce_s = history_.Sum("reduce_s");
  parts.update_s = history_.Sum("update_s");
  parts.pack_s = history_.Sum("pack_s");
  parts.exchange_s = history_.Sum("peers_s") + history_.Sum("messages_s");
  const double wall = history_.Last(kWallColumn).value_or(0);
  parts.other_s = std::max(0.0, wall - parts.total());
}

void FactFinder::FindWaiting() {
  const std::optional<JsonObject> spheres = history_.Spheres();
  if (!spheres) return;
  const auto sum = [&spheres](const char* name) {
    double total = 0;
    const Result<JsonArray> values = spheres->Array(name);
    if (!values.ok()) return total;
    for (const JsonValue& value : *values) {
      if (const auto* real = std::get_if<double>(&value.content())) total += *real;
      if (const auto* whole = std::get_if<uint64_t>(&value.content())) total += static_cast<double>(*whole);
    }
    return total;
  };
  const double waiting = sum("waiting_s"), busy = sum("busy_s");
  if (busy + waiting > 0) facts_.waiting_share = waiting / (busy + waiting);
}

void FactFinder::FindLimits() {
  FindWaiting();
  const TimeParts& parts = facts_.parts;
  const double total = parts.total();
  if (total <= 0) {
    facts_.limits_text = "not known: the log tells no times of steps";
    return;
  }
  const double update = (parts.reduce_s + parts.update_s + parts.pack_s) / total, items = parts.items_s / total;
  const double other = parts.other_s / total, exchange = parts.exchange_s / total,
               waiting = facts_.waiting_share.value_or(0);
  const std::string peak =
      facts_.peak_share > 0 ? fmt::format(", at {} of this processor's peak", Percent(facts_.peak_share)) : "";
  const std::string waits =
      facts_.waiting_share ? fmt::format("; workers wait {} of their time", Percent(waiting)) : "";
  if (other > kLargeShare) {
    facts_.limits_text = fmt::format(
        "evaluations, samples and saves: {} of the time goes into them (a larger `eval-every` makes them rarer), {} "
        "into "
        "items{}{}",
        Percent(other), Percent(items), peak, waits);
  } else if (exchange > kLargeShare) {
    facts_.limits_text = fmt::format(
        "the exchange between ranks: {} of the time goes into messages and into waiting for one another (a larger "
        "`batch` "
        "makes it rarer), {} into items{}{}",
        Percent(exchange), Percent(items), peak, waits);
  } else if (waiting > kLargeShare) {
    facts_.limits_text = fmt::format(
        "waiting: workers wait {} of their time, for one another or for cores that other programs use; {} of the time "
        "goes into items{}",
        Percent(waiting), Percent(items), peak);
  } else if (update > kLargeShare) {
    facts_.limits_text = fmt::format(
        "updates of the weights: {} of the time (a larger `batch` makes them rarer), {} goes into items{}{}",
        Percent(update), Percent(items), peak, waits);
  } else {
    facts_.limits_text =
        fmt::format("the model's own arithmetic: {} of the time goes into items{}{}{}", Percent(items), peak,
                    facts_.peak_share > 0 && facts_.peak_share < kLowPeak
                        ? " (low: other programs have the cores, or the model is small for them)"
                        : "",
                    waits);
  }
}

void FactFinder::FindEnd() {
  const std::string of = facts_.steps > facts_.step ? " of " + Count(static_cast<double>(facts_.steps)) : "";
  const std::string step = Count(static_cast<double>(facts_.step));
  if (!running_) return FindEndOfStopped();
  const double silent = std::max(0.0, now_ - history_.changed());
  const double step_s =
      facts_.step == 0 ? 0 : facts_.seconds / static_cast<double>(std::max<uint64_t>(1, history_.steps()));
  facts_.stale_s = silent;
  if (silent > std::max(kStale_s, kStaleSteps * step_s)) {
    Alert("stale", facts_.step,
          fmt::format(
              "nothing was logged for {}: an evaluation or a save that takes long, a stopped process, or a full disk",
              FormatDuration(silent)));
  }
  const auto eta = history_.Last("eta_s");
  if (!eta || !IsANumber(*eta) || *eta < 0) {
    facts_.end_text = fmt::format("not known yet, at step {}{}", step, of);
    return;
  }
  facts_.eta_s = std::max(0.0, *eta - silent);
  facts_.end_text = fmt::format("in {}, at {} (step {}{} is done)", FormatDuration(facts_.eta_s),
                                ClockTime(now_ + facts_.eta_s), step, of);
}

void FactFinder::FindEndOfStopped() {
  const std::string of = facts_.steps > facts_.step ? " of " + Count(static_cast<double>(facts_.steps)) : "";
  const std::string step = Count(static_cast<double>(facts_.step));
  const std::optional<JsonObject> end = history_.End();
  if (facts_.ended) {
    facts_.end_text = fmt::format("it ended at step {}, after {} of training", step, FormatDuration(facts_.seconds));
  } else if (end) {
    facts_.end_text = fmt::format("it was stopped at step {}{}; `cllm resume` goes on", step, of);
  } else if (diverged_) {
    facts_.end_text = fmt::format("it diverged after step {}{}", step, of);
  } else {
    facts_.end_text = fmt::format("no process writes it: it broke off at step {}{}; `cllm resume` goes on", step, of);
  }
}

void FactFinder::FindSpikes() {
  const auto norms = history_.Newest("grad_norm", 1000);
  std::vector<double> values;
  for (const auto& [step, value] : norms) {
    if (IsANumber(value)) values.push_back(value);
  }
  if (values.size() < kLateSteps) return;
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2), values.end());
  const double usual = values[values.size() / 2];
  const auto highest =
      std::max_element(norms.begin(), norms.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (usual <= 0 || !(highest->second > kSpike * usual)) return;
  Alert("spikes", highest->first,
        fmt::format("the gradient's norm was {:.3g} at step {}, {:.0f} times its usual {:.3g}", highest->second,
                    Count(static_cast<double>(highest->first)), highest->second / usual, usual));
}

void FactFinder::FindSlowing() {
  if (!running_) return;
  const std::vector<double> sessions = history_.Sessions(Axis::kStep);
  const uint64_t begin = sessions.empty() ? 0 : static_cast<uint64_t>(sessions.back());
  if (facts_.step < begin + 4 * kLateSteps) return;
  const auto usual = history_.Mean("tok_s", begin, facts_.step - kLateSteps);
  const auto late = history_.Mean("tok_s", facts_.step - kLateSteps, facts_.step);
  if (!usual || !late || *late >= kSlowed * *usual) return;
  Alert(
      "slow", facts_.step,
      fmt::format("{} tokens a second of late, {} of what this session had before: other programs, or a processor that "
                  "became warm",
                  Count(*late), Percent(*late / *usual)));
}

void FactFinder::FindFaults() {
  const Envelope loss = history_.Curve("loss", Axis::kStep, {}, 2);
  if (!loss.marks.empty()) {
    const auto step = static_cast<uint64_t>(loss.marks.back().x);
    Alert("not_finite", step, fmt::format("the loss was no number at step {}", Count(loss.marks.back().x)));
  }
  if (facts_.uniform_nats && facts_.step >= 10 && facts_.training_nats > kFarAboveUniform * *facts_.uniform_nats) {
    Alert("hot", facts_.step,
          fmt::format("the training loss, {:.2f} nats per token, is far above the {:.2f} of a guess among all tokens: "
                      "the weights are being spoilt; a lower `lr` or a longer `warmup` helps",
                      facts_.training_nats, *facts_.uniform_nats));
  }
  FindSpikes();
  FindSlowing();
  if (history_.faults().newest_format > 1) {
    Alert("format", 0, "the log was written by a newer program and is shown as far as this one understands it");
  }
}

}  // namespace

const char* NameOf(Learning learning) {
  switch (learning) {
    case Learning::kUnknown:
      return "unknown";
    case Learning::kLearning:
      return "learning";
    case Learning::kPlateau:
      return "plateau";
    case Learning::kMemorising:
      return "memorising";
    case Learning::kDiverged:
      return "diverged";
  }
  return "";
}

RunFacts FactsOf(const RunHistory& history, double now, bool running) {
  return FactFinder(history, now, running).Find();
}

}  // namespace cllm
