#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "infer/decoder.h"

namespace cllm {

// Many texts of one model: `count` continuations of each prompt, numbered prompt after prompt. They begin in this order
// when there is room, so that only those that are being made take memory; a prompt that several continue is read once.
// A text is that of its request alone.
//
// Keeps references to weights and pool. One thread, the pool's Node Zero.
class TextQueue {
 public:
  // What is made of text `number`, as of DecodingListener.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnToken(uint64_t number, const GeneratedToken& token) = 0;
    virtual void OnFinished(uint64_t number, Generated result) = 0;
  };
  // Called once for each text, in order, at the moment when it begins.
  using MakeRequest = std::function<std::unique_ptr<Request>(uint64_t number)>;
  struct Texts {
    uint64_t prompts, count;
    size_t together;  // at once, at most
  };

  // REQUIRES: prompts * count is a uint64_t; together >= 1; the requests are of the weights' shape.
  TextQueue(const Weights& weights, Spheres* pool, const Texts& texts, MakeRequest make);

  bool done() const { return begun_ == all() && !decoder_.busy(); }
  // Those that began, finished ones too.
  uint64_t begun() const { return begun_; }
  // Begins what there is room for, none from number `end` on, and makes a token of each text that is being made.
  void Step(Listener& listener, uint64_t end = UINT64_MAX);
  // Ends those that began, as they are now; none begins any more.
  void Stop(Listener& listener);

  const DecoderStatistics& statistics() const { return decoder_.statistics(); }

 private:
  uint64_t all() const { return texts_.prompts * texts_.count; }
  void Begin(uint64_t end);

  const Texts texts_;
  const MakeRequest make_;
  Decoder decoder_;
  uint64_t begun_ = 0;
};

}  // namespace cllm
