#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/field_reader.h"
#include "serve/served_model.h"

namespace cllm {

// The models of a server, by name. Immutable.
class ModelList {
 public:
  // REQUIRES: at least one, no name twice.
  explicit ModelList(std::vector<std::unique_ptr<ServedModel>> models) : models_(std::move(models)) {}

  size_t size() const { return models_.size(); }
  const ServedModel& operator[](size_t index) const { return *models_[index]; }
  std::vector<const Weights*> AllWeights() const;

  // The model that a client names. One model answers to any name, with its own in the answer; of several, the first
  // does where none is named, or "default". Error (404, model_not_found): lists the names.
  std::optional<size_t> Named(const std::string& name, ApiError& error) const;

  // What /v1/models tells of one, and of all.
  JsonFields Describe(size_t index) const;
  JsonFields DescribeAll() const;

 private:
  std::vector<std::unique_ptr<ServedModel>> models_;
};

}  // namespace cllm
