// The matrix products of a training step against oneDNN's sgemm: fp32, one thread, each pair of results compared first,
// then timed in alternation. A product is timed as a step does it: for every work item, our packing of the weight once
// a step before them. Prints one line of JSON: GFLOP/s of both, the median of the paired ratios (above 1: ours is
// faster).
//   OMP_NUM_THREADS=1 onednn_products [ROUNDS]
#include <dnnl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/file.h"
#include "base/random.h"
#include "base/units.h"
#include "bench/configurations.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "kernels/gemm.h"
#include "kernels/peak.h"
#include "kernels/simd.h"
#include "math/scalar.h"
#include "nn/feed_forward.h"
#include "nn/loss.h"

namespace cllm::bench {
namespace {

constexpr double kMilliseconds = 8;  // of one measurement, one step at least

enum class Form {
  kNT,  // y = x W^T: forward
  kNN,  // d_x = d_y W: backward
  kTN,  // d_W = d_y^T x: the weight's gradient, in tiles of 16,384 floats, x packed for each item
};

// C[m, n] = A B with depth k, once for each of `items`.
struct Shape {
  std::string name;
  Form form;
  size_t m, n, k, items;
};

// The three products of a weight [rows, columns].
void AddWeight(const std::string& name, size_t rows, size_t columns, size_t tokens, size_t items,
               std::vector<Shape>& shapes) {
  shapes.push_back({name + " NT", Form::kNT, tokens, rows, columns, items});
  shapes.push_back({name + " NN", Form::kNN, tokens, columns, rows, items});
  shapes.push_back({name + " TN", Form::kTN, rows, columns, tokens, items});
}

std::vector<Shape> TrainingShapes() {
  std::vector<Shape> shapes;
  for (const Configuration& c : Yardsticks()) {
    const size_t sequences = DefaultItemSequences(c.batch, c.model.context);
    const size_t tokens = sequences * c.model.context, items = (c.batch + sequences - 1) / sequences;
    const size_t width = c.model.width, hidden = c.model.hidden;
    AddWeight(c.name + " query/key/value", 3 * width, width, tokens, items, shapes);
    AddWeight(c.name + " attention output", width, width, tokens, items, shapes);
    AddWeight(c.name + " gate and up", 2 * hidden, width, tokens, items, shapes);
    AddWeight(c.name + " down", width, hidden, tokens, items, shapes);
    const size_t block = LossBlock(c.model.vocabulary, tokens);
    AddWeight(c.name + " head", c.model.vocabulary, width, block, items * (tokens / block), shapes);
  }
  return shapes;
}

// Operands as training has them: A [m, k] (kTN: [k, m]); B [k, n] (kNT: [n, k]).
class Pair {
 public:
  explicit Pair(const Shape& shape)
      : s_(shape),
        a_(shape.m * shape.k),
        b_(shape.k * shape.n),
        ours_(shape.m * shape.n),
        theirs_(shape.m * shape.n),
        packed_(PackedSize(shape.k, shape.n)) {
    for (size_t i = 0; i < a_.size(); ++i) a_[i] = 2 * UnitFloat(RandomBits(1, i)) - 1;
    for (size_t i = 0; i < b_.size(); ++i) b_[i] = 2 * UnitFloat(RandomBits(2, i)) - 1;
  }

  void Ours() {
    if (s_.form == Form::kTN) {
      for (size_t item = 0; item < s_.items; ++item) Tiles();
      return;
    }
    const Panels panels = s_.form == Form::kNT ? PackColumns(b_.data(), s_.k, s_.k, s_.n, packed_.data())
                                               : PackRows(b_.data(), s_.n, s_.k, s_.n, packed_.data());
    for (size_t item = 0; item < s_.items; ++item) {
      Gemm(s_.m, {.data = a_.data(), .row_stride = s_.k}, panels, ours_.data(), s_.n, GemmInto::kOverwrite);
    }
  }

  void Theirs() {
    const auto m = static_cast<dnnl_dim_t>(s_.m), n = static_cast<dnnl_dim_t>(s_.n), k = static_cast<dnnl_dim_t>(s_.k);
    const bool tn = s_.form == Form::kTN, nt = s_.form == Form::kNT;
    for (size_t item = 0; item < s_.items; ++item) {
      CHECK(dnnl_sgemm(tn ? 'T' : 'N', nt ? 'T' : 'N', m, n, k, 1, a_.data(), tn ? m : k, b_.data(), nt ? k : n, 0,
                       theirs_.data(), n) == dnnl_success);
    }
  }

  // Both chains of k terms err by at most k 2^-24 times the sum of magnitudes, itself at most k.
  bool Agree() {
    Ours();
    Theirs();
    const double k = static_cast<double>(s_.k);
    for (size_t i = 0; i < ours_.size(); ++i) {
      const double difference = static_cast<double>(ours_[i]) - static_cast<double>(theirs_[i]);
      if (!(math::Abs(difference) <= 2 * k * k * 0x1p-24)) return false;
    }
    return true;
  }

 private:
  // Whole rows, or blocks of the hidden width.
  void Tiles() {
    const Panels panels = PackRows(b_.data(), s_.n, s_.k, s_.n, packed_.data());
    const size_t columns = s_.n > s_.m ? kHiddenBlock : s_.n, rows = kTileFloats / columns;
    for (size_t column = 0; column < s_.n; column += columns) {
      const Panels part = panels.SliceColumns(column, std::min(column + columns, s_.n));
      for (size_t row = 0; row < s_.m; row += rows) {
        Gemm(std::min(rows, s_.m - row), {a_.data() + row, 1, s_.m}, part, ours_.data() + row * s_.n + column, s_.n,
             GemmInto::kOverwrite);
      }
    }
  }

  Shape s_;
  AlignedBuffer<float> a_, b_, ours_, theirs_, packed_;
};

// Steps per second of processor time: OMP_NUM_THREADS keeps both sides on this thread.
double Rate(const std::function<void()>& step) {
  const double begin = ThreadSeconds();
  size_t steps = 0;
  double seconds = 0;
  do {
    step();
    ++steps;
    seconds = ThreadSeconds() - begin;
  } while (seconds * 1e3 < kMilliseconds);
  return static_cast<double>(steps) / seconds;
}

int Main(size_t rounds) {
  if (EnvironmentVariable("OMP_NUM_THREADS").value_or("") != "1") {
    std::fprintf(stderr, "onednn_products: OMP_NUM_THREADS is not 1, expected one thread on both sides\n");
    return 2;
  }
  using Kind = Column::Kind;
  Table table({{"product", "product", Kind::kText}, {"ours", "ours"}, {"peer", "peer"}, {"ratio", "ratio"}});
  for (const Shape& shape : TrainingShapes()) {
    Pair pair(shape);
    if (!pair.Agree()) {
      std::fprintf(stderr, "onednn_products: %s: the results differ\n", shape.name.c_str());
      return 1;
    }
    std::vector<double> ours, theirs, paired;
    for (size_t round = 0; round < rounds; ++round) {
      ours.push_back(Rate([&] { pair.Ours(); }));
      theirs.push_back(Rate([&] { pair.Theirs(); }));
      paired.push_back(ours.back() / theirs.back());
    }
    const double gflop = 2e-9 * static_cast<double>(shape.m * shape.n * shape.k * shape.items);
    table.Add({shape.name, gflop * Median(ours), gflop * Median(theirs), Median(paired)});
  }
  const dnnl_version_t* version = dnnl_version();
  std::printf("%s\n",
              WriteJson({{"peer", fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch)},
                         {"simd", SimdName()},
                         {"rounds", rounds},
                         {"rows", table.Rows()}})
                  .c_str());
  return 0;
}

}  // namespace
}  // namespace cllm::bench

int main(int argc, char** argv) {
  const cllm::Result<uint64_t> rounds = cllm::ParseCount(argc > 1 ? argv[1] : "11");
  if (!rounds.ok() || *rounds < cllm::bench::kMinRounds) {
    std::fprintf(stderr, "onednn_products: '%s', expected at least %zu rounds\n", argv[1], cllm::bench::kMinRounds);
    return 2;
  }
  return cllm::bench::Main(*rounds);
}
