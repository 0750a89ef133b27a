#include "train/run_log.h"

#include <fmt/format.h>

#include <utility>

#include "math/scalar.h"

namespace cllm {
namespace {

constexpr uint64_t kLogFormat = 1;

JsonFields DescriptionFields(const char* kind, const RunDescription& run) {
  JsonFields fields = {{"event", kind},
                       {"format", kLogFormat},
                       {"step", run.step},
                       {"steps", run.total_steps},
                       {"parameters", run.parameters}};
  for (const ShapeValue& dimension : run.shape) {
    std::visit([&](auto value) { fields.push_back({dimension.name, value}); }, dimension.value);
  }
  const JsonFields rest = {{"batch", run.batch},
                           {"item", run.item},
                           {"optimizer", run.optimizer},
                           {"lr", run.rate},
                           {"embedding_lr", run.embedding_rate},
                           {"lambda", run.lambda},
                           {"seed", run.seed},
                           {"precision", run.precision},
                           {"simd", run.simd},
                           {"processor", run.processor},
                           {"workers", run.workers},
                           {"cache_domains", run.cache_domains},
                           {"ranks", run.ranks},
                           {"peak_gflops", run.peak_gflops},
                           {"corpus", run.corpus},
                           {"training_tokens", run.training_tokens},
                           {"validation_tokens", run.validation_tokens},
                           {"epochs", run.epochs},
                           {"numerics", run.numerics}};
  fields.insert(fields.end(), rest.begin(), rest.end());
  if (run.scored_training_tokens != 0) {
    fields.push_back({"scored_training_tokens", run.scored_training_tokens});
    fields.push_back({"scored_validation_tokens", run.scored_validation_tokens});
  }
  return fields;
}

// One member of all leaves, in their order.
template <typename T>
JsonArray OfLeaves(const SphereStatistics& spheres, T LeafStatistics::*member) {
  JsonArray values;
  for (const LeafStatistics& leaf : spheres.leaves) values.emplace_back(leaf.*member);
  return values;
}

JsonArray RankRecords(const SphereStatistics& spheres) {
  JsonArray ranks;
  for (const SphereStatistics::OfRank& rank : spheres.ranks) {
    ranks.push_back(JsonFields{{"workers", rank.leaves},
                               {"items", rank.items},
                               {"tokens", rank.tokens},
                               {"busy_s", rank.busy_s},
                               {"waiting_s", rank.waiting_s},
                               {"accumulation_s", rank.accumulation_s}});
  }
  return ranks;
}

}  // namespace

JsonArray GroupRecords(const SphereStatistics& spheres) {
  JsonArray groups;
  for (const SphereStatistics::Group& group : spheres.groups) {
    groups.push_back(JsonFields{{"level", group.level},
                                {"first_leaf", group.first_leaf},
                                {"leaves", group.leaves},
                                {"items", group.items},
                                {"steals", group.steals},
                                {"busy_s", group.busy_s},
                                {"waiting_s", group.waiting_s}});
  }
  return groups;
}

void RunLog::OnStart(const StartEvent& event) { WriteStart("run_start", event.run); }

void RunLog::OnResume(const ResumeEvent& event) {
  log_.reset();
  resumed_at_ = event.run.step;
  WriteStart("resume", event.run);
}

void RunLog::WriteStart(const char* kind, const RunDescription& run) {
  running_ = true;
  step_ = run.step;
  Write(DescriptionFields(kind, run));
}

void RunLog::OnStep(const StepEvent& event) {
  step_ = event.step;
  spheres_ = event.spheres;
  if (event.skipped) return Write({{"event", "skipped_step"}, {"step", event.step}, {"tokens", event.tokens}});
  JsonFields fields = {{"step", event.step},
                       {"tokens", event.tokens},
                       {"loss", event.loss},
                       {"loss_token", event.loss_token},
                       {"loss_root", event.loss_root},
                       {"loss_form", event.loss_form},
                       {"lr", event.rate},
                       {"grad_norm", event.gradient_norm},
                       {"tok_s", event.tokens_per_s},
                       {"peak_share", event.peak_share},
                       {"eta_s", event.eta_s < 0 ? JsonValue() : JsonValue(event.eta_s)},
                       {"items_s", event.items_s},
                       {"reduce_s", event.reduce_s},
                       {"update_s", event.update_s},
                       {"pack_s", event.pack_s},
                       {"elapsed_s", event.elapsed_s}};
  if (event.scored != 0) fields.push_back({"scored", event.scored});
  if (event.sent_bytes != 0) {
    const JsonFields exchange = {{"peers_s", event.peers_s},
                                 {"messages_s", event.messages_s},
                                 {"sent_bytes", event.sent_bytes},
                                 {"received_bytes", event.received_bytes}};
    fields.insert(fields.end(), exchange.begin(), exchange.end());
  }
  Write(fields);
}

void RunLog::OnPace(const PaceEvent& event) {
  Write({{"event", "pace"}, {"step", event.step}, {"until", event.until}, {"fraction", event.fraction}});
}

void RunLog::OnEvaluation(const EvaluationEvent& event) {
  Write({{"event", "eval"},
         {"step", event.step},
         {"val_nats", event.loss_token},
         {"val_root", event.loss_root},
         {"val_form", event.loss_form},
         {"bits_per_byte", event.bits_per_byte},
         {"best", event.best},
         {"whole", event.whole},
         {"tokens", event.tokens}});
  if (!spheres_.leaves.empty()) WriteSpheres();
}

void RunLog::WriteSpheres() {
  JsonFields record = {
         {"event", "spheres"},
         {"step", step_},
         {"permits", spheres_.permits},
         {"items", OfLeaves(spheres_, &LeafStatistics::items)},
         {"steals", OfLeaves(spheres_, &LeafStatistics::steals)},
         {"tokens", OfLeaves(spheres_, &LeafStatistics::tokens)},
         {"bytes", OfLeaves(spheres_, &LeafStatistics::bytes)},
         {"busy_s", OfLeaves(spheres_, &LeafStatistics::busy_s)},
         {"waiting_s", OfLeaves(spheres_, &LeafStatistics::waiting_s)},
         {"accumulation_s", OfLeaves(spheres_, &LeafStatistics::accumulation_s)},
         {"groups", GroupRecords(spheres_)}};
  if (!spheres_.ranks.empty()) record.push_back({"ranks", RankRecords(spheres_)});
  Write(std::move(record));
}

void RunLog::OnSample(const SampleEvent& event) {
  Write({{"event", "sample"}, {"step", event.step}, {"text", event.text}});
}

void RunLog::OnSave(const SaveEvent& event) {
  Write({{"event", "checkpoint"}, {"step", event.step}, {"seconds", event.seconds}});
}

void RunLog::OnSkippedSave(const SkippedSaveEvent& event) {
  Write({{"event", "skipped_save"}, {"step", event.step}, {"text", event.reason}});
}

void RunLog::OnNote(const NoteEvent& event) { Write({{"event", "note"}, {"step", step_}, {"text", event.sentence}}); }

void RunLog::OnDivergence(const DivergenceEvent& event) {
  Write({{"event", "diverged"}, {"step", event.step}, {"text", event.reason}});
}

void RunLog::OnRollback(const RollbackEvent& event) {
  step_ = event.step;
  Write({{"event", "rollback"}, {"step", event.step}, {"rate_scale", event.rate_scale}});
}

void RunLog::OnEnd(const EndEvent& event) {
  if (event.stop_signal != 0) {
    Write({{"event", "run_end"}, {"step", event.step}, {"signal", event.stop_signal}});
  } else {
    Write({{"event", "run_end"},
           {"step", event.step},
           {"best_step", event.best_step},
           {"val_nats", event.loss_token},
           {"bits_per_byte", event.bits_per_byte},
           {"memorised", event.memorised},
           {"peak_resident_bytes", event.peak_resident_bytes},
           {"seconds", event.seconds}});
  }
  running_ = false;
}

Status RunLog::Open() {
  if (log_) return {};
  if (resumed_at_) {
    CLLM_TRY(TruncateLog(files_, path_, *resumed_at_).status());
    resumed_at_.reset();
  }
  CLLM_ASSIGN(log_, JsonLog::Open(files_, path_));
  return {};
}

void RunLog::Write(JsonFields record) {
  if (!running_) return;
  record.push_back({"time", math::Round(clock_() * 1000) / 1000});
  Status written = Open();
  if (written.ok()) written = log_->Write(record);
  // Set before the note, which may come back here as an event.
  const bool failed_before = std::exchange(fails_, !written.ok());
  if (written.ok() || failed_before) return;
  notes_.OnNote({fmt::format("the log goes on without the records that cannot be written: {}", written.message())});
}

}  // namespace cllm
