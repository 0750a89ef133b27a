#include "measure/kernels_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/aligned_buffer.h"
#include "kernels/peak.h"
#include "measure/bandwidth.h"
#include "measure/kernel.h"
#include "measure/measure.h"
#include "measure/products.h"
#include "measure/row_kernels.h"

namespace cllm::measure {
namespace {

constexpr double kKernelMilliseconds = 4;           // of one measurement
constexpr double kRatesMilliseconds = 2;  // of its yardstick

// A kernel's rate in 1e9 FLOP or bytes per second.
Result<Alternation> Measure(Kernel& kernel, Precision precision, size_t rounds) {
  const bool product = kernel.flop() > 0;
  const double amount = (product ? kernel.flop() : kernel.bytes()) * 1e-9;
  const AlignedBuffer<float> read(product ? 0 : static_cast<size_t>(kernel.bytes()) / sizeof(float));
  return Alternate(
      rounds,
      [&]() -> Result<double> {
        return amount * CallsPerSecond(
                            kKernelMilliseconds, [&] { kernel.Run(); }, [&] { kernel.Restore(); });
      },
      [&] {
        return product ? PeakGflops(kRatesMilliseconds, precision)
                       : ReadRate(read.data(), read.size(), kRatesMilliseconds) * 1e-9;
      });
}

struct Row {
  std::string name, size;
  bool product;
  Precision precision;
  Alternation measured;
};

// A product's share is void when the peak beside it was lower than the best product of its precision.
Findings Report(const std::vector<Row>& rows) {
  std::map<Precision, double> bests = {{Precision::kFp32, 0}, {Precision::kBf16, 0}};
  for (const Row& row : rows) {
    if (row.product) bests[row.precision] = std::max(bests[row.precision], row.measured.rate);
  }
  Findings findings{.table = Table({{"kernel", "kernel", Column::Kind::kText},
                                    {"size", "size", Column::Kind::kText},
                                    {"unit", "unit", Column::Kind::kText},
                                    {"rate", "rate"},
                                    {"yardstick", "yardstick"},
                                    {"share", "share", Column::Kind::kShare},
                                    {"spread", "spread", Column::Kind::kShare, 0}}),
                    .facts = {{"best_product_gflops", bests[Precision::kFp32]},
                              {"best_bf16_product_gflops", bests[Precision::kBf16]}},
                    .notes = {"products: the yardstick is the multiply-add peak; others: reading as many bytes"}};
  for (const Row& row : rows) {
    const double best = bests[row.precision];
    const bool is_void = row.product && row.measured.yardstick < kYardstickTolerance * best;
    findings.table.Add({row.name, row.size, row.product ? "GFLOP/s" : "GB/s", row.measured.rate, row.measured.yardstick,
                        is_void ? JsonValue() : JsonValue(row.measured.share), row.measured.spread});
    if (is_void) {
      findings.notes.push_back(
          fmt::format("{}: void, the peak of {:.1f} GFLOP/s beside it is below the best product's "
                      "{:.1f}",
                      row.name, row.measured.yardstick, best));
    }
  }
  return findings;
}

}  // namespace

Result<Findings> BenchKernels(const KernelOptions& options) {
  std::vector<KernelSpec> specs = Products();
  for (KernelSpec& spec : RowKernels()) specs.push_back(std::move(spec));
  std::vector<Row> rows;
  for (const KernelSpec& spec : specs) {
    if (spec.name.find(options.part) == std::string::npos) continue;
    const std::unique_ptr<Kernel> kernel = spec.make();
    if (const Status status = kernel->Check(); !status.ok()) {
      return Failed(fmt::format("{}: the result is wrong: {}", spec.name, status.message()));
    }
    CLLM_ASSIGN(const Alternation measured, Measure(*kernel, spec.precision, options.rounds));
    rows.push_back({spec.name, kernel->size(), kernel->flop() > 0, spec.precision, measured});
  }
  if (rows.empty()) return Usage(fmt::format("no kernel's name holds '{}'", options.part));
  return Report(rows);
}

}  // namespace cllm::measure
