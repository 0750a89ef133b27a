#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/layout.h"

// The model of design section 3 and the loss of section 4 written the slow and obvious way, in double precision over
// the C library: the oracle of the tests, never part of the product. Pure functions, so thread-safe.
namespace cllm::reference {

// Means over positions, in nats.
struct LossParts {
  double token = 0;  // -ln p of the target
  double root = 0;   // -ln of the summed p over the target's root class
  double form = 0;   // -ln of the summed p over the target's form class
  double total = 0;  // token + lambda * (root + form)
};

// Logits [T, V] of one sequence; T = tokens.size().
// parameters: the flat buffer with the offsets of ParameterLayout, padding ignored.
// REQUIRES: parameters.size() >= ParameterLayout(config).size(), 1 <= T <= config.context, every token < V.
std::vector<double> Logits(const ModelShape& config, std::span<const double> parameters,
                           std::span<const uint32_t> tokens);

// Loss of `batch` sequences. tokens: [batch, T + 1] row-major; the inputs are columns 0..T-1, the targets 1..T.
// root_class, form_class: [V], the class of each token; classes are compared for equality only. context_only: [batch,
// T], positions that are not scored; empty: all are. REQUIRES: as Logits, and tokens.size() divisible by batch; a
// position is scored.
LossParts Loss(const ModelShape& config, std::span<const double> parameters, std::span<const uint32_t> tokens,
               size_t batch, std::span<const int32_t> root_class, std::span<const int32_t> form_class, double lambda,
               const std::vector<bool>& context_only = {});

}  // namespace cllm::reference
