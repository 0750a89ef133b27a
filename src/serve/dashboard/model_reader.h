#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "infer/request_batch.h"
#include "serve/dashboard/lattice_view.h"
#include "serve/dashboard/run_tokens.h"
#include "serve/dashboard/token_losses.h"

namespace cllm {

// Works with the newest checkpoints of runs: continues prompts, and finds the losses of tokens. On one thread, without
// the cores of a training. Keeps the model that was used last. One thread at a time.
class ModelReader {
 public:
  // What a text is continued with.
  struct Prompt {
    std::string text;
    RequestOptions options;
  };
  struct Continued {
    Generated text;
    uint64_t step = 0;  // of the checkpoint that wrote it
  };
  // Continues it; each: as Generate (infer/request_batch.h). Error (BadInput): no checkpoint that can be read;
  // (NoResources): it does not fit into what memory is left.
  Result<Continued> Continue(const RunSource& run, const Prompt& prompt,
                             const std::function<bool(const GeneratedToken& token)>& each);

  // Losses that are being found.
  class Search {
   public:
    // Looks at one context more; true: that was all.
    Result<bool> Step();
    KnownLosses Found() const { return {step_, losses_->Means()}; }

   private:
    friend class ModelReader;
    uint64_t step_ = 0;
    std::shared_ptr<const void> model_;  // owners: this and the reader
    std::unique_ptr<RunTokens> tokens_;
    std::optional<TokenLosses> losses_;
  };
  // Error: as above, or (BadInput) the run's tokens are not there.
  Result<std::shared_ptr<Search>> BeginSearch(const RunSource& run);

 private:
  struct Model {
    std::string checkpoint;
    int64_t saved = 0;
    uint64_t step = 0;
    Weights weights;
    Tokenizer tokenizer;
  };
  Result<std::shared_ptr<const Model>> Open(const RunSource& run);
  Status Read(const std::string& checkpoint, uint64_t step, int64_t saved);  // into model_

  std::shared_ptr<const Model> model_;  // owners: this and a search
};

}  // namespace cllm
