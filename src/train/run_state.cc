#include "train/run_state.h"

#include <fmt/format.h>

#include "base/path.h"
#include "store/json.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

constexpr uint64_t kStateFormat = 1;
constexpr uint64_t kMaxStateBytes = 1 << 20;
constexpr uint64_t kMaxSegments = 1000;

// The second moments of a tensor that AdamW updates: of a const optimizer to read, of another to write.
template <typename AnyOptimizer>
auto SecondOf(AnyOptimizer& optimizer, const TensorInfo& info, size_t tensor) {
  return optimizer.second().subspan(optimizer.second_offset(tensor), info.size());
}

JsonArray SegmentsJson(const Schedule& schedule) {
  JsonArray segments;
  for (const ScheduleSegment& s : schedule.segments) {
    segments.push_back(JsonFields{{"begin", s.begin}, {"end", s.end}, {"warmup", s.warmup}, {"factor", s.factor}});
  }
  return segments;
}

std::string StateJson(const RunState& state) {
  return WriteJson({{"format", kStateFormat},
                    {"step", state.step},
                    {"tokens", state.tokens},
                    {"schedule", SegmentsJson(state.schedule)},
                    {"rate_scale", state.rate_scale},
                    {"rollbacks", state.rollbacks},
                    {"smooth_loss", state.smooth_loss},
                    {"best_nats", state.best_nats},
                    {"best_step", state.best_step},
                    {"worse_evaluations", state.worse_evaluations},
                    {"elapsed_s", state.elapsed_s},
                    {"corpus_hash", state.corpus_hash},
                    {"tokenizer_hash", state.tokenizer_hash}},
                   JsonStyle::kIndented) +
         "\n";
}

Result<Schedule> ReadSchedule(const JsonObject& json, const std::string& path) {
  Schedule schedule;
  CLLM_ASSIGN(const JsonArray segments, json.Array("schedule"));
  uint64_t end = 0;
  for (const JsonValue& value : segments) {
    const auto* fields = std::get_if<JsonFields>(&value.content());
    if (fields == nullptr) return BadInput(fmt::format("{}: 'schedule' holds something else than objects", path));
    CLLM_ASSIGN(const JsonObject object, JsonObject::Parse(WriteJson(*fields), path));
    ScheduleSegment s;
    CLLM_ASSIGN(s.begin, object.Unsigned("begin"));
    CLLM_ASSIGN(s.end, object.Unsigned("end"));
    CLLM_ASSIGN(s.warmup, object.Unsigned("warmup"));
    CLLM_ASSIGN(s.factor, object.Real("factor"));
    if (s.begin != end || s.end <= s.begin || !(s.factor > 0 && s.factor <= 1)) {
      return BadInput(fmt::format("{}: 'schedule' has a segment from {} to {} by {}, expected one that starts at {}", path,
                                  s.begin, s.end, s.factor, end));
    }
    end = s.end;
    schedule.segments.push_back(s);
  }
  if (schedule.segments.empty() || schedule.segments.size() > kMaxSegments) {
    return BadInput(fmt::format("{}: 'schedule' has {} segments, expected 1 to {}", path, schedule.segments.size(),
                                kMaxSegments));
  }
  return schedule;
}

}  // namespace

std::vector<CheckpointFile> CheckpointFiles(const Parameters& parameters, const Optimizer& optimizer,
                                            const RunState& state) {
  std::vector<TensorView> moments;
  const auto& tensors = parameters.layout().tensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorInfo& info = tensors[i];
    moments.push_back({"first." + info.name, DType::kF32, {info.size()},
                       std::as_bytes(optimizer.first().subspan(info.offset, info.size()))});
    if (!optimizer.UsesAdamW(info)) continue;
    moments.push_back({"second." + info.name, DType::kF32, {info.size()}, std::as_bytes(SecondOf(optimizer, info, i))});
  }
  std::vector<CheckpointFile> files;
  files.push_back(ModelFile(parameters));
  files.push_back(TensorFile(kOptimizerFileName, std::move(moments), {{kFormatKey, std::to_string(kStateFormat)}}));
  files.push_back(TextFile(kStateFileName, StateJson(state)));
  return files;
}

Result<RunState> ReadState(const std::string& directory) {
  const std::string path = JoinPath(directory, kStateFileName);
  CLLM_ASSIGN(const JsonObject json, JsonObject::ReadFrom(path, kMaxStateBytes));
  CLLM_TRY(json.CheckFormat(kStateFormat));
  RunState state;
  CLLM_ASSIGN(state.step, json.Unsigned("step"));
  CLLM_ASSIGN(state.tokens, json.Unsigned("tokens"));
  CLLM_ASSIGN(state.schedule, ReadSchedule(json, path));
  CLLM_ASSIGN(state.rate_scale, json.Real("rate_scale"));
  CLLM_ASSIGN(state.rollbacks, json.Unsigned("rollbacks"));
  CLLM_ASSIGN(state.smooth_loss, json.Real("smooth_loss"));
  CLLM_ASSIGN(state.best_nats, json.Real("best_nats"));
  CLLM_ASSIGN(state.best_step, json.Unsigned("best_step"));
  CLLM_ASSIGN(state.worse_evaluations, json.Unsigned("worse_evaluations"));
  CLLM_ASSIGN(state.elapsed_s, json.Real("elapsed_s"));
  CLLM_ASSIGN(state.corpus_hash, json.Text("corpus_hash"));
  CLLM_ASSIGN(state.tokenizer_hash, json.Text("tokenizer_hash"));
  if (state.step > state.schedule.total() || !(state.rate_scale > 0 && state.rate_scale <= 1)) {
    return BadInput(fmt::format("{}: step {} of {} with rate scale {}, expected a step of its schedule and a scale in "
                                "(0, 1]",
                                path, state.step, state.schedule.total(), state.rate_scale));
  }
  return state;
}

Status ReadMoments(const std::string& directory, const Parameters& parameters, Optimizer& optimizer) {
  CLLM_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(JoinPath(directory, kOptimizerFileName)));
  CLLM_TRY(file.Format(kStateFormat));
  const auto& tensors = parameters.layout().tensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorInfo& info = tensors[i];
    CLLM_TRY(file.Read("first." + info.name, {info.size()}, optimizer.first().subspan(info.offset, info.size())));
    if (!optimizer.UsesAdamW(info)) continue;
    CLLM_TRY(file.Read("second." + info.name, {info.size()}, SecondOf(optimizer, info, i)));
  }
  return {};
}

}  // namespace cllm
