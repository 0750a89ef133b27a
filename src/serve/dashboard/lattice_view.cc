#include "serve/dashboard/lattice_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "base/path.h"
#include "lattice/similarity.h"
#include "model/model_file.h"
#include "math/scalar.h"
#include "model/parameters.h"
#include "serve/dashboard/json_numbers.h"
#include "serve/token_names.h"
#include "store/safetensors.h"

namespace cllm {
namespace {

constexpr size_t kPieceOfText = size_t{1} << 16;  // tokens
constexpr size_t kMostFamily = 500;  // that are told
constexpr int kDigits = 5;

std::vector<uint64_t> CountTokens(const TokenView& text, size_t vocabulary) {
  std::vector<uint64_t> counts(vocabulary);
  std::vector<uint32_t> piece;
  for (size_t begin = 0; begin < text.size(); begin += piece.size()) {
    piece.resize(std::min(kPieceOfText, text.size() - begin));
    if (!text.Read(begin, piece).ok()) return {};
    for (const uint32_t id : piece) ++counts[id];
  }
  return counts;
}

// The vectors of a checkpoint of ours, whose matrices are in F32.
std::vector<float> ReadEmbedding(const std::string& checkpoint, size_t vocabulary) {
  const std::string path = JoinPath(checkpoint, kModelFileName);
  const Result<ModelShape> shape = ReadModelShape(path);
  if (!shape.ok() || shape->vocabulary != vocabulary) return {};
  const Result<SafetensorsFile> file = SafetensorsFile::Open(path);
  if (!file.ok()) return {};
  std::vector<float> embedding(vocabulary * shape->width);
  const std::string name = ParameterLayout(*shape).embedding().name;
  if (!file->Read(name, {vocabulary, shape->width}, embedding).ok()) return {};
  return embedding;
}

double Product(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

LatticeView::LatticeView(const RunSource& run, const RunTokens& tokens) : tokens_(tokens) {
  if (tokens.corpus) counts_ = CountTokens(tokens.corpus->training(), vocabulary());
  TakeCheckpoint(run);
}

void LatticeView::TakeCheckpoint(const RunSource& run) {
  if (run.checkpoint.empty() || (!embedding_.empty() && step_ == run.step)) return;
  std::vector<float> embedding = ReadEmbedding(run.checkpoint, vocabulary());
  if (embedding.empty()) return;
  embedding_ = std::move(embedding);
  step_ = run.step;
  norms_.clear();
  const size_t width = embedding_.size() / vocabulary();
  for (size_t id = 0; id < vocabulary(); ++id) {
    const float* vector = embedding_.data() + id * width;
    norms_.push_back(static_cast<float>(math::Sqrt(Product(vector, vector, width))));
  }
}

// Its bytes where they are text, else "\xe2\x82"; the name of a special token.
std::string LatticeView::TextOf(uint32_t id) const {
  const std::string_view bytes = tokens_.tokenizer.TokenBytes(id);
  if (bytes.empty()) return tokens_.tokenizer.TokenText(id);
  if (IsUtf8(bytes)) return std::string(bytes);
  std::string text;
  for (const char c : bytes) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return text;
}

JsonFields LatticeView::Columns(const KnownLosses* losses, bool losses_are_coming) const {
  const TokenLattice& lattice = tokens_.tokenizer.lattice();
  JsonArray text, x, y, root, position, frequency, norm, loss, specials;
  for (uint32_t id = 0; id < vocabulary(); ++id) {
    const UlamPoint point = UlamPointOf(lattice.rank(id));
    text.emplace_back(TextOf(id));
    x.push_back(Rounded(point.x, kDigits));
    y.push_back(Rounded(point.y, kDigits));
    root.emplace_back(int64_t{lattice.root_class()[id]});
    position.emplace_back(lattice.rank(id));
    if (!counts_.empty()) frequency.emplace_back(counts_[id]);
    if (!norms_.empty()) norm.push_back(Rounded(norms_[id], kDigits));
    if (losses != nullptr) {
      const float nats = losses->nats[id];
      loss.push_back(math::IsNan(nats) ? JsonValue() : Rounded(nats, kDigits));
    }
  }
  for (const SpecialToken& special : tokens_.tokenizer.specials()) specials.emplace_back(special.id);
  const auto or_null = [](JsonArray column) { return column.empty() ? JsonValue() : JsonValue(std::move(column)); };
  return {{"count", vocabulary()},
          {"text", std::move(text)},
          {"x", std::move(x)},
          {"y", std::move(y)},
          {"root", std::move(root)},
          {"position", std::move(position)},
          {"frequency", or_null(std::move(frequency))},
          {"norm", or_null(std::move(norm))},
          {"loss", or_null(std::move(loss))},
          {"loss_pending", losses_are_coming},
          {"loss_step", losses == nullptr ? JsonValue() : JsonValue(losses->step)},
          {"step", norms_.empty() ? JsonValue() : JsonValue(step_)},
          {"specials", std::move(specials)},
          {"missing", tokens_.missing}};
}

JsonArray LatticeView::Family(uint32_t id) const {
  const TokenLattice& lattice = tokens_.tokenizer.lattice();
  JsonArray family;
  for (uint32_t other = 0; other < vocabulary() && family.size() < kMostFamily; ++other) {
    if (other == id || lattice.root_class()[other] != lattice.root_class()[id]) continue;
    family.push_back(JsonFields{
        {"id", other}, {"text", TextOf(other)}, {"gcd", Gcd(lattice.codes()[id], lattice.codes()[other])}});
  }
  return family;
}

JsonArray LatticeView::NearInEmbedding(uint32_t id) const {
  JsonArray near;
  if (embedding_.empty()) return near;
  const size_t width = embedding_.size() / vocabulary();
  std::vector<double> cosine(vocabulary(), -2);
  for (size_t other = 0; other < vocabulary(); ++other) {
    const double lengths = static_cast<double>(norms_[id]) * static_cast<double>(norms_[other]);
    if (other == id || lengths == 0) continue;
    cosine[other] = Product(embedding_.data() + id * width, embedding_.data() + other * width, width) / lengths;
  }
  std::vector<uint32_t> order(vocabulary());
  std::iota(order.begin(), order.end(), 0u);
  const size_t count = std::min(kKissingNumber, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                    [&](uint32_t a, uint32_t b) { return cosine[a] != cosine[b] ? cosine[a] > cosine[b] : a < b; });
  for (const uint32_t other : std::span(order).first(count)) {
    if (cosine[other] < -1.5) continue;
    near.push_back(JsonFields{{"id", other}, {"text", TextOf(other)}, {"cosine", Rounded(cosine[other], kDigits)}});
  }
  return near;
}

JsonFields LatticeView::Token(uint32_t id) const {
  const TokenLattice& lattice = tokens_.tokenizer.lattice();
  JsonArray factors, spiral;
  for (const LatticeFactor& factor : lattice.Factors(id)) {
    const std::string meaning = IsUtf8(factor.name) ? factor.name : TextOf(id);
    factors.push_back(JsonFields{{"prime", factor.prime}, {"power", 1}, {"meaning", meaning}});
  }
  for (const LatticeNeighbour& near : KissingNeighbours(lattice, id)) {
    spiral.push_back(JsonFields{{"id", near.token},
                                {"text", TextOf(near.token)},
                                {"gcd", Gcd(lattice.codes()[id], lattice.codes()[near.token])},
                                {"kernel", Rounded(near.kernel, kDigits)}});
  }
  return {{"id", id},
          {"text", TextOf(id)},
          {"code", lattice.codes()[id]},
          {"position", lattice.rank(id)},
          {"frequency", counts_.empty() ? JsonValue() : JsonValue(counts_[id])},
          {"norm", norms_.empty() ? JsonValue() : Rounded(norms_[id], kDigits)},
          {"factors", std::move(factors)},
          {"family", Family(id)},
          {"spiral", std::move(spiral)},
          {"embedding", NearInEmbedding(id)}};
}

}  // namespace cllm
