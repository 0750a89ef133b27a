#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cllm/error.h"
#include "cllm/events.h"
#include "cllm/text.h"
#include "cllm/visibility.h"

namespace cllm {

class LoadedModel;  // what a Model holds

inline namespace api {

// How numbers are held. kQ8_0: 8-bit integers, one scale for 32 of them, as in GGUF.
enum class NumberType { kF32, kF16, kBf16, kQ8_0 };

// What a model is. A plain value.
struct ModelInfo {
  std::string directory = {};  // where its files lie, symlinks resolved
  std::string tokenizer = {};  // its name: "bytes", "bpe:1024"
  uint64_t step = 0;      // of the checkpoint; 0 where it is none
  uint64_t parameters = 0;
  size_t vocabulary = 0;  // V, tokens
  size_t context = 0;     // T, positions
  size_t layers = 0, heads = 0, kv_heads = 0, head_dim = 0, width = 0, hidden = 0;
  bool chat = false;      // it was taught dialogues; else it continues texts
  // XXH3-128 of its numbers as they are on disk, 32 hexadecimal digits, as `cllm inspect` shows it; empty from Import.
  std::string weights_hash = {};
};

// How well a model predicts a text. A plain value.
struct Evaluation {
  double nats_per_token = 0;
  double perplexity = 0;  // exp of it
  double bits_per_byte = 0;
  double nats_root = 0, nats_form = 0;  // per token, of the tokens' roots and forms in the lattice
  uint64_t tokens = 0;                  // that were scored
  uint64_t bytes = 0;                   // of text that they stand for
};

struct EvaluationOptions {
  std::optional<size_t> stride = {};  // tokens from one context to the next, [1, context]; left out: the context
  size_t threads = 0;                 // 0: one for each usable core; the result does not depend on it
};

// A model that was read from files. Immutable, so thread-safe: any number of threads and Generators may use one at
// once. Copies share it; its memory goes with the last copy and the last Generator on it.
class CLLM_API Model {
 public:
  // Opens a run (its best checkpoint), RUN@latest, RUN@STEP, a checkpoint, or a directory with model.safetensors,
  // tokenizer.json and lattice.json. `weights`: how the matrices are held from then on, kF32, kBf16 or kQ8_0; the
  // smaller ones are rounded once and read faster. Error kBadInput: nothing there, damaged, another format;
  // kBadOption: kF16; kNoResources: too large for the memory that is left.
  static Expected<Model> Open(const std::string& path, NumberType weights = NumberType::kF32);

  Model(const Model&) noexcept;
  Model(Model&&) noexcept;
  Model& operator=(const Model&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  const ModelInfo& info() const;

  // The token ids of a text, without begin and end; any bytes. Detokenize gives the text back.
  std::vector<uint32_t> Tokenize(std::string_view text) const;
  // The bytes that tokens stand for; special ones stand for none. Error kBadOption: an id that is not below the
  // vocabulary.
  Expected<std::string> Detokenize(std::span<const uint32_t> ids) const;

  // Measures the model on a text: every byte counted once, contexts end to end. Starts workers and ends them. A stop
  // (Watch) gives the error kStopped. Errors: of the text, as with Train; kBadOption: the stride.
  Expected<Evaluation> Evaluate(const Text& text, const EvaluationOptions& options = {}, const Watch& watch = {}) const;

 private:
  friend class Generator;
  explicit Model(std::shared_ptr<const LoadedModel> loaded) noexcept;
  std::shared_ptr<const LoadedModel> loaded_;  // owners: copies of this, Generators. Null only in one that was moved from
};

}  // namespace api
}  // namespace cllm
