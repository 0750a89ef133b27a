#include "measure/generation_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/system.h"
#include "infer/batch.h"
#include "infer/sampler.h"
#include "kernels/peak.h"
#include "measure/bandwidth.h"
#include "measure/measure.h"
#include "measure/measured_run.h"

namespace cllm::measure {
namespace {

constexpr double kYardstickMilliseconds = 10;

// What is decoded at once, and where.
struct Load {
  Storage storage;
  size_t sequences, threads, tokens;
};

// A step's, the mean over a round.
struct StepCost {
  double bytes, flop;
};

StepCost CostOf(const ModelShape& shape, const Load& load) {
  const double position = static_cast<double>(load.tokens + 1) / 2, sequences = static_cast<double>(load.sequences);
  const double layers = static_cast<double>(shape.layers);
  const double cached = 2 * layers * static_cast<double>(shape.kv_width()) * position;
  const double scores = 2 * layers * static_cast<double>(shape.query_width()) * position;
  return {.bytes = static_cast<double>(Weights::SizesForReading(shape, load.storage).panels) +
                   sequences * cached * sizeof(float),
          // Forward only. Scores and values: a multiply-add of each query with each cached number.
          .flop = sequences * 2 * (MatrixParameters(shape) + scores)};
}

// A model with untrained weights and sequences that it continues.
class Speakers {
 public:
  Speakers(const ModelShape& shape, const Load& load, Spheres* pool)
      : load_(load),
        weights_(Initial(shape), load.storage),
        batch_(weights_, load.sequences, pool),
        choosers_(batch_.team_size(), SamplerScratch(shape.vocabulary)),
        samplers_(load.sequences, Sampler({.temperature = 0})),
        caches_(load.sequences, KeyValueCache(shape)) {}

  // Continues token 0 in each sequence by as many tokens as the load says; returns seconds, on one thread of processor
  // time.
  double Generate() {
    for (KeyValueCache& cache : caches_) cache.Truncate(0);
    said_.assign(load_.sequences, {0});
    const double begin = Now();
    for (size_t i = 0; i < load_.tokens; ++i) Step();
    return Now() - begin;
  }

  const Weights& weights() const { return weights_; }

 private:
  static Parameters Initial(const ModelShape& shape) {
    Parameters values(shape);
    InitializeParameters(1, values);
    return values;
  }
  double Now() const { return load_.threads == 1 ? ThreadSeconds() : MonotonicSeconds(); }
  void Step() {
    parts_.clear();
    for (size_t s = 0; s < load_.sequences; ++s) {
      parts_.push_back({.cache = &caches_[s], .tokens = std::span(said_[s]).last(1)});
    }
    batch_.Step(parts_, [this](const Team& team, std::span<const float> logits) { Choose(team, logits); });
  }
  void Choose(const Team& team, std::span<const float> logits) {
    const size_t vocabulary = weights_.shape().vocabulary;
    const Range share = team.Share(load_.sequences);
    for (size_t s = share.begin; s < share.end; ++s) {
      const auto row = logits.subspan(s * vocabulary, vocabulary);
      said_[s].push_back(samplers_[s].Draw(row, said_[s], {}, choosers_[team.member]));
    }
  }

  const Load load_;
  Weights weights_;
  Batch batch_;
  std::vector<SamplerScratch> choosers_;  // one for each member of a team
  std::vector<Sampler> samplers_;
  std::vector<KeyValueCache> caches_;
  std::vector<std::vector<uint32_t>> said_;
  std::vector<BatchPart> parts_;
};

Status Check(const Weights& weights) {
  const ModelShape& shape = weights.shape();
  std::array<uint32_t, 16> tokens;
  const size_t n = std::min(tokens.size(), shape.context);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<uint32_t>(7 * i % shape.vocabulary);
  Batch together(weights, n), apart(weights, 1);
  KeyValueCache whole(shape), grown(shape);
  const BatchPart all{.cache = &whole, .tokens = {tokens.data(), n}, .logits = BatchPart::Logits::kAll};
  const std::span<const float> expected = together.Step({&all, 1});
  for (size_t i = 0; i < n; ++i) {
    const BatchPart one{.cache = &grown, .tokens = {&tokens[i], 1}};
    const std::span<const float> found = apart.Step({&one, 1});
    if (std::memcmp(found.data(), expected.data() + i * shape.vocabulary, found.size_bytes()) == 0) continue;
    return Failed(fmt::format("the logits of token {} differ between one and {} tokens a step", i, n));
  }
  return {};
}

size_t BytesOf(const ModelShape& shape, const Load& load) {
  const Weights::Sizes sizes = Weights::SizesForReading(shape, load.storage);
  return static_cast<size_t>(CostOf(shape, load).bytes) + sizes.values + sizes.panels +
         ParameterLayout(shape).size() * sizeof(float) + load.sequences * KeyValueCache::Bytes(shape, load.tokens) +
         Batch::Bytes(shape, load.sequences, load.threads);
}

// Without a share where the yardstick, of one thread, says nothing.
Result<JsonArray> Measure(const Configuration& configuration, const std::string& weights, const Load& load,
                        size_t rounds) {
  const ModelShape& shape = configuration.model;
  const StepCost cost = CostOf(shape, load);
  CLLM_TRY(CheckMemory(BytesOf(shape, load)));
  std::unique_ptr<Spheres> pool;
  if (load.threads > 1) {
    CLLM_ASSIGN(pool, Spheres::Start({.leaves = load.threads}));
  }
  Speakers speakers(shape, load, pool.get());
  CLLM_TRY(Check(speakers.weights()));
  const AlignedBuffer<float> read(static_cast<size_t>(cost.bytes) / sizeof(float));
  std::vector<double> bandwidths, peaks;
  const double sequences = static_cast<double>(load.sequences);
  const auto work = [&]() -> Result<double> {
    return sequences * static_cast<double>(load.tokens) / speakers.Generate();
  };
  const auto yardstick = [&] {
    bandwidths.push_back(ReadRate(read.data(), read.size(), kYardstickMilliseconds));
    peaks.push_back(1e9 * PeakGflops(kYardstickMilliseconds));
    return sequences * std::min(bandwidths.back() / cost.bytes, peaks.back() / cost.flop);
  };
  CLLM_ASSIGN(const Alternation measured, Alternate(rounds, work, yardstick));
  const double bandwidth = Median(bandwidths), peak = Median(peaks);
  const bool memory = bandwidth / cost.bytes < peak / cost.flop;
  const bool valid = load.threads == 1 && measured.yardstick >= kYardstickTolerance * measured.rate;
  return JsonArray{configuration.name, weights, load.sequences, load.threads, load.tokens, measured.rate,
                 load.threads == 1 ? JsonValue(measured.yardstick) : JsonValue(), memory ? "memory" : "FLOP",
                 valid ? JsonValue(measured.share) : JsonValue(), cost.bytes * 1e-6, bandwidth * 1e-9, peak * 1e-9};
}

}  // namespace

Result<Findings> BenchGeneration(const GenerationOptions& options) {
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"config", "config", Kind::kText},
                                    {"weights", "weights", Kind::kText},
                                    {"sequences", "sequences", Kind::kWhole},
                                    {"threads", "threads", Kind::kWhole},
                                    {"tokens", "tokens", Kind::kWhole},
                                    {"tokens_per_s", "tokens/s", Kind::kReal},
                                    {"allowed_tokens_per_s", "allowed", Kind::kReal},
                                    {"limit", "limit", Kind::kText},
                                    {"share", "share", Kind::kShare},
                                    {"mb_per_step", "MB/step", Kind::kReal},
                                    {"read_gb_per_s", "read GB/s", Kind::kReal},
                                    {"peak_gflops", "peak GFLOP/s", Kind::kReal}})};
  for (const Configuration& configuration : options.configurations) {
    for (const std::string& weights : options.weights) {
      CLLM_ASSIGN(const Storage storage, StorageNamed(weights));
      for (const size_t sequences : options.sequences) {
        for (const size_t threads : options.threads) {
          const Load load{storage, sequences, threads, std::min(options.tokens, configuration.model.context)};
          CLLM_ASSIGN(JsonArray row, Measure(configuration, weights, load, options.rounds));
          findings.table.Add(std::move(row));
        }
      }
    }
  }
  return findings;
}

}  // namespace cllm::measure
