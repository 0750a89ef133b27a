#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "model/weights.h"
#include "run/open_model.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace cllm {

// A model that is served, with what is told of it. Immutable; decoding shares it.
class ServedModel {
 public:
  struct Parts {
    std::string name;
    StoredModel stored;
    Tokenizer tokenizer;
    Storage storage = Storage::kF32;
    const ChatTemplate* chat = nullptr;  // what it was taught dialogues by; null: it continues texts
    int64_t created = 0;                 // seconds since 1970
    std::string program = "";            // "cllm 0.1.0", for the fingerprint
  };
  // REQUIRES: the tokenizer has the shape's vocabulary.
  explicit ServedModel(Parts parts);

  const std::string& name() const { return name_; }
  const Weights& weights() const { return weights_; }
  const ModelShape& shape() const { return weights_.shape(); }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const ChatTemplate* chat() const { return chat_; }
  int64_t created() const { return created_; }
  // The same for the same bits of every answer: program, numerics, weights and how they are stored.
  const std::string& fingerprint() const { return fingerprint_; }
  uint64_t parameters() const { return weights_.layout().size(); }
  size_t longest_token() const { return longest_token_; }  // bytes
  std::string storage() const { return storage_; }         // "f32"

 private:
  std::string name_;
  Tokenizer tokenizer_;
  const ChatTemplate* chat_;
  int64_t created_;
  std::string storage_, fingerprint_;
  size_t longest_token_ = 1;
  Weights weights_;
};

// What a command line calls a model to be served: MODEL (open_model.h), or NAME=MODEL.
struct ModelToServe {
  std::string name, path;
};
// The name is the path's last part where none is given: "book-1" of "runs/book-1". A path that exists is itself, though
// there be a '=' in it. Error (Usage): an empty name or path.
Result<ModelToServe> ParseModelToServe(const std::string& argument);

// An opened model, to be served by this name.
std::unique_ptr<ServedModel> ServeModel(OpenedModel opened, const std::string& name, Storage storage,
                                        const std::string& program);

}  // namespace cllm
