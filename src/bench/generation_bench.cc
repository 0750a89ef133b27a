#include "bench/generation_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/bandwidth.h"
#include "bench/measure.h"
#include "bench/trial.h"
#include "infer/decoder.h"
#include "infer/token_picker.h"
#include "kernels/peak.h"

namespace cllm::bench {
namespace {

constexpr double kYardstickMilliseconds = 10;

// The mean over a round's tokens.
struct TokenCost {
  double bytes, flop;
};

TokenCost CostOf(const ModelConfig& config, Precision weights, size_t tokens) {
  const double position = static_cast<double>(tokens + 1) / 2;
  const double cached = 2 * static_cast<double>(config.layers * config.width) * position;
  ModelConfig no_context = config;
  no_context.context = 0;
  return {.bytes = static_cast<double>(PackedWeights::Bytes(config, PackedWeights::Use::kForward, weights)) +
                   cached * sizeof(float),
          // A third of training's: forward only. Scores and values: a multiply-add for each cached number.
          .flop = FlopPerToken(no_context) / 3 + 2 * cached};
}

// A model with untrained weights, and what draws from it.
struct Speaker {
  Speaker(const ModelConfig& config, Precision weights)
      : parameters(Initial(config)),
        packed(RoundAndPack(parameters, config, weights)),
        picker(PickOptions(), config.vocabulary) {}

  // Draws `tokens` tokens, the first after token 0; returns seconds of processor time.
  double Generate(Decoder& decoder, size_t tokens) {
    decoder.Clear();
    said.assign(1, 0);
    const double begin = ThreadSeconds();
    for (size_t i = 0; i < tokens; ++i) {
      const std::span<const float> logits = decoder.Append({&said.back(), 1});
      said.push_back(picker.Pick(logits, said));
    }
    return ThreadSeconds() - begin;
  }

  static Parameters Initial(const ModelConfig& config) {
    Parameters parameters(config);
    InitializeParameters(1, config.layers, parameters);
    return parameters;
  }

  Parameters parameters;
  PackedWeights packed;
  TokenPicker picker;
  std::vector<uint32_t> said;
};

Status Check(const ModelConfig& config, Decoder& decoder) {
  std::array<uint32_t, 16> tokens;
  const size_t n = std::min(tokens.size(), config.context);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<uint32_t>(7 * i % config.vocabulary);
  decoder.Clear();
  const std::vector<float> all = decoder.AppendAll({tokens.data(), n});
  decoder.Clear();
  for (size_t i = 0; i < n; ++i) {
    const std::span<const float> one = decoder.Append({&tokens[i], 1});
    if (std::memcmp(one.data(), all.data() + i * config.vocabulary, one.size_bytes()) == 0) continue;
    return Failed(fmt::format("the logits of token {} differ between one and {} tokens a call", i, n));
  }
  return {};
}

Status Measure(const Configuration& configuration, const std::string& weights, const GenerationOptions& options,
               Table& table) {
  CLLM_ASSIGN(const Precision precision, WeightPrecision(weights));
  const ModelConfig& config = configuration.model;
  const size_t tokens = std::min(options.tokens, config.context);
  const TokenCost cost = CostOf(config, precision, tokens);
  CLLM_TRY(CheckMemory(2 * static_cast<size_t>(cost.bytes) + ParameterLayout(config).size() * sizeof(float) +
                       Decoder::Bytes(config)));
  Speaker speaker(config, precision);
  Decoder decoder(config, speaker.parameters, speaker.packed);
  CLLM_TRY(Check(config, decoder));
  const AlignedBuffer<float> read(static_cast<size_t>(cost.bytes) / sizeof(float));
  std::vector<double> bandwidths, peaks;
  const auto work = [&]() -> Result<double> { return static_cast<double>(tokens) / speaker.Generate(decoder, tokens); };
  const auto yardstick = [&] {
    bandwidths.push_back(ReadRate(read.data(), read.size(), kYardstickMilliseconds));
    peaks.push_back(1e9 * PeakGflops(kYardstickMilliseconds));
    return std::min(bandwidths.back() / cost.bytes, peaks.back() / cost.flop);
  };
  CLLM_ASSIGN(const Alternation measured, Alternate(options.rounds, work, yardstick));
  const double bandwidth = Median(bandwidths), peak = Median(peaks);
  const bool memory = bandwidth / cost.bytes < peak / cost.flop;
  table.Add({configuration.name, weights, tokens, measured.rate, measured.yardstick, memory ? "memory" : "FLOP",
             measured.yardstick < kYardstickTolerance * measured.rate ? JsonValue() : JsonValue(measured.share),
             cost.bytes * 1e-6, bandwidth * 1e-9, peak * 1e-9});
  return {};
}

}  // namespace

Result<Findings> BenchGeneration(const GenerationOptions& options) {
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"config", "config", Kind::kText},
                                    {"weights", "weights", Kind::kText},
                                    {"tokens", "tokens", Kind::kWhole},
                                    {"tokens_per_s", "tokens/s", Kind::kReal},
                                    {"allowed_tokens_per_s", "allowed", Kind::kReal},
                                    {"limit", "limit", Kind::kText},
                                    {"share", "share", Kind::kShare},
                                    {"mb_per_token", "MB/token", Kind::kReal},
                                    {"read_gb_per_s", "read GB/s", Kind::kReal},
                                    {"peak_gflops", "peak GFLOP/s", Kind::kReal}})};
  for (const Configuration& configuration : options.configurations) {
    for (const std::string& weights : options.weights) {
      CLLM_TRY(Measure(configuration, weights, options, findings.table));
    }
  }
  return findings;
}

}  // namespace cllm::bench
