// The matrix products of a training step against oneDNN's: its sgemm, or its matmul in bf16. One thread, each pair of
// results compared first, then timed in alternation. A product is timed as a step does it: for every work item, the
// packing of a weight once a step before them. In bf16 operands are floats on both sides, as training has them, and
// their conversion counts: ours on the way, oneDNN's by its reorder into the layout that its matmul asks for. Prints
// one line of JSON: GFLOP/s of both, the median of the paired ratios (above 1: ours is faster).
//   OMP_NUM_THREADS=1 onednn_products fp32|bf16 [ROUNDS]
#include <dnnl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <dnnl.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "base/system.h"
#include "base/units.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/peak.h"
#include "kernels/simd.h"
#include "math/scalar.h"
#include "measure/configurations.h"
#include "measure/measure.h"
#include "measure/table.h"
#include "nn/feed_forward.h"
#include "nn/loss.h"

namespace cllm::measure {
namespace {

constexpr double kMilliseconds = 8;  // of one measurement, one step at least

enum class Form {
  kNT,  // y = x W^T: forward
  kNN,  // d_x = d_y W: backward
  kTN,  // d_W = d_y^T x: the weight's gradient, in training's tiles, x packed for each item
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

// A product by oneDNN's matmul on bf16, of floats that lie where the caller says.
class Bf16Product {
 public:
  Bf16Product(const Shape& s, float* a, float* b, float* c)
      : engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        primitive_(Descriptor(s)),
        product_(primitive_),
        a_(Floats(s.m, s.k, s.form == Form::kTN ? 1 : s.k, s.form == Form::kTN ? s.m : 1), engine_, a),
        b_(Floats(s.k, s.n, s.form == Form::kNT ? 1 : s.n, s.form == Form::kNT ? s.k : 1), engine_, b),
        c_(Floats(s.m, s.n, s.n, 1), engine_, c),
        a16_(primitive_.src_desc(), engine_),
        b16_(primitive_.weights_desc(), engine_),
        convert_a_(a_, a16_),
        convert_b_(b_, b16_) {}

  void ConvertRight() { convert_b_.execute(stream_, b_, b16_); }
  void Multiply() {
    convert_a_.execute(stream_, a_, a16_);
    product_.execute(stream_, {{DNNL_ARG_SRC, a16_}, {DNNL_ARG_WEIGHTS, b16_}, {DNNL_ARG_DST, c_}});
    stream_.wait();
  }

 private:
  static dnnl::memory::desc Floats(size_t rows, size_t columns, size_t row_stride, size_t column_stride) {
    const auto whole = [](size_t n) { return static_cast<dnnl::memory::dim>(n); };
    return {{whole(rows), whole(columns)}, dnnl::memory::data_type::f32, {whole(row_stride), whole(column_stride)}};
  }
  dnnl::matmul::primitive_desc Descriptor(const Shape& s) const {
    const auto any = [](size_t rows, size_t columns) {
      return dnnl::memory::desc({static_cast<dnnl::memory::dim>(rows), static_cast<dnnl::memory::dim>(columns)},
                                dnnl::memory::data_type::bf16, dnnl::memory::format_tag::any);
    };
    const dnnl::memory::desc a = any(s.m, s.k), b = any(s.k, s.n), c = Floats(s.m, s.n, s.n, 1);
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, a, b, c};
#else
    return {dnnl::matmul::desc(a, b, c), engine_};
#endif
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul::primitive_desc primitive_;
  dnnl::matmul product_;
  dnnl::memory a_, b_, c_, a16_, b16_;
  dnnl::reorder convert_a_, convert_b_;
};

// Operands as training has them: A [m, k] (kTN: [k, m]); B [k, n] (kNT: [n, k]).
class Pair {
 public:
  Pair(const Shape& shape, Precision precision)
      : s_(shape),
        precision_(precision),
        a_(shape.m * shape.k),
        b_(shape.k * shape.n),
        ours_(shape.m * shape.n),
        theirs_(shape.m * shape.n),
        packed_(PackedSize(shape.k, shape.n, precision)) {
    for (size_t i = 0; i < a_.size(); ++i) a_[i] = 2 * UnitFloat(RandomBits(1, i)) - 1;
    for (size_t i = 0; i < b_.size(); ++i) b_[i] = 2 * UnitFloat(RandomBits(2, i)) - 1;
    if (precision == Precision::kBf16) bf16_.emplace(shape, a_.data(), b_.data(), theirs_.data());
  }

  void Ours() {
    if (s_.form == Form::kTN) {
      for (size_t item = 0; item < s_.items; ++item) Tiles();
      return;
    }
    const Panels panels = s_.form == Form::kNT ? PackColumns(b_.data(), s_.k, s_.k, s_.n, packed_.data(), precision_)
                                               : PackRows(b_.data(), s_.n, s_.k, s_.n, packed_.data(), precision_);
    for (size_t item = 0; item < s_.items; ++item) {
      Gemm(s_.m, {.data = a_.data(), .row_stride = s_.k}, panels, ours_.data(), s_.n, GemmInto::kOverwrite);
    }
  }

  void Theirs() {
    if (bf16_) {
      for (size_t item = 0; item < s_.items; ++item) {
        if (item == 0 || s_.form == Form::kTN) bf16_->ConvertRight();
        bf16_->Multiply();
      }
      return;
    }
    const auto m = static_cast<dnnl_dim_t>(s_.m), n = static_cast<dnnl_dim_t>(s_.n), k = static_cast<dnnl_dim_t>(s_.k);
    const bool tn = s_.form == Form::kTN, nt = s_.form == Form::kNT;
    for (size_t item = 0; item < s_.items; ++item) {
      CHECK(dnnl_sgemm(tn ? 'T' : 'N', nt ? 'T' : 'N', m, n, k, 1, a_.data(), tn ? m : k, b_.data(), nt ? k : n, 0,
                       theirs_.data(), n) == dnnl_success);
    }
  }

  // Both chains of k terms err by at most k 2^-24 times the sum of magnitudes, itself at most k; products of bf16 are
  // exact.
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
    const Panels panels = PackRows(b_.data(), s_.n, s_.k, s_.n, packed_.data(), precision_);
    const size_t columns = s_.n > s_.m ? kHiddenBlock : s_.n, rows = TileRows(columns);
    for (size_t column = 0; column < s_.n; column += columns) {
      const Panels part = panels.SliceColumns(column, std::min(column + columns, s_.n));
      for (size_t row = 0; row < s_.m; row += rows) {
        Gemm(std::min(rows, s_.m - row), {a_.data() + row, 1, s_.m}, part, ours_.data() + row * s_.n + column, s_.n,
             GemmInto::kOverwrite);
      }
    }
  }

  Shape s_;
  Precision precision_;
  AlignedBuffer<float> a_, b_, ours_, theirs_, packed_;
  std::optional<Bf16Product> bf16_;
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

int Main(Precision precision, size_t rounds) {
  if (EnvironmentVariable("OMP_NUM_THREADS").value_or("") != "1") {
    std::fprintf(stderr, "onednn_products: OMP_NUM_THREADS is not 1, expected one thread on both sides\n");
    return 2;
  }
  using Kind = Column::Kind;
  Table table({{"product", "product", Kind::kText}, {"ours", "ours"}, {"peer", "peer"}, {"ratio", "ratio"}});
  for (const Shape& shape : TrainingShapes()) {
    Pair pair(shape, precision);
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
                         {"precision", precision == Precision::kFp32 ? "fp32" : "bf16"},
                         {"simd", SimdName()},
                         {"rounds", rounds},
                         {"rows", table.Rows()}})
                  .c_str());
  return 0;
}

}  // namespace
}  // namespace cllm::measure

int main(int argc, char** argv) {
  const std::string_view precision = argc > 1 ? argv[1] : "";
  const char* count = argc > 2 ? argv[2] : "11";
  const cllm::Result<uint64_t> rounds = cllm::ParseCount(count);
  if ((precision != "fp32" && precision != "bf16") || !rounds.ok() || *rounds < cllm::measure::kMinRounds) {
    std::fprintf(stderr, "onednn_products: '%s %s', expected fp32 or bf16 and at least %zu rounds\n",
                 std::string(precision).c_str(), count, cllm::measure::kMinRounds);
    return 2;
  }
  return cllm::measure::Main(precision == "fp32" ? cllm::Precision::kFp32 : cllm::Precision::kBf16, *rounds);
}
