#include "infer/decoder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace cllm {

Decoder::Decoder(std::span<const Weights* const> models, Spheres* pool, const DecoderLimits& limits)
    : limits_(limits) {
  CHECK(limits.requests >= 1);
  for (const Weights* weights : models) models_.push_back(std::make_unique<Model>(*weights, pool, limits.kept));
}

void Decoder::Submit(DecodingJob job) {
  CHECK(job.model < models_.size());
  if (!job.requests.empty()) waiting_.push_back({std::move(job)});
  CountRequests();
}

void Decoder::Cancel(uint64_t job) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.job.id == job; });
  std::erase_if(active_, [&](const Active& active) {
    if (active.job != job) return false;
    models_[active.model]->batch.Remove(*active.request);
    return true;
  });
  CountRequests();
}

void Decoder::Stop(DecodingListener& listener) {
  for (Active& active : active_) {
    models_[active.model]->batch.Remove(*active.request);
    active.request->Stop();
    listener.OnFinished(active.job, active.index, active.request->TakeResult());
  }
  active_.clear();
  for (Waiting& waiting : waiting_) {
    for (size_t index = waiting.next; index < waiting.job.requests.size(); ++index) {
      Request& request = *waiting.job.requests[index];
      request.Stop();
      listener.OnFinished(waiting.job.id, index, request.TakeResult());
    }
  }
  waiting_.clear();
  CountRequests();
}

void Decoder::Step(DecodingListener& listener) {
  BeginWaiting(listener);
  for (size_t model = 0; model < models_.size(); ++model) {
    if (models_[model]->batch.size() > 0) StepModel(model, listener);
  }
  EndFinished(listener);
  CountRequests();
}

// A job whose request cannot begin yet lets the others pass.
void Decoder::BeginWaiting(DecodingListener& listener) {
  for (size_t passed = 0; passed < waiting_.size() && active_.size() < limits_.requests;) {
    Waiting& first = waiting_.front();
    const bool waits = WaitsForItsPrompt(first);
    if (!waits) {
      if (!MakeRoom(BytesOf(first.job.model, *first.job.requests[first.next]))) return;
      Begin(first, listener);
    }
    passed = waits ? passed + 1 : 0;
    Waiting turned = std::move(first);
    waiting_.pop_front();
    if (turned.next < turned.job.requests.size()) waiting_.push_back(std::move(turned));
  }
}

// Another request of its job is reading the same prompt; where prompts are scored, each has to read its own.
bool Decoder::WaitsForItsPrompt(const Waiting& waiting) const {
  const Request& next = *waiting.job.requests[waiting.next];
  if (next.ScoredAfter(1) > 0) return false;
  return std::ranges::any_of(active_, [&](const Active& active) {
    return active.job == waiting.job.id && active.request->unread().size() > 1 &&
           std::ranges::equal(active.request->prompt(), next.prompt());
  });
}

uint64_t Decoder::BytesOf(size_t model, const Request& request) const {
  return KeyValueCache::Bytes(models_[model]->weights.shape(), request.most_positions());
}

bool Decoder::MakeRoom(uint64_t bytes) {
  if (active_.empty()) return true;
  uint64_t used = bytes, kept = 0;
  for (const Active& active : active_) used += active.bytes;
  for (const auto& model : models_) kept += model->kept.bytes();
  if (used > limits_.cache_bytes) return false;
  for (const auto& model : models_) {
    while (used + kept > limits_.cache_bytes && model->kept.bytes() > 0) {
      kept -= model->kept.bytes();
      model->kept.DropLeastUsed();
      kept += model->kept.bytes();
    }
  }
  return true;
}

void Decoder::Begin(Waiting& waiting, DecodingListener& listener) {
  const size_t index = waiting.next++, model = waiting.job.model;
  Active active{waiting.job.id, index, model, BytesOf(model, *waiting.job.requests[index]),
                std::move(waiting.job.requests[index])};
  statistics_.prompt_tokens += active.request->prompt().size();
  if (active.request->finished()) {
    listener.OnFinished(active.job, index, active.request->TakeResult());
    return;
  }
  ShareBeginning(active);
  models_[model]->batch.Add(*active.request);
  active_.push_back(std::move(active));
}

void Decoder::ShareBeginning(const Active& active) {
  const std::span<const uint32_t> prompt = active.request->prompt();
  std::span<const uint32_t> tokens;
  const KeyValueCache* cache = nullptr;
  if (const KeptCaches::Kept* kept = models_[active.model]->kept.Longest(prompt)) {
    tokens = kept->tokens;
    cache = &kept->cache;
  }
  for (const Active& other : active_) {
    const std::span<const uint32_t> cached = other.request->cached();
    if (other.model != active.model || CommonBeginning(cached, prompt) <= CommonBeginning(tokens, prompt)) continue;
    tokens = cached;
    cache = &other.request->cache();
  }
  if (cache != nullptr) statistics_.shared_tokens += active.request->TakeBeginning(tokens, *cache);
}

void Decoder::StepModel(size_t model, DecodingListener& listener) {
  ++statistics_.steps;
  models_[model]->batch.Step([&](Request& request, const GeneratedToken& token) {
    ++statistics_.made_tokens;
    const auto of = std::ranges::find_if(active_, [&](const Active& each) { return each.request.get() == &request; });
    listener.OnToken(of->job, of->index, request, token);
  });
}

void Decoder::EndFinished(DecodingListener& listener) {
  for (Active& active : active_) {
    if (!active.request->finished()) continue;
    const size_t positions = active.request->cache().positions();
    models_[active.model]->kept.Keep(active.request->cached(), active.request->cache(),
                                     KeyValueCache::Bytes(models_[active.model]->weights.shape(), positions));
    listener.OnFinished(active.job, active.index, active.request->TakeResult());
  }
  std::erase_if(active_, [](const Active& active) { return active.request->finished(); });
}

void Decoder::CountRequests() {
  statistics_.decoding = active_.size();
  statistics_.waiting = 0;
  for (const Waiting& waiting : waiting_) statistics_.waiting += waiting.job.requests.size() - waiting.next;
}

}  // namespace cllm
