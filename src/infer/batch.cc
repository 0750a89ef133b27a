#include "infer/batch.h"

#include <algorithm>
#include <cstring>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/cache_line.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"

namespace cllm {
namespace {

// Multiply-adds of a step from which on a team gains by sharing it: opening a phase of the pool and the members'
// meetings cost some 50 us, about the work of so many. An estimate from those costs, not a measured crossing.
constexpr double kTeamWork = 1e6;

// Attention of a step's segments over their caches; one for each member, with scratch of its own.
class CachedRows final : public AttentionSource {
 public:
  CachedRows(std::span<const BatchPart> parts, float* scores) : parts_(parts), scores_(scores) {}

  void Attend(const AttentionRows& rows) override {
    const BatchPart& part = parts_[rows.segment];
    part.cache->Attend(rows, part.tokens.size(), scores_);
  }

 private:
  std::span<const BatchPart> parts_;
  float* scores_;
};

size_t TeamSizeOf(const Spheres* pool) { return pool == nullptr ? 1 : pool->team_size(); }

}  // namespace

// Shared by a team; R = most_rows.
struct Batch::Buffers {
  float* residual;     // [R, C]
  float* normed;       // [R, C]
  float* qkv;          // [R, (H + 2 K) D]
  float* attention;    // [R, H D]
  float* branch;       // [R, C]
  float* gate_up;      // [R, 2F], row stride GateUpStride(F)
  float* inverse_rms;  // [R]
  float* block;        // feed-forward scratch
  float* scores;       // [team, ScoreFloats]

  Buffers(const ModelShape& s, size_t rows, size_t team) : buffer_(Floats(s, rows, team)) {
    residual = Take(rows * s.width);
    normed = Take(rows * s.width);
    qkv = Take(rows * s.qkv_width());
    attention = Take(rows * s.query_width());
    branch = Take(rows * s.width);
    gate_up = Take(rows * GateUpStride(s.hidden));
    inverse_rms = Take(rows);
    block = Take(FeedForwardScratch(rows, team));
    scores = Take(team * KeyValueCache::ScoreFloats(s));
    CHECK(taken_ == buffer_.size());
  }

  LayerBuffers Layer() const {
    return {.residual_in = residual,
            .normed = normed,
            .inverse_rms_attention = inverse_rms,
            .qkv = qkv,
            .attention = attention,
            .branch = branch,
            .residual_mid = residual,
            .inverse_rms_ffn = inverse_rms,
            .gate_up = gate_up,
            .block = block,
            .residual_out = residual};
  }

  static size_t Floats(const ModelShape& s, size_t rows, size_t team) {
    return 3 * WholeLines(rows * s.width) + WholeLines(rows * s.qkv_width()) + WholeLines(rows * s.query_width()) +
           WholeLines(rows * GateUpStride(s.hidden)) + WholeLines(rows) + WholeLines(FeedForwardScratch(rows, team)) +
           WholeLines(team * KeyValueCache::ScoreFloats(s));
  }

 private:
  float* Take(size_t floats) {
    float* start = buffer_.data() + taken_;
    taken_ += WholeLines(floats);
    return start;
  }

  AlignedBuffer<float> buffer_;
  size_t taken_ = 0;
};

Batch::Batch(const Weights& weights, size_t most_rows, Spheres* pool)
    : weights_(weights),
      most_rows_(most_rows),
      pool_(pool),
      team_size_(TeamSizeOf(pool)),
      buffers_(std::make_unique<Buffers>(weights.shape(), most_rows, team_size_)) {
  CHECK(most_rows >= 1);
  segments_.reserve(most_rows);
  tokens_.reserve(most_rows);
  logit_rows_.reserve(most_rows);
}

Batch::~Batch() = default;

size_t Batch::Bytes(const ModelShape& shape, size_t most_rows, size_t team) {
  return Buffers::Floats(shape, most_rows, team) * sizeof(float);
}

std::span<const float> Batch::Step(std::span<const BatchPart> parts, const AfterLogits& after) {
  const size_t logit_rows = Prepare(parts);
  const std::span<const float> logits(logits_.data(), logit_rows * weights_.shape().vocabulary);
  const auto member = [&](Leaf&, const Team& team) {
    RunMember(parts, logit_rows, team);
    if (after) after(team, logits);
  };
  if (PaysForTeam()) {
    const Status done = pool_->RunTeam(team_size_, std::ref(member));
    CHECK(done.ok());
  } else {
    Leaf self;
    member(self, {});
  }
  for (const BatchPart& part : parts) part.cache->Advance(part.tokens.size());
  return logits;
}

bool Batch::PaysForTeam() const {
  return team_size_ > 1 && static_cast<double>(tokens_.size()) * MatrixParameters(weights_.shape()) >= kTeamWork;
}

size_t Batch::Prepare(std::span<const BatchPart> parts) {
  segments_.clear();
  tokens_.clear();
  logit_rows_.clear();
  for (const BatchPart& part : parts) {
    const size_t first = tokens_.size();
    CHECK(!part.tokens.empty() && first + part.tokens.size() <= most_rows_);
    segments_.push_back(
        {.first_row = first, .rows = part.tokens.size(), .first_position = part.cache->positions()});
    for (const uint32_t token : part.tokens) {
      CHECK(token < weights_.shape().vocabulary);
      tokens_.push_back(token);
    }
    part.cache->Reserve(part.tokens.size());
    const size_t wanted = part.logits == BatchPart::Logits::kAll    ? part.tokens.size()
                          : part.logits == BatchPart::Logits::kLast ? 1
                                                                    : 0;
    for (size_t row = tokens_.size() - wanted; row < tokens_.size(); ++row) logit_rows_.push_back(row);
  }
  const size_t floats = logit_rows_.size() * weights_.shape().vocabulary;
  if (logits_.size() < floats) logits_.resize(floats);
  return logit_rows_.size();
}

void Batch::RunMember(std::span<const BatchPart> parts, size_t logit_rows, const Team& team) {
  const ModelShape& shape = weights_.shape();
  const Buffers& b = *buffers_;
  CachedRows attention(parts, b.scores + team.member * KeyValueCache::ScoreFloats(shape));
  ForwardPass pass{.weights = weights_,
                   .segments = segments_,
                   .rows = tokens_.size(),
                   .attention = attention,
                   .team = team};
  EmbedTokens(pass, tokens_, b.residual);
  for (size_t layer = 0; layer < shape.layers; ++layer) LayerForward(pass, layer, b.Layer());
  if (logit_rows == 0) return;
  // The rows whose logits are asked for move up, in the place of what the layers no longer need.
  const Range rows = team.Share(logit_rows);
  for (size_t i = rows.begin; i < rows.end; ++i) {
    std::memcpy(b.branch + i * shape.width, b.residual + logit_rows_[i] * shape.width, shape.width * sizeof(float));
  }
  pass.rows = logit_rows;
  FinalNorm(pass, b.branch, b.normed, b.inverse_rms);
  LinearForward(b.normed, shape.width, logit_rows, weights_.forward(weights_.layout().head()), logits_.data(),
                shape.vocabulary, team);
  team.Meet();
}

}  // namespace cllm
