#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "infer/batch.h"
#include "infer/request.h"

namespace cllm {

// Rows of a step where nobody says otherwise: enough that reading the weights costs little, few enough that the scratch
// stays small.
inline constexpr size_t kStepRows = 64;

// Decodes requests together: they join and leave between steps (continuous batching, Yu et al. 2022). A step reads one
// token of each request that generates, and with the rows that are left pieces of the prompts of others, which it
// scores where that is asked for. The result of a request does not depend on the others.
//
// Keeps references to the weights and the pool; does not own the requests, which stay until they are finished or
// removed. Called by one thread, the pool's Node Zero.
class RequestBatch {
 public:
  // Called for each new token, on the calling thread, in the order in which requests joined. The request may be
  // stopped.
  using OnToken = std::function<void(Request& request, const GeneratedToken& token)>;

  explicit RequestBatch(const Weights& weights, Spheres* pool = nullptr, size_t most_rows = kStepRows);

  // REQUIRES: not finished, not in the batch yet; of the same model's shape.
  void Add(Request& request);
  // Takes a request out before it is finished; it can join again, here or elsewhere.
  void Remove(Request& request);
  size_t size() const { return requests_.size(); }

  // One step: reads, and for each request that has nothing unread left, chooses a token. Finished requests leave.
  // REQUIRES: size() > 0.
  void Step(const OnToken& on_token = {});
  // Steps until no request is left.
  void Run(const OnToken& on_token = {});

  // Bytes beside the requests' caches, before anything is allocated.
  static size_t Bytes(const ModelShape& shape, size_t most_rows, size_t team);

 private:
  // What a team's member chooses tokens with.
  struct alignas(64) Chooser {
    explicit Chooser(size_t vocabulary) : scratch(vocabulary) {}
    SamplerScratch scratch;
  };
  // What becomes of a row of logits: the score of the token after unread()[token], or a choice.
  struct Row {
    Request* request;
    size_t token;
    bool chooses;
    size_t best;  // where its most probable tokens begin
  };
  // What a part of the step reads, and its scores among choices_.
  struct Reader {
    Request* request;
    size_t scores, choices;
  };

  void PlanParts();
  size_t MostTokens(const Request& request, size_t free) const;
  void AddPart(Request& request, size_t tokens);
  void AddRow(Request& request, size_t token, bool chooses);
  void Choose(const Team& team, std::span<const float> logits);

  Batch batch_;
  const size_t vocabulary_;
  std::vector<Request*> requests_;  // in the order in which they joined
  std::vector<Chooser> choosers_;   // one for each member
  size_t first_ = 0;                // whose turn it is, where not all fit into a step

  // Of the present step.
  std::vector<BatchPart> parts_;
  std::vector<Reader> readers_;            // of parts_
  std::vector<Row> rows_;                  // of the logits
  std::vector<Request::Choice> choices_;   // of rows_
  std::vector<TokenLogprob> best_;         // of rows_, one after the other
};

// Continues `prompt`: one request run to its end, on the pool's leaves where that pays. `each` (may be empty) sees
// every token, the end token too; the texts it sees add up to Generated::text unless it returns false, which ends.
// REQUIRES: as for Request.
Generated Generate(const Weights& weights, const Tokenizer& tokenizer, std::string_view prompt,
                   const RequestOptions& options, const std::function<bool(const GeneratedToken&)>& each = {},
                   Spheres* pool = nullptr);

}  // namespace cllm
