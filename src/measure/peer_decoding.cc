#include "measure/peer_decoding.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/path.h"
#include "base/system.h"
#include "infer/batch.h"
#include "infer/request_batch.h"
#include "interop/exported_model.h"
#include "interop/foreign_model.h"
#include "measure/measure.h"
#include "model/parameters.h"
#include "store/file_group.h"

namespace cllm::measure {
namespace {

constexpr size_t kComparedTexts = 20, kComparedTokens = 64;
constexpr const char* kStem = "model";

struct Decoded {
  std::string name;
  ModelShape shape;
  size_t prompt, tokens;  // that are read and continued by
};

const std::vector<Decoded>& Shapes() {
  static const std::vector<Decoded> shapes = {
      {"a", {4, 4, 128, 344, 64, kByteVocabulary}, 32, 31},
      {"b", {6, 6, 384, 1024, 256, kByteVocabulary}, 128, 127},
      {"100M", {14, 12, 768, 2048, 1024, kByteVocabulary}, 256, 32},
  };
  return shapes;
}

Result<Decoded> FindShape(const std::string& name) {
  for (const Decoded& shape : Shapes()) {
    if (shape.name == name) return shape;
  }
  return Usage(fmt::format("'{}', expected some of {}", name, fmt::join(DecodedShapes(), ", ")));
}

uint32_t TokenAt(size_t text, size_t place) {
  return static_cast<uint32_t>((7 * place + 11 * text + 3) % kByteVocabulary);
}

std::vector<uint32_t> TextOfTokens(size_t text, size_t tokens) {
  std::vector<uint32_t> ids(tokens);
  for (size_t i = 0; i < tokens; ++i) ids[i] = TokenAt(text, i);
  return ids;
}

// A directory for the files of a measurement, gone with it.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> Make() {
    std::string path = (std::filesystem::temp_directory_path() / "cllm-bench-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return Failed(fmt::format("{}: no directory could be made", path));
    return std::make_unique<Folder>(path);
  }
  explicit Folder(std::string path) : path_(std::move(path)) {}
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A model of random weights as a .gguf of this type; its path.
Result<std::string> WriteGguf(const ModelShape& shape, TensorType type, const Folder& folder) {
  Parameters parameters(shape);
  InitializeParameters(1, parameters);
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const ExportedModel model{parameters, tokenizer, kStem, "Random weights, to be measured with."};
  const ExportChoice choice{ExportFormat::kGguf, type};
  CLLM_TRY(CheckExportable(model, choice));
  PosixFileSystem files;
  CLLM_TRY(WriteFileGroup(files, folder.path(), ExportedFiles(model, choice, kStem), IfThere::kReplace));
  return JoinPath(folder.path(), std::string(kStem) + std::string(kGgufEnding));
}

// Tokens per second, and what was said.
struct Speeds {
  double prompt = 0, generation = 0;
  std::vector<uint32_t> ids = {};
};

// Our side: reads prompts and continues them in the way of `cllm generate`.
class Speaker {
 public:
  Speaker(StoredModel model, Storage storage, Spheres* pool)
      : weights_(std::move(model), storage), batch_(weights_, kStepRows, pool), cache_(weights_.shape()) {}

  Speeds Measure(const Decoded& task) {
    const std::vector<uint32_t> prompt = TextOfTokens(0, task.prompt);
    (void)Read(prompt);  // memory is touched, and threads are there
    const double begin = MonotonicSeconds();
    std::span<const float> logits = Read(prompt);
    const double read = MonotonicSeconds();
    Speeds speeds;
    for (size_t i = 0; i < task.tokens; ++i) {
      const uint32_t next = static_cast<uint32_t>(std::ranges::max_element(logits) - logits.begin());
      speeds.ids.push_back(next);
      logits = Step(std::span(&next, 1), BatchPart::Logits::kLast);
    }
    const double end = MonotonicSeconds();
    speeds.prompt = static_cast<double>(task.prompt) / (read - begin);
    speeds.generation = static_cast<double>(task.tokens) / (end - read);
    return speeds;
  }

  // After each token of a text, [tokens, V]; valid until the next call.
  std::span<const float> LogitsOf(std::span<const uint32_t> text) {
    cache_.Truncate(0);
    return Step(text, BatchPart::Logits::kAll);
  }

 private:
  std::span<const float> Read(std::span<const uint32_t> prompt) {
    cache_.Truncate(0);
    for (; prompt.size() > kStepRows; prompt = prompt.subspan(kStepRows)) {
      Step(prompt.first(kStepRows), BatchPart::Logits::kNone);
    }
    return Step(prompt, BatchPart::Logits::kLast);
  }
  std::span<const float> Step(std::span<const uint32_t> tokens, BatchPart::Logits logits) {
    const BatchPart part{.cache = &cache_, .tokens = tokens, .logits = logits};
    return batch_.Step({&part, 1});
  }

  Weights weights_;
  Batch batch_;
  KeyValueCache cache_;
};

Result<Speeds> Theirs(const Peer& peer, const std::string& file, const Decoded& task, size_t threads) {
  std::vector<std::string> command = peer.command;
  for (const std::string& word : {std::string("--model"), file, std::string("--threads"), std::to_string(threads),
                                  std::string("--prompt"), std::to_string(task.prompt), std::string("--tokens"),
                                  std::to_string(task.tokens)}) {
    command.push_back(word);
  }
  CLLM_ASSIGN(const std::string output, OutputOf(command));
  CLLM_ASSIGN(const JsonObject result, JsonObject::Parse(output, peer.name));
  Speeds speeds;
  CLLM_ASSIGN(speeds.prompt, result.Real("prompt_tokens_per_s"));
  CLLM_ASSIGN(speeds.generation, result.Real("tokens_per_s"));
  CLLM_ASSIGN(const JsonArray ids, result.Array("ids"));
  for (const JsonValue& id : ids) {
    const auto* number = std::get_if<uint64_t>(&id.content());
    if (number == nullptr || *number >= task.shape.vocabulary)
      return Failed(fmt::format("{}: an id is none of the vocabulary", peer.name));
    speeds.ids.push_back(static_cast<uint32_t>(*number));
  }
  return speeds;
}

// A sentence on how far the peer's logits of the file are from ours.
Result<std::string> CompareLogits(const Peer& peer, const std::string& file, const Decoded& task, Speaker& ours) {
  std::vector<std::string> command = peer.command;
  for (const std::string& word : {std::string("--model"), file, std::string("--logits"),
                                  std::to_string(kComparedTokens), std::string("--sequences"),
                                  std::to_string(kComparedTexts)}) {
    command.push_back(word);
  }
  CLLM_ASSIGN(const std::string output, OutputOf(command));
  std::vector<float> theirs(kComparedTexts * kComparedTokens * task.shape.vocabulary);
  if (output.size() != theirs.size() * sizeof(float)) {
    return Failed(fmt::format("{}: {} bytes of logits, expected {}", peer.name, output.size(),
                              theirs.size() * sizeof(float)));
  }
  std::memcpy(theirs.data(), output.data(), output.size());
  double difference = 0, largest = 0;
  const float* other = theirs.data();
  for (size_t text = 0; text < kComparedTexts; ++text) {
    for (const float own : ours.LogitsOf(TextOfTokens(text, kComparedTokens))) {
      const double a = static_cast<double>(own), b = static_cast<double>(*other++);
      difference = std::max(difference, std::max(a - b, b - a));
      largest = std::max(largest, std::max(a, -a));
    }
  }
  return fmt::format("{}, {}: the largest difference of {} x {} positions' logits is {:.2g} (f32; logits up to {:.3g})",
                     peer.name, task.name, kComparedTexts, kComparedTokens, difference, largest);
}

// What is measured of one model.
struct Case {
  const Decoded& task;
  std::string file;
  std::string weights;
  Storage storage;
};

Result<std::unique_ptr<Speaker>> OpenSpeaker(const Case& measured, Spheres* pool) {
  CLLM_ASSIGN(ForeignModel model, OpenForeignModel(measured.file));
  return std::make_unique<Speaker>(std::move(model.stored), measured.storage, pool);
}

Status MeasurePeer(const Peer& peer, const Case& measured, size_t threads, size_t rounds, Findings& findings) {
  std::unique_ptr<Spheres> pool;
  if (threads > 1) {
    CLLM_ASSIGN(pool, Spheres::Start({.leaves = threads}));
  }
  CLLM_ASSIGN(const auto ours, OpenSpeaker(measured, pool.get()));
  struct Series {
    std::vector<double> ours, theirs, ratios;
    void Add(double own, double other) {
      ours.push_back(own);
      theirs.push_back(other);
      ratios.push_back(own / other);
    }
  } prompt, generation;
  size_t other_ids = 0;
  for (size_t round = 0; round < rounds; ++round) {
    const Speeds own = ours->Measure(measured.task);
    const Result<Speeds> other = Theirs(peer, measured.file, measured.task, threads);
    if (!other.ok()) {
      findings.notes.push_back(fmt::format("{}, {} of {}: left out: {}", peer.name, measured.weights,
                                           measured.task.name, other.status().message()));
      return {};
    }
    prompt.Add(own.prompt, other->prompt);
    generation.Add(own.generation, other->generation);
    other_ids += own.ids != other->ids;
  }
  for (const auto& [what, series] : {std::pair("prompt", &prompt), {"generation", &generation}}) {
    findings.table.Add({measured.task.name, measured.weights, threads, what, peer.name, Median(series->ours),
                        Median(series->theirs), Median(series->ratios)});
  }
  if (other_ids != 0) {
    findings.notes.push_back(fmt::format("{}, {} of {}: chose other tokens than we did in {} of {} rounds", peer.name,
                                         measured.weights, measured.task.name, other_ids, rounds));
  }
  return {};
}

}  // namespace

std::vector<std::string> DecodedShapes() {
  std::vector<std::string> names;
  for (const Decoded& shape : Shapes()) names.push_back(shape.name);
  return names;
}

Result<Findings> BenchPeerDecoding(const Peers& peers, const PeerDecodingOptions& options) {
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"model", "model", Kind::kText},
                                    {"weights", "weights", Kind::kText},
                                    {"threads", "threads", Kind::kWhole},
                                    {"what", "what", Kind::kText},
                                    {"peer", "peer", Kind::kText},
                                    {"tokens_per_s", "tokens/s", Kind::kReal},
                                    {"peer_tokens_per_s", "peer's", Kind::kReal},
                                    {"ratio", "ratio", Kind::kReal, 2}})};
  CLLM_ASSIGN(const auto folder, Folder::Make());
  for (const std::string& name : options.models) {
    CLLM_ASSIGN(const Decoded task, FindShape(name));
    for (const std::string& weights : options.weights) {
      CLLM_ASSIGN(const Storage storage, StorageNamed(weights));
      const TensorType type = storage == Storage::kF32 ? TensorType::kF32 : TensorType::kQ8_0;
      if (storage == Storage::kBf16) return Usage("the weights beside peers are f32 or q8_0");
      CLLM_ASSIGN(const std::string file, WriteGguf(task.shape, type, *folder));
      const Case measured{task, file, weights, storage};
      for (const Peer& peer : peers.decoding) {
        if (storage == Storage::kF32) {
          CLLM_ASSIGN(const auto alone, OpenSpeaker(measured, nullptr));
          const Result<std::string> compared = CompareLogits(peer, file, task, *alone);
          findings.notes.push_back(compared.ok() ? *compared : compared.status().message());
        }
        for (const size_t threads : options.threads) {
          CLLM_TRY(MeasurePeer(peer, measured, threads, options.rounds, findings));
        }
      }
    }
  }
  return findings;
}

}  // namespace cllm::measure
