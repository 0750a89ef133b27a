#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

// XXH3-128: finds damage, and names content by what it is; it does not resist an attacker.
namespace cllm {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;

  bool operator==(const Hash128&) const = default;
  // 32 lower-case hexadecimal digits, the canonical form (as printed by xxhsum -H2).
  std::string Hex() const;
};

Hash128 HashBytes(ByteView bytes);

// The same of bytes that come in pieces, however they are cut. Owns its state; thread-compatible.
class Hasher {
 public:
  Hasher();
  void Update(ByteView bytes);
  Hash128 Digest() const;  // of all bytes so far

 private:
  struct State;
  struct Free {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Free> state_;
};

}  // namespace cllm
