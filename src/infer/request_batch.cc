#include "infer/request_batch.h"

#include <algorithm>

#include "base/check.h"

namespace cllm {

RequestBatch::RequestBatch(const Weights& weights, Spheres* pool, size_t most_rows)
    : batch_(weights, most_rows, pool), vocabulary_(weights.shape().vocabulary) {
  for (size_t member = 0; member < batch_.team_size(); ++member) choosers_.emplace_back(vocabulary_);
}

size_t RequestBatch::Bytes(const ModelShape& shape, size_t most_rows, size_t team) {
  const size_t chooser = shape.vocabulary * (2 * sizeof(float) + sizeof(uint32_t) + sizeof(double));
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
  choices_.resize(choosing_.size());
  batch_.Step(parts_, [this](const Team& team, std::span<const float> logits) { Choose(team, logits); });
  for (size_t i = 0; i < parts_.size(); ++i) readers_[i]->MarkRead(parts_[i].tokens.size());
  for (size_t i = 0; i < choosing_.size(); ++i) {
    const GeneratedToken token = choosing_[i]->Accept(choices_[i]);
    if (on_token) on_token(*choosing_[i], token);
  }
  std::erase_if(requests_, [](const Request* request) { return request->finished(); });
}

void RequestBatch::Run(const OnToken& on_token) {
  while (!requests_.empty()) Step(on_token);
}

// One row for each request that has one token to read; then pieces of longer ones, oldest first, to whom a quarter of the
// rows is left in any case. The first to be served moves on from step to step where the rows do not suffice for all.
void RequestBatch::PlanParts() {
  parts_.clear();
  readers_.clear();
  choosing_.clear();
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
    const size_t tokens = std::min(free, request.unread().size());
    AddPart(request, tokens);
    free -= tokens;
  }
}

void RequestBatch::AddPart(Request& request, size_t tokens) {
  const bool chooses = tokens == request.unread().size();
  parts_.push_back({.cache = &request.cache(),
                    .tokens = request.unread().first(tokens),
                    .logits = chooses ? BatchPart::Logits::kLast : BatchPart::Logits::kNone});
  readers_.push_back(&request);
  if (chooses) choosing_.push_back(&request);
}

void RequestBatch::Choose(const Team& team, std::span<const float> logits) {
  const Range share = team.Share(choosing_.size());
  Chooser& chooser = choosers_[team.member];
  for (size_t i = share.begin; i < share.end; ++i) {
    choices_[i] =
        choosing_[i]->Choose(logits.subspan(i * vocabulary_, vocabulary_), chooser.scratch, chooser.probabilities.data());
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
