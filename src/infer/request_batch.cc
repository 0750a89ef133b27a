#include "infer/request_batch.h"

#include <algorithm>

#include "base/check.h"

namespace cllm {
namespace {

// Floats of logits that scoring may ask of a step: a prompt is read in smaller pieces where its vocabulary is large.
constexpr size_t kScoringFloats = size_t{1} << 20;

}  // namespace

RequestBatch::RequestBatch(const Weights& weights, Spheres* pool, size_t most_rows)
    : batch_(weights, most_rows, pool), vocabulary_(weights.shape().vocabulary) {
  for (size_t member = 0; member < batch_.team_size(); ++member) choosers_.emplace_back(vocabulary_);
}

size_t RequestBatch::Bytes(const ModelShape& shape, size_t most_rows, size_t team) {
  const size_t chooser = shape.vocabulary * (sizeof(float) + sizeof(uint32_t) + sizeof(double) + sizeof(uint8_t));
  return Batch::Bytes(shape, most_rows, team) + team * chooser + most_rows * shape.vocabulary * sizeof(float);
}

void RequestBatch::Add(Request& request) {
  CHECK(!request.finished());
  requests_.push_back(&request);
}

void RequestBatch::Remove(Request& request) { std::erase(requests_, &request); }

void RequestBatch::Step(const OnToken& on_token) {
  CHECK(!requests_.empty());
  PlanParts();
  choices_.resize(rows_.size());
  batch_.Step(parts_, [this](const Team& team, std::span<const float> logits) { Choose(team, logits); });
  for (size_t i = 0, row = 0; i < parts_.size(); ++i) {
    const Reader& reader = readers_[i];
    reader.request->MarkRead(parts_[i].tokens.size(), std::span(choices_).subspan(row, reader.scores));
    row += reader.scores + reader.choices;
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (!rows_[i].chooses) continue;
    const GeneratedToken token = rows_[i].request->Accept(choices_[i]);
    if (on_token) on_token(*rows_[i].request, token);
  }
  std::erase_if(requests_, [](const Request* request) { return request->finished(); });
}

void RequestBatch::Run(const OnToken& on_token) {
  while (!requests_.empty()) Step(on_token);
}

// One row for each request that has one token to read; then pieces of longer ones, oldest first, to whom a quarter of
// the rows is left in any case. The first to be served moves on from step to step where the rows do not suffice for
// all.
void RequestBatch::PlanParts() {
  parts_.clear();
  readers_.clear();
  rows_.clear();
  best_.clear();
  size_t free = batch_.most_rows();
  const size_t n = requests_.size(), first = first_ % n;
  const bool prompts = std::ranges::any_of(requests_, [](const Request* r) { return r->unread().size() > 1; });
  const size_t kept = prompts ? free / 4 : 0;
  for (size_t i = 0; i < n && free > kept; ++i) {
    Request& request = *requests_[(first + i) % n];
    if (request.unread().size() != 1) continue;
    AddPart(request, 1);
    if (--free == kept) first_ = first + i + 1;
  }
  for (size_t i = 0; i < n && free > 0; ++i) {
    Request& request = *requests_[i];
    if (request.unread().size() <= 1) continue;
    const size_t tokens = MostTokens(request, free);
    AddPart(request, tokens);
    free -= tokens;
  }
}

// Of the unread tokens of a prompt, those that a step with so many rows left reads.
size_t RequestBatch::MostTokens(const Request& request, size_t free) const {
  const size_t tokens = std::min(free, request.unread().size());
  return request.ScoredAfter(1) == 0 ? tokens : std::min(tokens, std::max<size_t>(1, kScoringFloats / vocabulary_));
}

void RequestBatch::AddPart(Request& request, size_t tokens) {
  const size_t scores = request.ScoredAfter(tokens);
  const bool chooses = request.ChoosesAfter(tokens);
  // A scored prompt is scored after every token that is read; after its last one, if that is read, a choice follows.
  const auto logits = scores > 0 ? BatchPart::Logits::kAll
                      : chooses  ? BatchPart::Logits::kLast
                                 : BatchPart::Logits::kNone;
  CHECK(scores == 0 || scores + (chooses ? 1 : 0) == tokens);
  parts_.push_back({.cache = &request.cache(), .tokens = request.unread().first(tokens), .logits = logits});
  readers_.push_back({&request, scores, chooses ? size_t{1} : size_t{0}});
  for (size_t i = 0; i < scores; ++i) AddRow(request, i, false);
  if (chooses) AddRow(request, tokens - 1, true);
}

void RequestBatch::AddRow(Request& request, size_t token, bool chooses) {
  rows_.push_back({&request, token, chooses, best_.size()});
  best_.resize(best_.size() + request.best());
}

void RequestBatch::Choose(const Team& team, std::span<const float> logits) {
  const Range share = team.Share(rows_.size());
  Chooser& chooser = choosers_[team.member];
  for (size_t i = share.begin; i < share.end; ++i) {
    const Row& row = rows_[i];
    const std::span<const float> of_row = logits.subspan(i * vocabulary_, vocabulary_);
    const std::span<TokenLogprob> best = std::span(best_).subspan(row.best, row.request->best());
    choices_[i] = row.chooses ? row.request->Choose(of_row, chooser.scratch, best)
                              : row.request->Score(row.token, of_row, best);
  }
}

Generated Generate(const Weights& weights, const Tokenizer& tokenizer, std::string_view prompt,
                   const RequestOptions& options, const std::function<bool(const GeneratedToken&)>& each,
                   Spheres* pool) {
  Request request(weights.shape(), tokenizer, prompt, options);
  RequestBatch batch(weights, pool);
  if (!request.finished()) batch.Add(request);
  batch.Run([&](Request& made, const GeneratedToken& token) {
    if (each && !each(token)) made.Stop();
  });
  return request.TakeResult();
}

}  // namespace cllm
