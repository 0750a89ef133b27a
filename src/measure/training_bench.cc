#include "measure/training_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/system.h"
#include "measure/kernel.h"
#include "measure/measure.h"
#include "measure/measured_run.h"
#include "measure/products.h"
#include "spheres/spheres.h"

namespace cllm::measure {
namespace {

constexpr double kPeakMilliseconds = 10;

struct Row {
  const Configuration* configuration;
  std::string precision, optimizer;
  size_t threads;
};

struct Measured {
  Alternation gflops;
  double best_product = 0;  // GFLOP/s of all threads, seen beside it
  double tokens_per_s = 0;
  std::array<double, kStepPhases> phase_s{};
  double step_s = 0;
  uint64_t resident = 0;
};

// A large matrix product on each thread at once, GFLOP/s: the peak loop must not be slower.
class JointProduct {
 public:
  JointProduct(size_t threads, Precision precision) {
    for (size_t i = 0; i < std::min(threads, PlanSpheres({}).leaves); ++i) {
      products_.push_back(LargestProduct(precision));
    }
  }
  double Gflops() {
    return JointRate(products_.size(), [&](size_t thread) {
      Kernel& product = *products_[thread];
      return product.flop() * 1e-9 * CallsPerSecond(kPeakMilliseconds, [&] { product.Run(); }, {});
    });
  }

 private:
  std::vector<std::unique_ptr<Kernel>> products_;
};

// What the steps of a measurement took.
struct Steps {
  std::vector<double> all_s;
  std::array<std::vector<double>, kStepPhases> phases_s;

  // Median of the steps of about `seconds`, one at least.
  Result<double> Median(MeasuredRun& run, double seconds) {
    std::vector<double> round;
    const double end = MonotonicSeconds() + seconds;
    do {
      const double begin = MonotonicSeconds();
      CLLM_ASSIGN(const StepResult result, run.Step());
      round.push_back(MonotonicSeconds() - begin);
      all_s.push_back(round.back());
      for (size_t p = 0; p < kStepPhases; ++p) phases_s[p].push_back(result.seconds[p]);
    } while (MonotonicSeconds() < end);
    return measure::Median(round);
  }
};

Result<Measured> Measure(const Row& row, const TrainingOptions& options) {
  CLLM_ASSIGN(const StepOptions step, StepOf(*row.configuration, {row.precision, row.optimizer}));
  CLLM_TRY(CheckMemory(MeasuredRun::Memory(*row.configuration, step, row.threads).total()));
  CLLM_ASSIGN(const auto run, MeasuredRun::Create(*row.configuration, step, row.threads));
  CLLM_TRY(run->Step());  // to warm up
  const double tokens = static_cast<double>(run->tokens_per_step());
  const double gflop = tokens * FlopPerToken(row.configuration->model) * 1e-9;
  Measured measured;
  measured.resident = ReadProcessMemory().resident;
  const Precision precision = run->step().options().precision;
  JointProduct product(row.threads, precision);
  std::vector<double> products;
  Steps steps;
  const auto work = [&]() -> Result<double> {
    CLLM_ASSIGN(const double step_s, steps.Median(*run, options.seconds / static_cast<double>(options.rounds)));
    return gflop / step_s;
  };
  const auto yardstick = [&] {
    products.push_back(product.Gflops());
    return JointPeakGflops(row.threads, kPeakMilliseconds, precision);
  };
  CLLM_ASSIGN(measured.gflops, Alternate(options.rounds, work, yardstick));
  measured.best_product = Median(products);
  measured.step_s = Median(steps.all_s);
  measured.tokens_per_s = tokens / measured.step_s;
  for (size_t p = 0; p < kStepPhases; ++p) measured.phase_s[p] = Median(steps.phases_s[p]);
  return measured;
}

Table EmptyTable() {
  using Kind = Column::Kind;
  return Table({{"config", "config", Kind::kText},
                {"precision", "precision", Kind::kText},
                {"optimizer", "optimizer", Kind::kText},
                {"threads", "threads", Kind::kWhole},
                {"parameters", "parameters", Kind::kWhole},
                {"tokens_per_s", "tokens/s", Kind::kWhole},
                {"gflops", "GFLOP/s", Kind::kReal},
                {"peak_gflops", "peak", Kind::kReal},
                {"peak_share", "share", Kind::kShare},
                {"step_ms", "step ms", Kind::kReal, 2},
                {"items_ms", "items", Kind::kReal, 2},
                {"reduce_norm_ms", "reduce+norm", Kind::kReal, 2},
                {"update_ms", "update", Kind::kReal, 2},
                {"pack_ms", "pack", Kind::kReal, 2},
                {"outside_share", "outside items", Kind::kShare},
                {"resident_mb", "resident MB", Kind::kReal}});
}

// Whether the peak loop was slower than a product or than the step itself, which cannot be.
bool IsVoid(const Measured& m) {
  return m.gflops.yardstick < kYardstickTolerance * std::max(m.best_product, m.gflops.rate);
}

void Add(const Row& row, const Measured& m, Findings& findings) {
  const double items = m.phase_s[static_cast<size_t>(StepPhase::kItems)];
  const auto ms = [&](StepPhase phase) { return 1e3 * m.phase_s[static_cast<size_t>(phase)]; };
  const bool is_void = IsVoid(m);
  findings.table.Add({row.configuration->name, row.precision, row.optimizer, row.threads,
                      ParameterLayout(row.configuration->model).parameters(), m.tokens_per_s, m.gflops.rate,
                      m.gflops.yardstick, is_void ? JsonValue() : JsonValue(m.gflops.share), 1e3 * m.step_s,
                      ms(StepPhase::kItems), ms(StepPhase::kReduce), ms(StepPhase::kUpdate), ms(StepPhase::kPack),
                      1 - items / m.step_s, static_cast<double>(m.resident) * 1e-6});
  if (!is_void) return;
  findings.notes.push_back(
      fmt::format("{}, {}, {} threads: void, the peak loop's {:.1f} GFLOP/s are below a matrix "
                  "product's {:.1f}",
                  row.configuration->name, row.precision, row.threads, m.gflops.yardstick,
                  std::max(m.best_product, m.gflops.rate)));
}

std::vector<Row> Rows(const TrainingOptions& options) {
  std::vector<Row> rows;
  for (const Configuration& configuration : options.configurations) {
    for (const std::string& precision : options.precisions) {
      for (const std::string& optimizer : options.optimizers) {
        for (const size_t threads : options.threads) rows.push_back({&configuration, precision, optimizer, threads});
      }
    }
  }
  return rows;
}

}  // namespace

Result<Findings> BenchTraining(const TrainingOptions& options) {
  Findings findings{.table = EmptyTable()};
  findings.notes.push_back("phases in milliseconds, medians; reduction and norm are one pass over the gradient");
  for (const Row& row : Rows(options)) {
    CLLM_ASSIGN(const Measured measured, Measure(row, options));
    Add(row, measured, findings);
  }
  return findings;
}

}  // namespace cllm::measure
