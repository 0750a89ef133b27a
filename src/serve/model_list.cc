#include "serve/model_list.h"

#include <fmt/format.h>

namespace cllm {

std::vector<const Weights*> ModelList::AllWeights() const {
  std::vector<const Weights*> weights;
  for (const auto& model : models_) weights.push_back(&model->weights());
  return weights;
}

std::optional<size_t> ModelList::Named(const std::string& name, ApiError& error) const {
  std::vector<std::string> names;
  for (size_t i = 0; i < models_.size(); ++i) {
    names.push_back("'" + models_[i]->name() + "'");
    if (models_[i]->name() == name) return i;
  }
  if (models_.size() == 1 || name.empty() || name == "default") return 0;
  error = StatusError(404, fmt::format("the model '{}' is not served here; these are: {}", name.substr(0, 200),
                                       fmt::join(names, ", ")));
  error.param = "model";
  error.code = "model_not_found";
  return std::nullopt;
}

JsonFields ModelList::Describe(size_t index) const {
  const ServedModel& model = *models_[index];
  const ModelShape& shape = model.shape();
  return {{"id", model.name()},
          {"object", "model"},
          {"created", model.created()},
          {"owned_by", "cllm"},
          {"max_model_len", shape.context},
          {"system_fingerprint", model.fingerprint()},
          {"meta",
           JsonFields{{"n_vocab", shape.vocabulary},
                      {"n_ctx_train", shape.context},
                      {"n_embd", shape.width},
                      {"n_params", model.parameters()},
                      {"weights", model.storage()},
                      {"chat", model.chat() != nullptr}}}};
}

JsonFields ModelList::DescribeAll() const {
  JsonArray data;
  for (size_t i = 0; i < models_.size(); ++i) data.emplace_back(Describe(i));
  return {{"object", "list"}, {"data", std::move(data)}};
}

}  // namespace cllm
