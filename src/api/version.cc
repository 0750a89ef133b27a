#include "cllm/version.h"

#include "train/training_plan.h"

namespace cllm {
inline namespace api {

std::string Version() { return CLLM_VERSION; }

uint64_t Numerics() { return kNumerics; }

}  // namespace api
}  // namespace cllm
