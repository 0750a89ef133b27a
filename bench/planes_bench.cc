// What packing (src/kernels/byte_planes.h) makes of real gradients and weights: bytes a number, and how fast.
//
//   planes_bench [TEXT] [STEPS]     configuration b learns the bytes of TEXT (a text of made-up words unless said) for
//   so
//                                   many steps (16); of some of them the gradient is packed, as the sum of all items
//                                   and of a half of them, and the weights beside those before the update
//
// Everything is unpacked again and compared. Rates are of one thread, medians of seven, over the bytes of the
// numbers.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/random.h"
#include "kernels/byte_planes.h"
#include "measure/configurations.h"
#include "measure/measure.h"
#include "measure/seeded_text.h"
#include "spheres/spheres.h"
#include "train/untrained.h"

namespace {

using cllm::measure::Configuration;

constexpr size_t kThreads = 2, kRounds = 7;
constexpr double kMilliseconds = 40;

// Windows of a text, each byte a token, in an order of their own.
cllm::SequenceReader WindowsOf(const std::string& text) {
  return [&text](uint64_t sequence, std::span<uint32_t> out) -> cllm::Status {
    const size_t begin = cllm::RandomBits(11, sequence) % (text.size() - out.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned char>(text[begin + i]);
    return {};
  };
}

double PackedGradient(std::span<const int64_t> gradient) {
  std::vector<std::byte> packed(cllm::PackedIntegersBound(gradient.size()));
  packed.resize(cllm::PackIntegers(gradient.data(), gradient.size(), packed.data()));
  std::vector<int64_t> back(gradient.size());
  CHECK(cllm::UnpackIntegers(packed, back.data(), back.size()).ok());
  CHECK(std::equal(back.begin(), back.end(), gradient.begin()));
  return static_cast<double>(packed.size()) / static_cast<double>(gradient.size());
}

double PackedWeights(std::span<const float> now, const std::vector<float>& before) {
  std::vector<std::byte> packed(cllm::PackedFloatsBound(now.size()));
  packed.resize(cllm::PackFloats(now.data(), before.data(), now.size(), packed.data()));
  std::vector<float> back = before;
  CHECK(cllm::UnpackFloats(packed, back.data(), back.size()).ok());
  CHECK(std::memcmp(back.data(), now.data(), now.size_bytes()) == 0);
  return static_cast<double>(packed.size()) / static_cast<double>(now.size());
}

// A training whose numbers are looked at.
struct Training {
  Configuration configuration;
  std::string optimizer, text;
  std::vector<int32_t> root, form;
  std::unique_ptr<cllm::Spheres> spheres;
  std::unique_ptr<cllm::ExactStep> step;

  std::span<const float> weights() const { return {step->parameters().data(), step->parameters().layout().size()}; }
};

Training Start(const Configuration& configuration, const std::string& optimizer, const std::string& text) {
  Training training{.configuration = configuration,
                    .optimizer = optimizer,
                    .text = text,
                    .root = {},
                    .form = {},
                    .spheres = {},
                    .step = {}};
  for (size_t v = 0; v < configuration.model.vocabulary; ++v) {
    training.root.push_back(static_cast<int32_t>(v / 3));
    training.form.push_back(static_cast<int32_t>(v % 25));
  }
  auto options = cllm::measure::StepOf(configuration, {.precision = "fp32", .optimizer = optimizer});
  CHECK(options.ok());
  auto spheres = cllm::Spheres::Start({.leaves = kThreads});
  CHECK(spheres.ok());
  training.spheres = *std::move(spheres);
  auto step = cllm::UntrainedStep(configuration.model, *options, {training.root, training.form}, *training.spheres);
  CHECK(step.ok());
  training.step = *std::move(step);
  return training;
}

void Rate(const char* what, double bytes, const std::function<void()>& run) {
  std::vector<double> rates;
  for (size_t round = 0; round < kRounds; ++round) {
    rates.push_back(bytes * 1e-9 * cllm::measure::CallsPerSecond(kMilliseconds, run, {}));
  }
  fmt::print("  {:<22}{:6.2f} GB/s\n", what, cllm::measure::Median(rates));
}

void Rates(const std::vector<int64_t>& gradient, std::span<const float> weights, const std::vector<float>& before) {
  std::vector<std::byte> packed(cllm::PackedIntegersBound(gradient.size()));
  const size_t size = cllm::PackIntegers(gradient.data(), gradient.size(), packed.data());
  std::vector<int64_t> sums(gradient.size());
  const double bytes = static_cast<double>(gradient.size() * sizeof(int64_t));
  Rate("pack gradients", bytes, [&] { (void)cllm::PackIntegers(gradient.data(), gradient.size(), packed.data()); });
  Rate("unpack gradients", bytes, [&] {
    CHECK(cllm::UnpackIntegers({packed.data(), size}, sums.data(), sums.size()).ok());
  });
  Rate("unpack and add them", bytes, [&] {
    CHECK(cllm::AddPackedIntegers({packed.data(), size}, sums.data(), sums.size()).ok());
  });
  std::vector<std::byte> floats(cllm::PackedFloatsBound(weights.size()));
  const size_t floats_size = cllm::PackFloats(weights.data(), before.data(), weights.size(), floats.data());
  std::vector<float> back = before;
  Rate("pack weights", bytes / 2,
       [&] { (void)cllm::PackFloats(weights.data(), before.data(), weights.size(), floats.data()); });
  Rate("unpack weights", bytes / 2, [&] {
    CHECK(cllm::UnpackFloats({floats.data(), floats_size}, back.data(), back.size()).ok());
  });
}

// Two trainings, of the whole batch and of half of it, which stands for a rank's share: sums before they are exchanged.
void Measure(const std::string& optimizer, const std::string& text, uint64_t steps) {
  Configuration b = cllm::measure::Yardsticks()[1];
  const size_t parameters = cllm::ParameterLayout(b.model).size();
  fmt::print("{}, {}: {} parameters, {} sequences a step; bytes a number\n", b.name, optimizer, parameters, b.batch);
  fmt::print("  {:>6}{:>14}{:>16}{:>10}\n", "step", "all items", "half of them", "weights");
  Training whole = Start(b, optimizer, text);
  b.batch /= 2;
  const cllm::SequenceReader read = WindowsOf(whole.text);
  double gradient = 0, half = 0;
  std::vector<int64_t> kept;
  bool looked_at = false;
  whole.step->OnPhaseEnd([&](cllm::StepPhase phase) {
    if (phase != cllm::StepPhase::kReduce || !looked_at) return;
    kept.assign(whole.step->gradient().begin(), whole.step->gradient().end());
    gradient = PackedGradient(kept);
  });
  std::vector<float> before;
  for (uint64_t step = 0; step < steps; ++step) {
    looked_at = (step & (step + 1)) == 0 || step + 1 == steps;  // 1, 2, 4, 8, ...
    if (looked_at) {
      before.assign(whole.weights().begin(), whole.weights().end());
      Training share = Start(b, optimizer, text);
      CHECK(share.step
                ->LoadWeights([&](cllm::Parameters& to) -> cllm::Status {
                  return std::copy(before.begin(), before.end(), to.data()), cllm::Status();
                })
                .ok());
      share.step->OnPhaseEnd([&](cllm::StepPhase phase) {
        // A mean over half as many tokens is twice as large as this share's part of the sum.
        if (phase != cllm::StepPhase::kReduce) return;
        std::vector<int64_t> part(share.step->gradient().begin(), share.step->gradient().end());
        for (int64_t& value : part) value /= 2;
        half = PackedGradient(part);
      });
      CHECK(share.step->Run(2 * step, read).ok());
    }
    CHECK(whole.step->Run(step, read).ok());
    if (looked_at) {
      fmt::print("  {:>6}{:>14.3f}{:>16.3f}{:>10.3f}\n", step + 1, gradient, half,
                 PackedWeights(whole.weights(), before));
    }
  }
  Rates(kept, whole.weights(), before);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t steps = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 16;
  std::string text = cllm::measure::SeededText(1, 1 << 20);
  if (argc > 1 && *argv[1] != '\0') {
    auto read = cllm::ReadFile(argv[1], uint64_t{1} << 30);
    if (!read.ok()) {
      fmt::print(stderr, "{}\n", read.status().message());
      return 3;
    }
    text = *std::move(read);
  }
  for (const char* optimizer : {"muon", "adamw"}) Measure(optimizer, text, std::max<uint64_t>(steps, 1));
  return 0;
}
