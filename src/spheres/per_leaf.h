#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "spheres/spheres.h"

namespace cllm {

// One object for each leaf, made on the leaf's own thread (first touch on its node): what a leaf writes while it works.
// Any number of kinds live beside each other on one pool of leaves. Work reaches that of its own leaf:
// `contexts[leaf]`. Immutable but for the objects, each of which belongs to one worker at a time. The spheres outlive
// it; it is made and destroyed between phases.
template <typename T>
class PerLeaf {
 public:
  // `make(leaf)` runs once on each leaf. The error of the lowest leaf that failed is returned.
  using Maker = std::function<Result<std::unique_ptr<T>>(const Leaf& leaf)>;
  static Result<PerLeaf> Make(Spheres& spheres, const Maker& make);

  PerLeaf(PerLeaf&&) noexcept = default;
  PerLeaf& operator=(PerLeaf&& other) noexcept {
    std::swap(spheres_, other.spheres_);
    std::swap(objects_, other.objects_);
    return *this;
  }
  ~PerLeaf();

  T& operator[](const Leaf& leaf) const { return *objects_[leaf.index]; }

 private:
  explicit PerLeaf(Spheres& spheres) : spheres_(&spheres), objects_(spheres.leaves()) {}

  Spheres* spheres_;
  std::vector<std::unique_ptr<T>> objects_;  // one for each leaf
};

template <typename T>
Result<PerLeaf<T>> PerLeaf<T>::Make(Spheres& spheres, const Maker& make) {
  PerLeaf made(spheres);
  const auto make_own = [&](Leaf& leaf) -> Status {
    CLLM_ASSIGN(made.objects_[leaf.index], make(leaf));
    if constexpr (requires(const T& object) { object.bytes(); }) {
      spheres.Hold(leaf.index, static_cast<int64_t>(made[leaf].bytes()));
    }
    return {};
  };
  CLLM_TRY(spheres.OnEachLeaf(std::ref(make_own)));
  return made;
}

template <typename T>
PerLeaf<T>::~PerLeaf() {
  if constexpr (requires(const T& object) { object.bytes(); }) {
    for (size_t i = 0; i < objects_.size(); ++i) {
      if (objects_[i]) spheres_->Hold(i, -static_cast<int64_t>(objects_[i]->bytes()));
    }
  }
}

}  // namespace cllm
