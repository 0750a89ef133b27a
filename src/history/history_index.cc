#include "history/history_index.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>

#include "base/hash.h"
#include "base/path.h"
#include "store/file_system.h"
#include "store/json.h"
#include "store/json_values.h"

namespace cllm {
namespace {

constexpr std::string_view kMagic = "cllmhist";
constexpr uint64_t kIndexFormat = 1;
constexpr size_t kRowsAtOnce = size_t{1} << 16;

// The file: this, the header as JSON, zeros up to a multiple of 8, the events, then the columns of both tables, steps
// first.
struct Preamble {
  char magic[8];
  uint64_t format;
  uint64_t header_bytes;  // without the zeros
  uint64_t events;
  uint64_t hash_high, hash_low;  // of header, zeros and events
};
static_assert(sizeof(Preamble) == 48);

struct StoredEvent {
  uint64_t kind, step;
  double time;
  uint64_t offset, bytes;
};
static_assert(sizeof(StoredEvent) == 40);

uint64_t Padded(uint64_t bytes) { return (bytes + 7) / 8 * 8; }

JsonFields TableFields(const NumberTable& table) {
  JsonArray names;
  for (const std::string& name : table.names()) names.emplace_back(name);
  return {{"rows", table.rows()}, {"names", names}};
}

std::string Header(const HistoryState& state, const LogFile& log) {
  const LogFaults& faults = state.faults;
  return WriteJson({{"log_bytes", log.line_offset()},
                    {"log_hash", log.SampledHash(log.line_offset()).Hex()},
                    {"steps", TableFields(state.steps)},
                    {"evaluations", TableFields(state.evaluations)},
                    {"sessions", state.sessions.size()},
                    {"has_spheres", state.spheres.has_value()},
                    {"has_end", state.end.has_value()},
                    {"wall_s", state.wall_s},
                    {"last_time", state.last_time},
                    {"foreign_lines", faults.foreign_lines},
                    {"long_lines", log.long_lines()},
                    {"dropped_values", faults.dropped_values},
                    {"newest_format", faults.newest_format}});
}

StoredEvent Stored(const HistoryEvent& event) {
  return {.kind = static_cast<uint64_t>(event.kind),
          .step = event.step,
          .time = event.time,
          .offset = event.offset,
          .bytes = event.bytes};
}

// Sessions, what the spheres did, the end, then all others.
std::vector<StoredEvent> StoredEvents(const HistoryState& state) {
  std::vector<StoredEvent> events;
  for (const HistoryEvent& event : state.sessions) events.push_back(Stored(event));
  if (state.spheres) events.push_back(Stored(*state.spheres));
  if (state.end) events.push_back(Stored(*state.end));
  for (const HistoryEvent& event : state.events) events.push_back(Stored(event));
  return events;
}

template <typename T, typename Of>
Status AppendRows(OutputFile& file, size_t rows, const Of& of) {
  std::vector<T> block;
  for (size_t row = 0; row < rows;) {
    block.clear();
    for (; row < rows && block.size() < kRowsAtOnce; ++row) block.push_back(of(row));
    CLLM_TRY(file.Append(std::as_bytes(std::span(block))));
  }
  return {};
}

Status AppendTable(OutputFile& file, const NumberTable& table) {
  CLLM_TRY((AppendRows<uint64_t>(file, table.rows(), [&](size_t row) { return table.Step(row); })));
  for (size_t column = 0; column < table.names().size(); ++column) {
    CLLM_TRY((AppendRows<double>(file, table.rows(), [&](size_t row) { return table.At(column, row); })));
  }
  return {};
}

Status AppendAll(OutputFile& file, const HistoryState& state, const LogFile& log) {
  std::string head = Header(state, log);
  Preamble preamble{};
  std::memcpy(preamble.magic, kMagic.data(), kMagic.size());
  preamble.format = kIndexFormat;
  preamble.header_bytes = head.size();
  head.resize(Padded(head.size()), '\0');
  const std::vector<StoredEvent> events = StoredEvents(state);
  preamble.events = events.size();
  head.append(reinterpret_cast<const char*>(events.data()), events.size() * sizeof(StoredEvent));
  const Hash128 hash = HashBytes(AsBytes(head));
  preamble.hash_high = hash.high, preamble.hash_low = hash.low;
  CLLM_TRY(file.Append(std::as_bytes(std::span(&preamble, 1))));
  CLLM_TRY(file.Append(AsBytes(head)));
  CLLM_TRY(AppendTable(file, state.steps));
  CLLM_TRY(AppendTable(file, state.evaluations));
  CLLM_TRY(file.Sync());
  return file.Close();
}

// Takes parts of the file in order; nothing where it is too short.
class IndexReader {
 public:
  explicit IndexReader(ByteView bytes) : rest_(bytes) {}
  template <typename T>
  std::optional<std::span<const T>> Take(uint64_t count) {
    if (count > rest_.size() / sizeof(T)) return std::nullopt;
    const std::span<const T> taken(reinterpret_cast<const T*>(rest_.data()), count);
    rest_ = rest_.subspan(count * sizeof(T));
    return taken;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

bool LendTable(const JsonObject& header, const char* name, IndexReader& reader, NumberTable& table) {
  const Result<JsonObject> fields = header.Object(name);
  if (!fields.ok()) return false;
  const Result<uint64_t> rows = fields->Unsigned("rows");
  const Result<JsonArray> values = fields->Array("names");
  if (!rows.ok() || !values.ok() || values->size() > NumberTable::kMaxColumns) return false;
  std::vector<std::string> names;
  for (const JsonValue& value : *values) {
    const std::string* text = TextOf(value);
    if (text == nullptr) return false;
    names.push_back(*text);
  }
  const auto steps = reader.Take<uint64_t>(*rows);
  if (!steps) return false;
  std::vector<std::span<const double>> columns;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto column = reader.Take<double>(*rows);
    if (!column) return false;
    columns.push_back(*column);
  }
  table.Lend(*steps, names, columns);
  return true;
}

HistoryEvent EventOf(const StoredEvent& stored) {
  return {.kind = static_cast<HistoryEventKind>(std::min<uint64_t>(stored.kind, 8)),
          .step = stored.step,
          .time = stored.time,
          .offset = stored.offset,
          .bytes = stored.bytes};
}

bool TakeEvents(const JsonObject& header, std::span<const StoredEvent> stored, HistoryState& state) {
  const Result<uint64_t> sessions = header.Unsigned("sessions");
  const Result<bool> spheres = header.Boolean("has_spheres"), end = header.Boolean("has_end");
  if (!sessions.ok() || !spheres.ok() || !end.ok() || *sessions > stored.size()) return false;
  if (*sessions + (*spheres ? 1 : 0) + (*end ? 1 : 0) > stored.size()) return false;
  size_t at = 0;
  while (at < *sessions) state.sessions.push_back(EventOf(stored[at++]));
  if (*spheres) state.spheres = EventOf(stored[at++]);
  if (*end) state.end = EventOf(stored[at++]);
  while (at < stored.size()) state.events.push_back(EventOf(stored[at++]));
  return true;
}

bool TakeHeader(const JsonObject& header, const LogFile& log, LoadedIndex& index) {
  const Result<uint64_t> log_bytes = header.Unsigned("log_bytes");
  const Result<std::string> log_hash = header.Text("log_hash");
  if (!log_bytes.ok() || !log_hash.ok() || *log_bytes > log.size()) return false;
  if (log.SampledHash(*log_bytes).Hex() != *log_hash) return false;
  index.log_bytes = *log_bytes;
  const auto count = [&](const char* name) { return header.Unsigned(name).ok() ? *header.Unsigned(name) : 0; };
  const auto real = [&](const char* name) { return header.Real(name).ok() ? *header.Real(name) : 0.0; };
  index.state.faults = {.foreign_lines = count("foreign_lines"),
                        .long_lines = count("long_lines"),
                        .dropped_values = count("dropped_values"),
                        .newest_format = count("newest_format")};
  index.state.wall_s = real("wall_s");
  index.state.last_time = real("last_time");
  return true;
}

bool TakeAll(const LogFile& log, LoadedIndex& index) {
  IndexReader reader(index.file.bytes());
  const auto preamble = reader.Take<Preamble>(1);
  if (!preamble) return false;
  const Preamble& found = preamble->front();
  if (std::string_view(found.magic, sizeof found.magic) != kMagic || found.format != kIndexFormat) return false;
  if (found.header_bytes > index.file.bytes().size()) return false;
  const auto text = reader.Take<char>(Padded(found.header_bytes));
  const auto events = text ? reader.Take<StoredEvent>(found.events) : std::nullopt;
  if (!events) return false;
  const ByteView hashed = index.file.bytes().subspan(sizeof(Preamble), text->size() + events->size_bytes());
  if (HashBytes(hashed) != Hash128{found.hash_high, found.hash_low}) return false;
  const Result<JsonObject> header = JsonObject::Parse({text->data(), found.header_bytes}, index.file.path());
  return header.ok() && TakeHeader(*header, log, index) && TakeEvents(*header, *events, index.state) &&
         LendTable(*header, "steps", reader, index.state.steps) &&
         LendTable(*header, "evaluations", reader, index.state.evaluations) && reader.at_end();
}

}  // namespace

std::string IndexPath(const std::string& cache, const std::string& log_path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(log_path, error);
  return JoinPath(cache, "history-" + HashBytes(AsBytes(error ? log_path : whole.string())).Hex());
}

Status WriteIndex(const std::string& index_path, const HistoryState& state, const LogFile& log) {
  PosixFileSystem files;
  CLLM_TRY(files.MakeDirectory(ParentPath(index_path)).status());
  const std::string unfinished = fmt::format("{}.tmp-{}-0", index_path, getpid());
  CLLM_ASSIGN(const std::unique_ptr<OutputFile> file, files.Create(unfinished));
  const auto claim = FileClaim::Take(unfinished);
  Status written = AppendAll(*file, state, log);
  if (written.ok()) written = files.Rename(unfinished, index_path);
  if (!written.ok()) (void)files.Remove(unfinished).ok();  // the first error is the one to tell
  return written;
}

std::optional<LoadedIndex> ReadIndex(const std::string& index_path, const LogFile& log) {
  Result<MappedFile> file = MappedFile::Open(index_path);
  if (!file.ok()) return std::nullopt;
  LoadedIndex index{.file = *std::move(file), .claim = FileClaim::Take(index_path), .state = {}};
  if (!TakeAll(log, index)) return std::nullopt;
  return index;
}

}  // namespace cllm
