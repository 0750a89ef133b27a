#include "store/json_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/file.h"

namespace cllm {
namespace {

// Subtraction finds both NaN and infinity.
bool IsFinite(double value) { return value - value == 0; }

bool HasNonFinite(const JsonFields& record) {
  return std::any_of(record.begin(), record.end(), [](const JsonField& field) {
    const double* real = std::get_if<double>(&field.value.content());
    return real != nullptr && !IsFinite(*real);
  });
}

enum class LineKind { kDamaged, kWithoutStep, kWithStep };
struct Line {
  LineKind kind;
  uint64_t step;
};

Line Classify(std::string_view text, const std::string& path) {
  const Result<JsonObject> object = JsonObject::Parse(text, path);
  if (!object.ok()) return {LineKind::kDamaged, 0};
  const Result<uint64_t> step = object->Unsigned("step");
  return step.ok() ? Line{LineKind::kWithStep, *step} : Line{LineKind::kWithoutStep, 0};
}

}  // namespace

JsonLog::JsonLog(FileSystem& files, std::string path, std::unique_ptr<OutputFile> file, uint64_t bytes)
    : files_(&files), path_(std::move(path)), file_(std::move(file)), bytes_(bytes) {}

Result<JsonLog> JsonLog::Open(FileSystem& files, const std::string& path) {
  CLLM_ASSIGN(std::unique_ptr<OutputFile> file, files.OpenAppend(path));
  const Result<uint64_t> bytes = FileSize(path);
  if (!bytes.ok()) return Failed(bytes.status().message());
  return JsonLog(files, path, std::move(file), *bytes);
}

Status JsonLog::Write(const JsonFields& record) {
  std::string line;
  if (HasNonFinite(record)) {
    JsonFields marked = record;
    marked.push_back({"nan", true});
    line = WriteJson(marked);
  } else {
    line = WriteJson(record);
  }
  line += '\n';
  if (torn_) CLLM_TRY(RemoveTornLine());
  if (Status status = file_->Append(AsBytes(line)); !status.ok()) {
    torn_ = true;
    const Status removed = RemoveTornLine();  // else the next record does it, or TruncateLog
    static_cast<void>(removed);
    return status;
  }
  bytes_ += line.size();
  return {};
}

Status JsonLog::RemoveTornLine() {
  CLLM_TRY(files_->Truncate(path_, bytes_));
  torn_ = false;
  return {};
}

Result<LogTruncation> TruncateLog(FileSystem& files, const std::string& path, uint64_t step) {
  LogTruncation result;
  if (!PathExists(path)) return result;
  CLLM_ASSIGN(const uint64_t bytes, FileSize(path));
  if (bytes == 0) return result;
  CLLM_ASSIGN(const MappedFile file, MappedFile::Open(path));
  std::string kept;
  bool past = false;  // a record beyond `step` was seen
  for (std::string_view rest = AsText(file.bytes()); !rest.empty();) {
    const size_t end = rest.find('\n');
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    const Line line = end == rest.npos ? Line{LineKind::kDamaged, 0} : Classify(text, path);
    past = past || (line.kind == LineKind::kWithStep && line.step > step);
    const bool keep =
        line.kind == LineKind::kWithStep ? line.step <= step : line.kind == LineKind::kWithoutStep && !past;
    if (keep) {
      kept.append(text).push_back('\n');
      ++result.kept;
    } else {
      ++result.dropped;
    }
  }
  if (result.dropped != 0) CLLM_TRY(AtomicWriteFile(files, path, AsBytes(kept)));
  return result;
}

}  // namespace cllm
