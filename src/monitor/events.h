#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "monitor/sphere_statistics.h"

// What happens in a run, as plain values that own what they hold: they may be copied, kept and given to other threads.
// Steps count the steps done. Losses are natural logarithms, nats per token.
namespace cllm {

// One dimension of the model: "width", 256.
struct ShapeValue {
  std::string name;
  std::variant<bool, uint64_t, double> value;
};

// What is in use from here on.
struct RunDescription {
  uint64_t step = 0;  // where it starts
  uint64_t total_steps = 0;
  uint64_t parameters = 0;
  std::vector<ShapeValue> shape = {};
  uint64_t batch = 0, item = 0;         // sequences of a step and of a work item
  std::string optimizer = {};           // "muon", "adamw"
  double rate = 0, embedding_rate = 0;  // at their peak
  double lambda = 0;
  uint64_t seed = 0;
  std::string precision = {};  // of products: "fp32", "bf16"
  std::string simd = {}, processor = {};
  uint64_t workers = 0, cache_domains = 0, ranks = 1;
  double peak_gflops = 0;  // of the machine with these workers; 0: unknown
  std::string corpus = {};
  uint64_t training_tokens = 0, validation_tokens = 0;
  uint64_t scored_training_tokens = 0, scored_validation_tokens = 0;  // of dialogues: what the assistant says; else 0
  double epochs = 0;
  uint64_t numerics = 0;
};

// A new run.
struct StartEvent {
  RunDescription run;
};

// A run that goes on from the checkpoint of step run.step: what was told of later steps is void.
struct ResumeEvent {
  RunDescription run;
};

// A step was done.
struct StepEvent {
  uint64_t step = 0;
  uint64_t total = 0;      // steps of the run
  uint64_t tokens = 0;     // read so far
  bool skipped = false;    // nothing in the step's text is learned: no weight moved, losses and norm are void
  uint64_t scored = 0;     // positions of the step that are learned, where those are not all
  double loss = 0;         // crystalline loss
  double smooth_loss = 0;  // its exponential mean
  double loss_token = 0, loss_root = 0, loss_form = 0;
  double rate = 0;           // of the matrices
  double gradient_norm = 0;  // before clipping
  double tokens_per_s = 0;
  double peak_share = 0;  // of the machine's fused-multiply-add peak, [0, 1]; 0 while unknown
  double elapsed_s = 0;   // of training, over all sessions
  double eta_s = 0;          // to the end, evaluations, samples and saves included; below 0: unknown yet
  double items_s = 0, reduce_s = 0, update_s = 0, pack_s = 0;  // the phases of this step
  // Of several ranks: what this one waited for others at their items, and for messages while no worker worked; bytes.
  double peers_s = 0, messages_s = 0;
  uint64_t sent_bytes = 0, received_bytes = 0;
  SphereStatistics spheres = {};                               // since the start of this session
};

// A run by time decided how far its schedule comes with the next steps, which follow.
struct PaceEvent {
  uint64_t step = 0;    // done
  uint64_t until = 0;   // the steps to this one are decided now
  double fraction = 0;  // of the schedule's stretch that is over then; 1: its end
};

// A piece of work other than steps is under way: reading, tokenizing, evaluating. An event without a name ends it, and
// so does one of another name.
struct PhaseEvent {
  std::string name = {};
  double share = -1;  // that is done, [0, 1]; below 0: unknown
};

// The validation part was looked at.
struct EvaluationEvent {
  uint64_t step = 0;  // of the weights
  double loss_token = 0, loss_root = 0, loss_form = 0;
  double bits_per_byte = 0;
  bool best = false;   // the weights to use so far
  bool whole = false;  // over all of the validation part, else over a fixed sample of it
  uint64_t tokens = 0;  // that were looked at
};

// The model wrote a text.
struct SampleEvent {
  uint64_t step = 0;
  std::string text = {};  // as the model made it: any bytes
};

// A checkpoint was written.
struct SaveEvent {
  uint64_t step = 0;
  std::string directory = {};
  double seconds = 0;
};

// A checkpoint could not or should not be written; the run goes on.
struct SkippedSaveEvent {
  uint64_t step = 0;
  std::string reason = {};  // a sentence
};

// A sentence that the user should read.
struct NoteEvent {
  std::string sentence = {};
};

// The step after `step` was refused, with no weight touched. A rollback, or the end of the run with an error, follows.
struct DivergenceEvent {
  uint64_t step = 0;
  std::string reason = {};  // a sentence
};

// After a divergence the run goes on from an earlier checkpoint.
struct RollbackEvent {
  uint64_t step = 0;        // of the checkpoint
  double rate_scale = 1;    // on all rates from here on
  std::string reason = {};  // of the divergence
};

// The run came to its end or was stopped; the last event. A run that ends with an error has none.
struct EndEvent {
  uint64_t step = 0;
  int stop_signal = 0;  // 0: it ran to its end, and the fields below are set
  uint64_t best_step = 0;
  double loss_token = 0;  // of the best step, over the whole validation part
  double bits_per_byte = 0;
  bool memorised = false;  // validation rose while training fell
  uint64_t peak_resident_bytes = 0;
  double seconds = 0;  // of training in this session
};

// Any of them.
using RunEvent = std::variant<StartEvent, ResumeEvent, PaceEvent, StepEvent, PhaseEvent, EvaluationEvent, SampleEvent,
                              SaveEvent, SkippedSaveEvent, NoteEvent, DivergenceEvent, RollbackEvent, EndEvent>;

}  // namespace cllm
