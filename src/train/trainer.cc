#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/path.h"
#include "base/random.h"
#include "base/system.h"
#include "infer/request_batch.h"
#include "train/run_description.h"

namespace cllm {
namespace {

constexpr size_t kSampleTokens = 120;
constexpr double kLastSampleTokens = 200;  // of those that a command writes at the end
constexpr uint64_t kCompareEvery = 100;  // steps between comparisons of the ranks' weights
constexpr double kMemorised = 0.01;  // validation this much above its best, relative
// Of a window's training, before one is evaluated; of a step, a token of a sample.
constexpr double kEvaluationOfTraining = 0.4, kSampleTokenOfStep = 0.05;

// Does a piece of work and counts what it took into the time left.
template <typename Function>
auto Timed(const SecondsClock& clock, Progress& progress, TimeLeft::Work work, const Function& function) {
  const double begin = clock();
  auto result = function();
  progress.time_left().Took(work, clock() - begin);
  return result;
}

}  // namespace

// Takes the plan out of `parts`.
Session Trainer::NewSession(Parts& parts, RankTeam& alone, std::unique_ptr<Spheres> spheres,
                            std::unique_ptr<ExactStep> step) {
  const size_t context = parts.plan.shape.context;
  return {.plan = std::move(parts.plan),
          .tokenizer = parts.tokenizer,
          .corpus = parts.corpus,
          .observer = parts.observer,
          .control = parts.control,
          .team = parts.team == nullptr ? alone : *parts.team,
          .spheres = std::move(spheres),
          .step = std::move(step),
          .validation = {EvaluatedText::Of(parts.corpus), parts.tokenizer, context, context},
          .clock = std::move(parts.clock)};
}

Trainer::Trainer(Parts parts, std::unique_ptr<Spheres> spheres, std::unique_ptr<ExactStep> step)
    : session_(NewSession(parts, alone_, std::move(spheres), std::move(step))),
      window_order_(parts.corpus.training().size(), session_.shape().context, session_.plan.step.seed),
      checkpoints_(session_, parts.files, parts.run),
      evaluations_(session_, checkpoints_),
      rollback_(session_, checkpoints_),
      progress_(parts.peak_gflops),
      watch_(session_.shape().vocabulary),
      peak_gflops_(parts.peak_gflops),
      time_(parts.time) {
  session_.validation.ShareWith(session_.team);
}

Result<std::unique_ptr<Trainer>> Trainer::Create(Parts parts) {
  const TokenLattice& lattice = parts.tokenizer.lattice();
  CLLM_ASSIGN(auto spheres, Spheres::Start({.leaves = parts.plan.threads}));
  CLLM_ASSIGN(auto step, ExactStep::Create(parts.plan.shape, parts.plan.step,
                                           {lattice.root_class(), lattice.form_class()}, *spheres, parts.team));
  return std::unique_ptr<Trainer>(new Trainer(std::move(parts), std::move(spheres), std::move(step)));
}

void Trainer::NotePinning() {
  if (const std::string& warning = session_.spheres->pin_warning(); !warning.empty()) {
    session_.observer.OnNote({warning});
  }
}

Status Trainer::Begin(const StoredModel* weights) {
  bool given = weights != nullptr;
  CLLM_TRY(session_.team.Share(given));
  if (given) {
    CLLM_TRY(session_.step->LoadWeights([&](Parameters& own) {
      if (weights != nullptr) ReadInto(*weights, own);
      return session_.team.ShareBytes(std::as_writable_bytes(std::span(own.data(), own.layout().size())));
    }));
  } else {
    CLLM_TRY(session_.step->InitializeWeights(session_.plan.step.seed));
  }
  session_.state.schedule = session_.step->options().schedule;
  session_.state.corpus_hash = session_.corpus.corpus_hash().Hex();
  session_.state.tokenizer_hash = session_.tokenizer.hash().Hex();
  StartPacer();
  session_.observer.OnStart({Describe(session_, peak_gflops_)});
  NotePinning();
  // From the first step on there is a state to go on from, whatever interrupts the run.
  Timed(session_.clock, progress_, TimeLeft::Work::kSave, [&] { return checkpoints_.SaveOrSkip(); });
  return session_.team.lost();
}

Status Trainer::CheckGoesOn(const RunState& state, const std::string& checkpoint) const {
  const std::string corpus_hash = session_.corpus.corpus_hash().Hex();
  if (state.corpus_hash != corpus_hash) {
    return BadInput(fmt::format("{}: the run was trained on another text than {} holds now; expected hash {}, found {}",
                                checkpoint, session_.corpus.name(), state.corpus_hash, corpus_hash));
  }
  if (state.tokenizer_hash != session_.tokenizer.hash().Hex()) {
    return BadInput(fmt::format("{}: the run was trained with another tokenizer than the one beside it", checkpoint));
  }
  return {};
}

std::string Trainer::ExtendSchedule(std::optional<uint64_t> steps) {
  Schedule& schedule = session_.state.schedule;
  if (steps && schedule.open()) {
    if (*steps > schedule.total()) schedule.Decide({*steps, 1});
    return "";
  }
  if (!steps && time_ && !schedule.open()) {
    schedule.ExtendOpen();
    return "continuing beyond the planned end: the learning rate rises to half its peak, then decays until the time is "
           "over";
  }
  if (!steps || *steps == schedule.total()) return "";
  schedule.Extend(*steps);
  return fmt::format(
      "continuing beyond the planned end: the learning rate rises to half its peak, then decays until step {}", *steps);
}

Status Trainer::Continue(const std::string& checkpoint, std::optional<uint64_t> steps) {
  RunState state;
  const Status goes_on = session_.team.OnFirst([&]() -> Status {
    CLLM_ASSIGN(state, ReadState(checkpoint));
    return CheckGoesOn(state, checkpoint);
  });
  CLLM_TRY(goes_on);
  const Schedule& planned = session_.plan.step.schedule;
  if (planned.Continues(state.schedule)) state.schedule = planned;
  CLLM_TRY(checkpoints_.Load(checkpoint, std::move(state)));
  const std::string extended = ExtendSchedule(steps);
  // Who names how far it shall go wants it to go there.
  const uint64_t patience = session_.plan.patience;
  const bool was_lost = steps && patience != 0 && session_.state.worse_evaluations >= patience;
  if (was_lost) session_.state.worse_evaluations = 0;
  session_.step->SetSchedule(session_.state.schedule);
  session_.step->SetRateScale(session_.state.rate_scale);
  StartPacer();
  session_.observer.OnResume({Describe(session_, peak_gflops_)});
  NotePinning();
  if (!extended.empty()) session_.observer.OnNote({extended});
  if (was_lost) session_.observer.OnNote({"patience had ended the run; it counts evaluations anew"});
  return {};
}

bool Trainer::Ends() const {
  const RunState& state = session_.state;
  const uint64_t patience = session_.plan.patience;
  return state.schedule.EndsAt(state.step) || session_.stopped() ||
         (patience != 0 && state.worse_evaluations >= patience);
}

void Trainer::StartPacer() {
  if (!session_.state.schedule.open()) return;
  CHECK(time_);
  const size_t samples = session_.plan.samples;
  session_.pacer.emplace(session_.clock, *time_,
                         FinalWork{.windows = FinalWindows(session_),
                                   .sample_tokens = samples * SampleOptions().tokens});
  session_.costs.window_s =
      kEvaluationOfTraining * time_->step_seconds / static_cast<double>(session_.plan.step.batch);
  session_.costs.sample_token_s = kSampleTokenOfStep * time_->step_seconds;
}

Status Trainer::DecidePace() {
  RunState& state = session_.state;
  if (!state.schedule.open() || state.step < state.schedule.total()) return {};
  Breakpoint next;
  if (session_.team.leads()) next = session_.pacer->Next(state.schedule, session_.costs);
  CLLM_TRY(session_.team.Share(next));
  state.schedule.Decide(next);
  session_.step->SetSchedule(state.schedule);
  session_.observer.OnPace({.step = state.step, .until = next.step, .fraction = next.fraction});
  return {};
}

Result<RunSummary> Trainer::Train() {
  session_start_ = session_.clock();
  checkpoints_.StartTimer();
  CLLM_TRY(session_.LookAtStops());
  while (!Ends()) {
    CLLM_TRY(DecidePace());
    Status status = TrainStep();
    if (status.ok()) status = AfterStep();
    CLLM_TRY(session_.team.lost());
    if (status.code() == Code::kDiverged) status = rollback_.AfterDivergence(status);
    CLLM_TRY(std::move(status));
  }
  return Finish();
}

Status Trainer::TrainStep() {
  const double begin = session_.clock();
  const uint64_t batch = session_.plan.step.batch;
  const SequenceReader read = [this](uint64_t sequence, std::span<uint32_t> out) {
    return window_order_.ReadTrainingWindow(session_.corpus.training(), session_.tokenizer, sequence, out);
  };
  // Node Zero touches the next step's tokens while the workers are busy, so that they never wait for the disk.
  const auto prefetch = [&] {
    std::vector<uint32_t> window(session_.shape().context + 1);
    const auto [first, last] = session_.step->Sequences();
    for (size_t i = first; i < last; ++i) (void)read((session_.state.step + 1) * batch + i, window).ok();
  };
  const ScoredSpans spans = session_.corpus.scored(CorpusPart::kTraining);
  ScoredTargets scored;
  if (!spans.all()) {
    scored.count = window_order_.ScoredIn(spans, session_.state.step * batch, batch);
    scored.mask = [&](uint64_t sequence, std::span<uint32_t> targets) {
      spans.Mask(window_order_.Window(sequence) + 1, targets, kNoTarget);
    };
    if (scored.count == 0) return SkipStep(), Status();
  }
  CLLM_ASSIGN(const StepResult result,
              session_.step->Run(session_.state.step, read, prefetch, spans.all() ? nullptr : &scored));
  rollback_.StepDone();
  StepEvent event = progress_.AfterStep(result, session_.clock() - begin, PlannedWork(), session_);
  if (EvaluationIsDue()) CLLM_TRY(GatherRanks(event.spheres));
  session_.observer.OnStep(event);
  Say(watch_.AfterStep(result.scores.token));
  return {};
}

void Trainer::SkipStep() {
  ++skipped_steps_;
  rollback_.StepDone();
  session_.observer.OnStep(progress_.AfterSkippedStep(session_));
}

bool Trainer::EvaluationIsDue() const {
  const uint64_t at = session_.state.step;
  return at % session_.plan.eval_every == 0 && !session_.state.schedule.EndsAt(at);
}

Status Trainer::GatherRanks(SphereStatistics& spheres) {
  if (session_.team.alone()) return {};
  SphereStatistics::OfRank own{.leaves = spheres.leaves.size()};
  for (const LeafStatistics& leaf : spheres.leaves) {
    own.items += leaf.items;
    own.tokens += leaf.tokens;
    own.busy_s += leaf.busy_s;
    own.waiting_s += leaf.waiting_s;
    own.accumulation_s += leaf.accumulation_s;
  }
  CLLM_ASSIGN(spheres.ranks, session_.team.Gather(own));
  return {};
}

// What the plan has at this step, then what was asked for.
Status Trainer::AfterStep() {
  const uint64_t at = session_.state.step;
  const bool due = EvaluationIsDue();
  if (!session_.team.alone() && at % kCompareEvery == 0) CLLM_TRY(CompareWeights());
  if (due) CLLM_TRY(RegularWork());
  CLLM_TRY(session_.LookAtRequests(session_.team.leads() && checkpoints_.DueByTime()));
  CLLM_TRY(Answer(due));
  const Requests& asked = session_.asked;
  const bool save = asked.save_late || checkpoints_.IsRegularStep(at);
  if (asked.save || (save && !checkpoints_.saved())) {
    Timed(session_.clock, progress_, TimeLeft::Work::kSave, [&] { return checkpoints_.SaveOrSkip(); });
  }
  return session_.team.lost();
}

void Trainer::Say(const std::string& sentence) {
  if (!sentence.empty()) session_.observer.OnNote({sentence});
}

// With the evaluation and the samples at its end.
WorkPlan Trainer::PlannedWork() const {
  const TrainingPlan& plan = session_.plan;
  const RunState& state = session_.state;
  const double regular = static_cast<double>(evaluations_.SampleWindows());
  // A run whose best weights are not its last ones also measures those.
  const bool again = state.worse_evaluations != 0;
  const double last = static_cast<double>(FinalWindows(session_)) / regular;
  const double samples = static_cast<double>(plan.samples) / static_cast<double>(session_.spheres->team_size());
  return {.total = session_.ExpectedSteps(),
          .eval_every = plan.eval_every,
          .save_every = plan.save_every,
          .samples_at_evaluations = plan.samples != 0,
          .last_evaluation = again ? 2 * last + 1 : last,
          .last_samples = plan.samples == 0 ? 0 : kLastSampleTokens / kSampleTokens * std::max(1.0, samples),
          .evaluation_tokens = regular * static_cast<double>(session_.shape().context)};
}

Status Trainer::RegularEvaluation(bool& best) {
  CLLM_ASSIGN(best,
              Timed(session_.clock, progress_, TimeLeft::Work::kEvaluation, [&] { return evaluations_.Regular(); }));
  progress_.time_left().Evaluated(best);
  const RunState& state = session_.state;
  Say(watch_.AfterEvaluation({.step = state.step,
                              .loss = evaluations_.last_on_sample(),
                              .best_step = state.best_step,
                              .best_loss = state.best_nats,
                              .worse = state.worse_evaluations}));
  return {};
}

Status Trainer::RegularWork() {
  bool best = false;
  CLLM_TRY(RegularEvaluation(best));
  if (session_.plan.samples != 0) CLLM_TRY(TellSample());
  if (best) Timed(session_.clock, progress_, TimeLeft::Work::kSave, [&] { return evaluations_.KeepBest(); });
  return session_.team.lost();
}

// A regular evaluation answers those who asked for one as well, and has its sample.
Status Trainer::Answer(bool evaluated) {
  const Requests asked = session_.asked;
  if (asked.evaluate && !evaluated) CLLM_TRY(evaluations_.Asked());
  if (asked.sample && !(evaluated && session_.plan.samples != 0)) CLLM_TRY(TellSample());
  return {};
}

// All ranks have the same weights, or one of them counts wrong or forgets.
Status Trainer::CompareWeights() {
  CLLM_ASSIGN(const Hash128 own, session_.step->WeightsHash());
  CLLM_ASSIGN(const std::vector<Hash128> all, session_.team.Gather(own));
  const auto as_many = [&](const Hash128& hash) { return std::ranges::count(all, hash); };
  const Hash128 right = *std::ranges::max_element(all, {}, as_many);  // the first of those that most have
  const auto other = std::ranges::find_if(all, [&](const Hash128& hash) { return hash != right; });
  if (other == all.end()) return {};
  const auto rank = static_cast<size_t>(other - all.begin());
  return Failed(
      fmt::format("the weights of rank {} on {} are not those of the others after step {} ({}, expected {}): its "
                  "memory or its processor is at fault; resume from the last checkpoint without that machine",
                  rank, session_.team.ranks().host(rank), session_.state.step, other->Hex(), right.Hex()));
}

// The first rank writes it.
Status Trainer::TellSample() {
  if (session_.team.leads()) {
    const double begin = session_.clock();
    const Samples samples = Timed(session_.clock, progress_, TimeLeft::Work::kSample, [&] {
      return WriteSamples({.count = 1, .tokens = kSampleTokens, .seed = session_.plan.step.seed});
    });
    session_.costs.sample_token_s = (session_.clock() - begin) / static_cast<double>(kSampleTokens);
    session_.observer.OnSample({session_.state.step, samples.front()});
  }
  const RankTeam::LongWait writing(session_.team);
  return session_.team.FirstSays({});
}

Trainer::Samples Trainer::WriteSamples(const SampleOptions& options) {
  const Weights& weights = session_.step->weights();
  RequestBatch batch(weights, session_.spheres.get());
  std::vector<std::unique_ptr<Request>> requests;
  for (size_t i = 0; i < options.count; ++i) {
    RequestOptions request{.tokens = options.tokens};
    request.sampler.seed = options.seed + i;
    requests.push_back(std::make_unique<Request>(weights.shape(), session_.tokenizer, "", request));
    batch.Add(*requests.back());
  }
  while (batch.size() != 0 && !session_.stopped() && session_.stop_signal_here() == 0) batch.Step();
  Samples texts;
  for (const auto& request : requests) texts.push_back(request->result().text);
  return texts;
}

void Trainer::NotePatience() {
  const RunState& state = session_.state;
  Say(fmt::format(
      "`patience` {} ended the training at step {} of {}: as many evaluations in a row were no better than the "
      "{:.4f} nats per token of step {}, on the same sample of the validation part; the weights of that step "
      "are kept as the best",
      session_.plan.patience, state.step, session_.ExpectedSteps(), state.best_nats, state.best_step));
}

// The weights of the end are of use, also where their save failed. Error: Diverged.
Result<RunSummary> Trainer::Finish() {
  RunSummary summary;
  summary.step = session_.state.step;
  summary.planned = session_.ExpectedSteps();
  summary.stop_signal = session_.stop_signal();
  summary.patience_ended = summary.stop_signal == 0 && !session_.state.schedule.EndsAt(summary.step);
  summary.seconds = session_.clock() - session_start_;
  if (summary.patience_ended) NotePatience();
  if (skipped_steps_ != 0) {
    Say(fmt::format("{} skipped: the assistant says nothing in the text there; larger `batch` or `context` helps",
                    skipped_steps_ == 1 ? "1 step was" : fmt::format("{} steps were", skipped_steps_)));
  }
  if (!checkpoints_.saved()) {
    const Status saved = checkpoints_.Save();
    if (saved.code() == Code::kDiverged) return saved;
    CLLM_TRY(session_.team.lost());
    if (!saved.ok()) session_.observer.OnSkippedSave({summary.step, saved.message()});
  }
  summary.saved_step = checkpoints_.saved_step();
  if (summary.stop_signal == 0) CLLM_TRY(Conclude(summary));
  session_.observer.OnEnd({.step = summary.step,
                           .stop_signal = summary.stop_signal,
                           .best_step = summary.best_step,
                           .loss_token = summary.scores.token,
                           .bits_per_byte = summary.bits_per_byte,
                           .memorised = summary.memorised,
                           .peak_resident_bytes = ReadProcessMemory().peak_resident,
                           .seconds = summary.seconds});
  return summary;
}

// The last evaluation, which a stop ends.
Status Trainer::Conclude(RunSummary& summary) {
  CLLM_ASSIGN(const FinalEvaluation verdict, evaluations_.Final());
  if (verdict.stopped) {
    CLLM_TRY(session_.LookAtStops());
    summary.stop_signal = session_.stop_signal();
    return {};
  }
  summary.scores = verdict.best.scores;
  summary.bits_per_byte = verdict.best.bits_per_byte;
  summary.best_step = verdict.best_step;
  summary.whole = verdict.best.whole;
  summary.tokens = verdict.best.scores.positions;
  summary.of_answers = !session_.corpus.scored(CorpusPart::kValidation).all();
  summary.memorised = verdict.best_step != summary.step &&
                      verdict.last.token > summary.scores.token * (1 + kMemorised) &&
                      progress_.last_training_nats() < summary.scores.token && !watch_.TrainingRose();
  return {};
}

}  // namespace cllm
