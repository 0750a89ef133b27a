#include "base/hash.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL  // compiled for our baseline, so with its vectors
#include <xxhash.h>

#include "base/check.h"

namespace cllm {

std::string Hash128::Hex() const { return fmt::format("{:016x}{:016x}", high, low); }

Hash128 HashBytes(ByteView bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

struct Hasher::State {
  XXH3_state_t xxh;
};

void Hasher::Free::operator()(State* state) const { delete state; }

Hasher::Hasher() : state_(new State) { CHECK(XXH3_128bits_reset(&state_->xxh) == XXH_OK); }

void Hasher::Update(ByteView bytes) { CHECK(XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size()) == XXH_OK); }

Hash128 Hasher::Digest() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh);
  return {hash.high64, hash.low64};
}

}  // namespace cllm
