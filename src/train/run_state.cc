#include "train/run_state.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "base/path.h"
#include "store/json.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

constexpr uint64_t kStateFormat = 2;  // 1: without a pace and the time that is left
constexpr uint64_t kOptimizerFormat = 1;
constexpr uint64_t kMaxStateBytes = 1 << 20;
constexpr uint64_t kMaxSegments = 1000;

JsonArray PaceJson(std::span<const Breakpoint> pace) {
  JsonArray points;
  for (const auto& [step, fraction] : pace) points.push_back(JsonFields{{"step", step}, {"fraction", fraction}});
  return points;
}

JsonArray SegmentsJson(const Schedule& schedule) {
  JsonArray segments;
  for (const ScheduleSegment& s : schedule.segments) {
    JsonFields fields = {{"begin", s.begin}, {"end", s.end}, {"warmup", s.warmup}, {"factor", s.factor}};
    if (!s.pace.empty()) fields.push_back({"pace", PaceJson(s.pace)});
    segments.push_back(std::move(fields));
  }
  return segments;
}

Status ReadPace(const JsonObject& json, const std::string& path, ScheduleSegment& segment) {
  if (json.Find("pace") == nullptr) return {};
  CLLM_ASSIGN(const std::vector<JsonObject> points, json.Objects("pace"));
  for (const JsonObject& point : points) {
    Breakpoint breakpoint;
    CLLM_ASSIGN(breakpoint.step, point.Unsigned("step"));
    CLLM_ASSIGN(breakpoint.fraction, point.Real("fraction"));
    segment.pace.push_back(breakpoint);
  }
  const bool spans = !segment.pace.empty() && segment.pace.front().step == segment.begin &&
                     segment.pace.back().step == segment.end;
  const Status rises = CheckPace(segment.pace);
  if (spans && rises.ok()) return {};
  return BadInput(fmt::format("{}: 'schedule': {}", path,
                              rises.ok() ? "a pace spans another stretch than its segment" : rises.message()));
}

Result<Schedule> ReadSchedule(const JsonObject& json, const std::string& path) {
  Schedule schedule;
  CLLM_ASSIGN(const std::vector<JsonObject> segments, json.Objects("schedule"));
  for (const JsonObject& object : segments) {
    ScheduleSegment s;
    CLLM_ASSIGN(s.begin, object.Unsigned("begin"));
    CLLM_ASSIGN(s.end, object.Unsigned("end"));
    CLLM_ASSIGN(s.warmup, object.Unsigned("warmup"));
    CLLM_ASSIGN(s.factor, object.Real("factor"));
    CLLM_TRY(ReadPace(object, path, s));
    const bool some = s.end > s.begin || (s.open() && s.end == s.begin);
    if (s.begin != schedule.total() || schedule.open() || !some || !(s.factor > 0 && s.factor <= 1)) {
      return BadInput(fmt::format("{}: 'schedule' has a segment from {} to {} by {}, expected one that starts at {}",
                                  path, s.begin, s.end, s.factor, schedule.total()));
    }
    schedule.segments.push_back(std::move(s));
  }
  if (schedule.segments.empty() || schedule.segments.size() > kMaxSegments) {
    return BadInput(fmt::format("{}: 'schedule' has {} segments, expected 1 to {}", path, schedule.segments.size(),
                                kMaxSegments));
  }
  return schedule;
}

std::string NameOf(const TensorInfo& info, Moment moment) {
  return (moment == Moment::kFirst ? "first." : "second.") + info.name;
}

Result<RunState> StateOf(const JsonObject& json, const std::string& path) {
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
  if (json.Find("time_left_s") != nullptr) {
    CLLM_ASSIGN(state.time_left_s, json.Real("time_left_s"));
  }
  CLLM_ASSIGN(state.corpus_hash, json.Text("corpus_hash"));
  CLLM_ASSIGN(state.tokenizer_hash, json.Text("tokenizer_hash"));
  if (state.step > state.schedule.total() || !(state.rate_scale > 0 && state.rate_scale <= 1)) {
    return BadInput(fmt::format("{}: step {} of {} with rate scale {}, expected a step of its schedule and a scale in "
                                "(0, 1]",
                                path, state.step, state.schedule.total(), state.rate_scale));
  }
  return state;
}

}  // namespace

std::string StateText(const RunState& state) {
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
                    {"time_left_s", state.time_left_s},
                    {"corpus_hash", state.corpus_hash},
                    {"tokenizer_hash", state.tokenizer_hash}},
                   JsonStyle::kIndented) +
         "\n";
}

std::vector<CheckpointFile> CheckpointFiles(const Parameters& parameters, const Optimizer& optimizer,
                                            const RunState& state) {
  const auto own = [&optimizer](const TensorInfo& info, Moment moment) -> Result<std::span<const float>> {
    return moment == Moment::kFirst ? optimizer.first_of(info) : optimizer.second_of(info);
  };
  return CheckpointFiles(parameters, optimizer, own, state);
}

std::vector<CheckpointFile> CheckpointFiles(const Parameters& parameters, const Optimizer& optimizer,
                                            const MomentReader& read, const RunState& state) {
  std::vector<WritableTensor> moments;
  for (const TensorInfo& info : parameters.layout().tensors()) {
    for (const Moment moment : {Moment::kFirst, Moment::kSecond}) {
      if (moment == Moment::kSecond && !optimizer.UsesAdamW(info)) continue;
      const auto write = [read, &info, moment](ByteSink& sink) -> Status {
        CLLM_ASSIGN(const std::span<const float> values, read(info, moment));
        return sink.Append(std::as_bytes(values));
      };
      moments.push_back({NameOf(info, moment), DType::kF32, {info.size()}, write});
    }
  }
  std::vector<CheckpointFile> files;
  files.push_back(ModelFile(parameters));
  files.push_back(TensorFile(kOptimizerFileName, std::move(moments), {{kFormatKey, std::to_string(kOptimizerFormat)}}));
  files.push_back(TextFile(kStateFileName, StateText(state)));
  return files;
}

Result<RunState> ReadState(const std::string& directory) {
  const std::string path = JoinPath(directory, kStateFileName);
  CLLM_ASSIGN(const JsonObject json, JsonObject::ReadFrom(path, kMaxStateBytes));
  return StateOf(json, path);
}

Result<RunState> ParseState(std::string_view text, const std::string& label) {
  CLLM_ASSIGN(const JsonObject json, JsonObject::Parse(text, label));
  return StateOf(json, label);
}

Result<SafetensorsFile> OpenMoments(const std::string& directory) {
  CLLM_ASSIGN(SafetensorsFile file, SafetensorsFile::Open(JoinPath(directory, kOptimizerFileName)));
  CLLM_TRY(file.Format(kOptimizerFormat));
  return file;
}

Status ReadMoment(const SafetensorsFile& file, const TensorInfo& info, Moment moment, std::span<float> out) {
  return file.Read(NameOf(info, moment), {info.size()}, out);
}

Status ReadMoments(const std::string& directory, const Parameters& parameters, Optimizer& optimizer) {
  CLLM_ASSIGN(const SafetensorsFile file, OpenMoments(directory));
  for (const TensorInfo& info : parameters.layout().tensors()) {
    CLLM_TRY(ReadMoment(file, info, Moment::kFirst, optimizer.first_of(info)));
    if (optimizer.UsesAdamW(info)) CLLM_TRY(ReadMoment(file, info, Moment::kSecond, optimizer.second_of(info)));
  }
  return {};
}

}  // namespace cllm
