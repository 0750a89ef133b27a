#pragma once

#include <memory>
#include <utility>

#include "base/check.h"
#include "spheres/spheres.h"

namespace cllm {

// Spheres that run. REQUIRES: options that are valid.
inline std::unique_ptr<Spheres> StartOrDie(SpheresOptions options) {
  auto spheres = Spheres::Start(std::move(options));
  CHECK(spheres.ok());
  return *std::move(spheres);
}

}  // namespace cllm
