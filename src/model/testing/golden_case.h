#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/testing/source_directory.h"
#include "model/parameters.h"
#include "nn/loss.h"

// Golden numbers of tools/golden/golden.py (PyTorch, double precision), whose docstring defines the fields and
// formulas, as the tests read them.
namespace cllm::golden {

using Json = nlohmann::json;

// REQUIRES: the file exists; `name` lacks folder and extension.
inline Json Load(const std::string& name) {
  std::ifstream file(SourceDirectory() + "/tests/golden/" + name + ".json");
  CHECK(file.good());
  return Json::parse(file);
}

// Uniform in [-1, 1).
inline double SignedUnit(uint64_t key, uint64_t counter) { return 2.0 * UnitDouble(RandomBits(key, counter)) - 1.0; }

inline double Norm(std::span<const double> x) {
  double squares = 0.0;
  for (const double value : x) squares += value * value;
  return std::sqrt(squares);
}

// The "projection" of tensor i: a sum that depends on every element.
inline double Projection(size_t i, std::span<const double> x) {
  double sum = 0.0;
  for (size_t j = 0; j < x.size(); ++j) sum += x[j] * SignedUnit(2000 + i, j);
  return sum;
}

// A list of rows of tokens, one after the other.
inline std::vector<uint32_t> Flatten(const Json& rows) {
  std::vector<uint32_t> tokens;
  for (const Json& row : rows) {
    for (const uint32_t token : row) tokens.push_back(token);
  }
  return tokens;
}

// One golden file's model, parameters, classes and lambda.
struct Case {
  explicit Case(const Json& json)
      : config{.layers = json["model"]["layers"],
               .heads = json["model"]["heads"],
               .width = json["model"]["width"],
               .hidden = json["model"]["hidden"],
               .context = json["model"]["context"],
               .vocabulary = json["model"]["vocabulary"],
               .kv_heads = json["model"].value("kv_heads", json["model"]["heads"].get<size_t>()),
               .head_dim = json["model"].value("head_dim", json["model"]["width"].get<size_t>() /
                                                               json["model"]["heads"].get<size_t>()),
               .untied = !json["model"].value("tied", true),
               .rope_base = json["model"].value("rope_base", 10000.0),
               .norm_eps = json["model"].value("norm_eps", 1e-5)},
        parameters(ParameterLayout(config).size()),
        batch(json["batch"]),
        root_class(json["classes"]["root"].get<std::vector<int32_t>>()),
        form_class(json["classes"]["form"].get<std::vector<int32_t>>()),
        lambda(json["lambda"]) {
    const ParameterLayout layout(config);
    for (size_t i = 0; i < layout.tensors().size(); ++i) {
      const double center = json["tensors"][i]["center"], scale = json["tensors"][i]["scale"];
      for (size_t j = 0; j < layout.tensors()[i].size(); ++j) {
        const double r = SignedUnit(1000 + i, j) * 1.7320508075688772;
        parameters[layout.tensors()[i].offset + j] = static_cast<float>(center + scale * r);
      }
    }
  }

  LossClasses classes() const { return {root_class, form_class}; }
  // Every parameter is a float's value, so nothing is lost.
  void CopyTo(Parameters& target) const {
    for (size_t j = 0; j < parameters.size(); ++j) target.data()[j] = static_cast<float>(parameters[j]);
  }

  ModelShape config;
  std::vector<double> parameters;  // with the offsets of ParameterLayout
  size_t batch;
  std::vector<int32_t> root_class, form_class;
  double lambda;
};

}  // namespace cllm::golden
