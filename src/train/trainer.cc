#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/random.h"
#include "base/system.h"
#include "infer/generator.h"
#include "kernels/simd.h"

namespace cllm {
namespace {

constexpr uint64_t kLogFormat = 1;
constexpr double kSmoothing = 0.95;        // of the loss shown
constexpr uint64_t kMaxRollbacks = 3;
constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kPeriodicPositions = 32768;  // an evaluation in mid-run looks at this many at most
constexpr size_t kSampleTokens = 120;
constexpr double kMemorised = 0.01;        // validation this much above its best, relative

const char* KindName(OptimizerKind kind) { return kind == OptimizerKind::kMuon ? "muon" : "adamw"; }

}  // namespace

Trainer::Trainer(Parts parts)
    : parts_(std::move(parts)),
      model_(parts_.config.Model(parts_.tokenizer->vocabulary())),
      sampler_(parts_.corpus->training().size(), model_.context, parts_.config.seed),
      validation_(parts_.corpus->validation(), parts_.corpus->part(CorpusPart::kValidation).bytes, *parts_.tokenizer,
                  model_.context, model_.context),
      checkpoints_(*parts_.files, parts_.paths.run) {}

Result<std::unique_ptr<Trainer>> Trainer::Create(Parts parts) {
  std::unique_ptr<Trainer> trainer(new Trainer(std::move(parts)));
  const TokenLattice& lattice = trainer->parts_.tokenizer->lattice();
  SpheresOptions spheres;
  spheres.leaves = trainer->parts_.config.threads;
  CLLM_ASSIGN(trainer->step_, ExactStep::Create(trainer->model_, trainer->parts_.config.Step(),
                                                {lattice.root_class(), lattice.form_class()}, std::move(spheres)));
  if (const std::string warning = trainer->step_->spheres().pin_warning(); !warning.empty()) {
    trainer->parts_.observer->OnNote(warning);
  }
  return trainer;
}

Status Trainer::Begin(const Parameters* weights) {
  if (weights != nullptr) {
    std::copy_n(weights->data(), weights->layout().size(), step_->parameters().data());
  } else {
    InitializeParameters(parts_.config.seed, model_.layers, step_->parameters());
  }
  state_.schedule = step_->options().schedule;
  state_.corpus_hash = parts_.corpus->corpus_hash().Hex();
  state_.tokenizer_hash = parts_.tokenizer->hash().Hex();
  CLLM_TRY(step_->Repack());
  CLLM_TRY(WriteStart("run_start"));
  // From the first step on there is a state to go on from, whatever interrupts the run.
  if (const Status saved = Save(); !saved.ok()) parts_.observer->OnNote(saved.message());
  return {};
}

Status Trainer::Continue(const std::string& checkpoint, std::optional<uint64_t> steps) {
  CLLM_ASSIGN(state_, ReadState(checkpoint));
  if (state_.corpus_hash != parts_.corpus->corpus_hash().Hex()) {
    return BadInput(fmt::format("{}: the run was trained on another text than {} is now; expected content {}, found {}",
                                checkpoint, parts_.corpus->name(), state_.corpus_hash,
                                parts_.corpus->corpus_hash().Hex()));
  }
  if (state_.tokenizer_hash != parts_.tokenizer->hash().Hex()) {
    return BadInput(fmt::format("{}: the run was trained with another tokenizer than the one beside it", checkpoint));
  }
  CLLM_TRY(Load(checkpoint));
  if (steps && *steps > state_.schedule.total()) {
    state_.schedule.Extend(*steps);
    parts_.observer->OnNote(fmt::format("continuing beyond the planned end: the rate warms to half and decays to step {}",
                                        *steps));
  } else if (steps && *steps < state_.schedule.total()) {
    return Usage(fmt::format("--steps {} is less than the run's {}; it is the total and can only grow", *steps,
                             state_.schedule.total()));
  }
  step_->options().schedule = state_.schedule;
  step_->options().rate_scale = state_.rate_scale;
  CLLM_TRY(step_->Repack());
  CLLM_ASSIGN(const LogTruncation truncation, TruncateLog(*parts_.files, parts_.paths.log(), state_.step));
  (void)truncation;
  return WriteStart("resume");
}

Status Trainer::Load(const std::string& checkpoint) {
  CLLM_ASSIGN(state_, ReadState(checkpoint));
  CLLM_TRY(ReadModel(JoinPath(checkpoint, kModelFileName), model_, step_->parameters()));
  CLLM_TRY(ReadMoments(checkpoint, step_->parameters(), step_->optimizer()));
  saved_step_ = state_.step;
  return {};
}

Status Trainer::WriteStart(const char* kind) {
  CLLM_ASSIGN(JsonLog log, JsonLog::Open(*parts_.files, parts_.paths.log()));
  log_ = std::make_unique<JsonLog>(std::move(log));
  const ParameterLayout& layout = step_->parameters().layout();
  Log({{"event", kind},
       {"format", kLogFormat},
       {"step", state_.step},
       {"steps", state_.schedule.total()},
       {"parameters", layout.parameters()},
       {"layers", model_.layers},
       {"heads", model_.heads},
       {"width", model_.width},
       {"hidden", model_.hidden},
       {"context", model_.context},
       {"vocabulary", model_.vocabulary},
       {"batch", *parts_.config.batch},
       {"item", *parts_.config.item},
       {"optimizer", KindName(parts_.config.optimizer)},
       {"lr", *parts_.config.rate},
       {"embedding_lr", *parts_.config.embedding_rate},
       {"lambda", parts_.config.lambda},
       {"seed", parts_.config.seed},
       {"precision", parts_.config.precision},
       {"simd", SimdName()},
       {"processor", ProcessorName()},
       {"workers", step_->spheres().leaves()},
       {"cache_domains", step_->spheres().cache_domains()},
       {"ranks", 1},
       {"peak_gflops", parts_.peak_gflops},
       {"corpus", parts_.corpus->name()},
       {"training_tokens", parts_.corpus->training().size()},
       {"validation_tokens", parts_.corpus->validation().size()},
       {"epochs", TokensPerStep() * static_cast<double>(state_.schedule.total()) /
                      static_cast<double>(parts_.corpus->training().size())},
       {"numerics", kNumerics}});
  return {};
}

double Trainer::TokensPerStep() const { return static_cast<double>(*parts_.config.batch * model_.context); }

Result<RunSummary> Trainer::Train() {
  session_start_ = MonotonicSeconds();
  while (state_.step < state_.schedule.total()) {
    const int signal = parts_.control->stop_signal.load(std::memory_order_relaxed);
    const bool impatient = parts_.config.patience != 0 && state_.worse_evaluations >= parts_.config.patience;
    if (signal != 0 || impatient) break;
    if (const Status status = TrainStep(); !status.ok()) {
      if (status.code() != Code::kDiverged) return status;
      CLLM_TRY(HandleDivergence(status));
    }
  }
  return Finish();
}

// A window that starts at the end of a line starts with the begin token instead: a text of one document would hardly
// ever show that token to the model, and generation starts with it.
Status Trainer::ReadWindow(uint64_t sequence, std::span<uint32_t> out) const {
  CLLM_TRY(sampler_.ReadSequence(parts_.corpus->training(), sequence, out));
  if (parts_.tokenizer->TokenBytes(out[0]).ends_with('\n')) out[0] = parts_.tokenizer->begin();
  return {};
}

Status Trainer::TrainStep() {
  const double begin = MonotonicSeconds();
  const SequenceReader read = [this](uint64_t sequence, std::span<uint32_t> out) { return ReadWindow(sequence, out); };
  // Node Zero touches the next step's tokens while the workers are busy, so that they never wait for the disk.
  const auto prefetch = [&] {
    std::vector<uint32_t> window(model_.context + 1);
    for (size_t i = 0; i < *parts_.config.batch; ++i) {
      (void)read((state_.step + 1) * *parts_.config.batch + i, window).ok();
    }
  };
  CLLM_ASSIGN(const StepResult result, step_->Run(state_.step, read, prefetch));
  return AfterStep(result, MonotonicSeconds() - begin);
}

Status Trainer::AfterStep(const StepResult& result, double seconds) {
  ++state_.step;
  back_at_.reset();
  state_.tokens += result.scores.positions;
  state_.elapsed_s += seconds;
  step_seconds_ = step_seconds_ == 0 ? seconds : 0.9 * step_seconds_ + 0.1 * seconds;
  StepReport report;
  report.step = state_.step;
  report.total = state_.schedule.total();
  report.tokens = state_.tokens;
  report.result = result;
  report.loss = result.scores.Crystalline(step_->options().lambda);
  state_.smooth_loss = state_.step == 1 ? report.loss : kSmoothing * state_.smooth_loss + (1 - kSmoothing) * report.loss;
  last_training_nats_ = result.scores.token;
  report.smooth = state_.smooth_loss;
  report.rate = *parts_.config.rate * result.rate_factor;
  report.tokens_per_s = static_cast<double>(result.scores.positions) / step_seconds_;
  if (parts_.peak_gflops > 0) report.peak_share = report.tokens_per_s * FlopPerToken(model_) / (parts_.peak_gflops * 1e9);
  report.elapsed_s = state_.elapsed_s;
  report.eta_s = static_cast<double>(report.total - report.step) * step_seconds_;
  const auto& phases = result.seconds;
  Log({{"step", report.step},
       {"tokens", report.tokens},
       {"loss", report.loss},
       {"loss_token", result.scores.token},
       {"loss_root", result.scores.root},
       {"loss_form", result.scores.form},
       {"lr", report.rate},
       {"grad_norm", result.gradient_norm},
       {"tok_s", report.tokens_per_s},
       {"peak_share", report.peak_share},
       {"eta_s", report.eta_s},
       {"items_s", phases[0]},
       {"reduce_s", phases[1]},
       {"update_s", phases[2]},
       {"pack_s", phases[3]}});
  parts_.observer->OnStep(report);
  if (state_.step % *parts_.config.eval_every == 0 && state_.step < state_.schedule.total()) {
    CLLM_TRY(EvaluateAndKeepBest());
  }
  const bool asked = parts_.control->save_now.exchange(false, std::memory_order_relaxed);
  if (asked || (state_.step % *parts_.config.save_every == 0 && saved_step_ != state_.step)) {
    // A full disk fails the save, not the run.
    if (const Status saved = Save(); !saved.ok()) parts_.observer->OnNote(saved.message());
  }
  return {};
}

Status Trainer::EvaluateAndKeepBest() {
  // A fixed share of the training's own work: evaluations together cost about 3 % of it.
  const double share = 0.09 * static_cast<double>(*parts_.config.eval_every) * TokensPerStep();
  const double positions = std::clamp(share, 4.0 * static_cast<double>(model_.context), double{kPeriodicPositions});
  CLLM_ASSIGN(EvaluationReport report,
              validation_.Run(step_->spheres(), step_->transformer(), static_cast<size_t>(positions) / model_.context));
  report.step = state_.step;
  report.best = state_.best_step == 0 || report.scores.token < state_.best_nats;
  if (report.best) {
    state_.best_nats = report.scores.token;
    state_.best_step = state_.step;
    state_.worse_evaluations = 0;
  } else {
    ++state_.worse_evaluations;
  }
  LogEvaluation(report);
  parts_.observer->OnEvaluation(report);
  WriteSample();
  if (!report.best) return {};
  Status saved = Save();
  if (saved.ok()) saved = checkpoints_.PointBest(state_.step);
  if (!saved.ok()) parts_.observer->OnNote(saved.message());
  return {};
}

void Trainer::LogEvaluation(const EvaluationReport& report) {
  Log({{"event", "eval"},
       {"step", report.step},
       {"val_nats", report.scores.token},
       {"val_root", report.scores.root},
       {"val_form", report.scores.form},
       {"bits_per_byte", report.bits_per_byte},
       {"best", report.best},
       {"whole", report.whole}});
}

Status Trainer::AppendSample(const std::string& text) const {
  CLLM_ASSIGN(const auto file, parts_.files->OpenAppend(parts_.paths.samples()));
  CLLM_TRY(file->Append(AsBytes(fmt::format("--- step {}\n", state_.step) + text + "\n")));
  return file->Close();
}

void Trainer::WriteSample() {
  if (parts_.config.samples == 0) return;
  Decoder decoder(model_, step_->parameters(), step_->packed());
  GenerateOptions options;
  options.tokens = kSampleTokens;
  options.pick.seed = parts_.config.seed;
  const Generated sample = Generate(decoder, *parts_.tokenizer, "", options);
  Log({{"event", "sample"}, {"step", state_.step}, {"text", sample.text}});
  const Status kept = AppendSample(sample.text);
  if (!kept.ok()) parts_.observer->OnNote(kept.message());
  parts_.observer->OnSample(state_.step, sample.text);
}

// Only weights that predict a piece of the validation part become a state to go on from: others would push good
// checkpoints out.
Status Trainer::Save() {
  const double begin = MonotonicSeconds();
  if (const Status good = validation_.Run(step_->spheres(), step_->transformer(), 1).status(); !good.ok()) {
    return Diverged(fmt::format("the weights of step {} are not saved: {}", state_.step, good.message()));
  }
  CLLM_TRY(checkpoints_.Save(state_.step,
                             CheckpointFiles(model_, step_->parameters(), step_->optimizer(), state_)));
  saved_step_ = state_.step;
  const double seconds = MonotonicSeconds() - begin;
  Rotation rotation;
  rotation.keep_every = parts_.config.keep_every;
  if (const Status rotated = checkpoints_.Rotate(rotation); !rotated.ok()) parts_.observer->OnNote(rotated.message());
  Log({{"event", "checkpoint"}, {"step", state_.step}, {"seconds", seconds}});
  parts_.observer->OnSave(state_.step, checkpoints_.Directory(state_.step));
  return {};
}

Status Trainer::HandleDivergence(const Status& diverged) {
  Log({{"event", "diverged"}, {"step", state_.step}, {"text", diverged.message()}});
  if (parts_.config.on_divergence == OnDivergence::kStop || state_.rollbacks >= kMaxRollbacks) {
    // The refused step touched no weight; what the step before it made of them, Save looks at.
    const Status saved = saved_step_ == state_.step ? Status() : Save();
    if (!saved.ok()) parts_.observer->OnNote(saved.message());
    CLLM_ASSIGN(const FoundCheckpoint last_good, checkpoints_.NewestValid());
    return Diverged(fmt::format("{}; the last good state is saved as {}. Try a lower --lr, or --on-divergence rollback",
                                diverged.message(), last_good.directory));
  }
  const RunState at = state_;
  // A checkpoint that diverged at once would do so again.
  CLLM_ASSIGN(const FoundCheckpoint found, checkpoints_.NewestValid(back_at_.value_or(kNoLimit)));
  CLLM_TRY(Load(found.directory));
  back_at_ = state_.step;
  state_.rollbacks = at.rollbacks + 1;
  state_.rate_scale = at.rate_scale / 2;
  state_.schedule = at.schedule;
  step_->options().rate_scale = state_.rate_scale;
  const std::string text = fmt::format("{}; back to step {} with the rate times {}", diverged.message(), state_.step,
                                       state_.rate_scale);
  parts_.observer->OnNote(text);
  Log({{"event", "rollback"}, {"step", state_.step}, {"rate_scale", state_.rate_scale}});
  return step_->Repack();
}

Result<EvaluationReport> Trainer::EvaluateWhole() {
  const size_t limit = static_cast<size_t>(*parts_.config.eval_tokens) / model_.context;
  CLLM_ASSIGN(EvaluationReport report, validation_.Run(step_->spheres(), step_->transformer(), limit == 0 ? validation_.windows() : limit));
  report.step = state_.step;
  return report;
}

Result<RunSummary> Trainer::Finish() {
  RunSummary summary;
  summary.step = state_.step;
  summary.stop_signal = parts_.control->stop_signal.load(std::memory_order_relaxed);
  summary.patience_ended = summary.stop_signal == 0 && state_.step < state_.schedule.total();
  summary.seconds = MonotonicSeconds() - session_start_;
  if (summary.stop_signal != 0) {
    if (saved_step_ != state_.step) CLLM_TRY(Save());
    Log({{"event", "run_end"}, {"step", state_.step}, {"signal", summary.stop_signal}});
    return summary;
  }
  if (saved_step_ != state_.step) CLLM_TRY(Save());
  CLLM_ASSIGN(EvaluationReport last, EvaluateWhole());
  EvaluationReport best = last;
  const uint64_t last_step = state_.step;
  if (state_.best_step != 0 && state_.best_step != last_step && state_.best_nats < last.scores.token) {
    // The sample that chose `best` is smaller than the whole: both are measured on the whole, the better one stays.
    Parameters weights(model_);
    CLLM_ASSIGN(const std::string directory, checkpoints_.Find("best"));
    CLLM_TRY(ReadModel(JoinPath(directory, kModelFileName), model_, weights));
    std::swap(weights, step_->parameters());
    CLLM_TRY(step_->Repack());
    CLLM_ASSIGN(best, EvaluateWhole());
    best.step = state_.best_step;
    if (best.scores.token >= last.scores.token) {
      std::swap(weights, step_->parameters());
      CLLM_TRY(step_->Repack());
      best = last;
    }
  }
  CLLM_TRY(checkpoints_.PointBest(best.step));
  best.best = true;
  LogEvaluation(best);
  parts_.observer->OnEvaluation(best);
  summary.scores = best.scores;
  summary.bits_per_byte = best.bits_per_byte;
  summary.best_step = best.step;
  summary.memorised = best.step != last_step && last.scores.token > best.scores.token * (1 + kMemorised) &&
                      last_training_nats_ < best.scores.token;
  Log({{"event", "run_end"},
       {"step", state_.step},
       {"best_step", best.step},
       {"val_nats", best.scores.token},
       {"bits_per_byte", best.bits_per_byte},
       {"memorised", summary.memorised},
       {"peak_resident_bytes", ReadProcessMemory().peak_resident},
       {"seconds", summary.seconds}});
  return summary;
}

void Trainer::Log(JsonFields fields) {
  const Status written = log_->Write(fields);
  if (!written.ok() && !log_fails_) {
    parts_.observer->OnNote(
        fmt::format("the log goes on without the records that cannot be written: {}", written.message()));
  }
  log_fails_ = !written.ok();
}

}  // namespace cllm
