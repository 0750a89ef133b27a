#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "data/evaluation_windows.h"
#include "data/prepared_corpus.h"
#include "model/transformer.h"
#include "spheres/per_leaf.h"
#include "train/exact_step.h"
#include "train/rank_team.h"

namespace cllm {

// What a model makes of a text.
struct EvaluationResult {
  MeanScores scores;
  double bits_per_byte = 0;
  bool whole = false;    // over all of the text, else over a fixed sample of it
  bool stopped = false;  // somebody did not wait for the end: there is no other result
};

// A text as it is evaluated. A view.
struct EvaluatedText {
  TokenView tokens;
  uint64_t bytes = 0;       // of the text behind the tokens that are scored
  ScoredSpans scored = {};  // which those are

  // The validation part.
  static EvaluatedText Of(const PreparedCorpus& corpus);
};

// Evaluates a model on a text's tokens: contexts end to end, every scored token but the first a target once. Windows in
// which nothing is scored are left out. Keeps references; thread-compatible.
class Validation {
 public:
  Validation(const EvaluatedText& text, const Tokenizer& tokenizer, size_t context, size_t stride);

  // From now on all ranks of a team evaluate together, each a share of the windows, and all have the same result.
  void ShareWith(RankTeam& team) { team_ = team.alone() ? nullptr : &team; }

  size_t windows() const { return text_.scored.all() ? windows_.size() : kept_.size(); }
  // Scores over all windows, or over `count` of them spread evenly (always the same ones).
  // contexts: of the transformer's shape, written to. progress: told the share that is done, now and then, on the
  // calling thread. stop (may be none): ends it at the next windows when it is not 0. Diverged if the loss is not
  // finite.
  using ShareDone = std::function<void(double share)>;
  Result<EvaluationResult> Run(Spheres& spheres, const PerLeaf<TrainingContext>& contexts,
                               const Transformer& transformer, size_t count, const ShareDone& progress = {},
                               const std::atomic<int>* stop = nullptr) const;

 private:
  Status Score(const EvaluationWindow& window, const Transformer& transformer, TrainingContext& context,
               LossSums& sums) const;
  // The `i`-th of `count` windows spread evenly.
  EvaluationWindow OfSample(uint64_t i, uint64_t count) const;
  uint64_t BytesOf(const EvaluationWindow& window) const;

  EvaluatedText text_;
  const Tokenizer& tokenizer_;
  RankTeam* team_ = nullptr;  // null: alone
  EvaluationWindows windows_;
  std::vector<uint64_t> kept_;  // windows in which something is scored, where not all is
};

}  // namespace cllm
