#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/loss_row.cc"
#include "hwy/foreach_target.h"

#include <limits>

#include "base/check.h"
#include "kernels/access-inl.h"
#include "kernels/loss_row.h"
#include "math/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

using IdTag = hn::RebindToSigned<RowTag>;
using RowVector = hn::Vec<RowTag>;

// The row, its classes and the target's two class ids in every lane.
struct RowInput {
  float* HWY_RESTRICT logits;
  const int32_t* HWY_RESTRICT root;
  const int32_t* HWY_RESTRICT form;
  size_t vocabulary;
  hn::Vec<IdTag> root_id, form_id;

  // `value` in the lanes that belong to the target's root (form) class, 0 elsewhere, in vector i of the row.
  template <class Access>
  HWY_INLINE RowVector IfRoot(size_t i, RowVector value, Access access) const {
    return hn::IfThenElseZero(hn::RebindMask(RowTag(), hn::Eq(access.Load(IdTag(), root + i), root_id)), value);
  }
  template <class Access>
  HWY_INLINE RowVector IfForm(size_t i, RowVector value, Access access) const {
    return hn::IfThenElseZero(hn::RebindMask(RowTag(), hn::Eq(access.Load(IdTag(), form + i), form_id)), value);
  }
};

// Sums of exp(logit - maximum) over all tokens, the root class and the form class, each with its own maximum.
struct RowSums {
  float maximum, root_maximum, form_maximum;
  float all, root, form;
};

// Beyond this distance of the target's logit from the maximum, the classes get maxima of their own: within it, the
// target's exp (1e-26) keeps the class sums far from the smallest normal float (1e-38).
constexpr float kNearDistance = 60.0f;

HWY_INLINE float Maximum(const float* HWY_RESTRICT logits, size_t vocabulary) {
  const RowTag d;
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto best = lowest;
  ForEachVector(d, vocabulary, [&](size_t i, auto access) HWY_ATTR {
    best = hn::Max(best, access.Pad(d, access.Load(d, logits + i), lowest));
  });
  return hn::GetLane(hn::MaxOfLanes(d, best)) + 0.0f;  // one zero on every target
}

// With one maximum for all; logits become exp(logit - maximum).
HWY_INLINE RowSums SumsNear(const RowInput& in, float maximum) {
  const RowTag d;
  const auto highest = hn::Set(d, maximum);
  LaneSum<float> all, root, form;
  ForEachVectorOfBlock(d, in.vocabulary, [&](size_t i, size_t k, auto access) HWY_ATTR {
    const auto e = access.Pad(d, Exp(d, hn::Sub(access.Load(d, in.logits + i), highest)), hn::Zero(d));
    access.Store(e, d, in.logits + i);
    all.Add(k, e);
    root.Add(k, in.IfRoot(i, e, access));
    form.Add(k, in.IfForm(i, e, access));
  });
  return {maximum, maximum, maximum, all.Total(), root.Total(), form.Total()};
}

// With maxima of their own for the classes; logits stay.
HWY_INLINE RowSums SumsFar(const RowInput& in, float maximum) {
  const RowTag d;
  const IdTag di;
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto best_root = lowest, best_form = lowest;
  ForEachVector(d, in.vocabulary, [&](size_t i, auto access) HWY_ATTR {
    const auto logit = access.Pad(d, access.Load(d, in.logits + i), lowest);
    const auto is_root = hn::RebindMask(d, hn::Eq(access.Load(di, in.root + i), in.root_id));
    const auto is_form = hn::RebindMask(d, hn::Eq(access.Load(di, in.form + i), in.form_id));
    best_root = hn::Max(best_root, hn::IfThenElse(is_root, logit, lowest));
    best_form = hn::Max(best_form, hn::IfThenElse(is_form, logit, lowest));
  });
  RowSums sums = {maximum, hn::GetLane(hn::MaxOfLanes(d, best_root)) + 0.0f,
                  hn::GetLane(hn::MaxOfLanes(d, best_form)) + 0.0f, 0, 0, 0};
  LaneSum<float> all, root, form;
  ForEachVectorOfBlock(d, in.vocabulary, [&](size_t i, size_t k, auto access) HWY_ATTR {
    const auto logit = access.Pad(d, access.Load(d, in.logits + i), lowest);
    all.Add(k, Exp(d, hn::Sub(logit, hn::Set(d, sums.maximum))));
    const auto root_e = Exp(d, hn::Sub(logit, hn::Set(d, sums.root_maximum)));
    const auto form_e = Exp(d, hn::Sub(logit, hn::Set(d, sums.form_maximum)));
    root.Add(k, in.IfRoot(i, access.Pad(d, root_e, hn::Zero(d)), access));
    form.Add(k, in.IfForm(i, access.Pad(d, form_e, hn::Zero(d)), access));
  });
  sums.all = all.Total();
  sums.root = root.Total();
  sums.form = form.Total();
  return sums;
}

HWY_INLINE float Ln(float x) {
  const hn::CappedTag<float, 1> d1;
  return hn::GetLane(Log(d1, hn::Set(d1, x)));
}

HWY_INLINE LossScores ScoresOf(const RowSums& sums, float target_logit) {
  // A class sum has the same terms in the same order as the whole, some left out: the quotients are never below 1, and
  // no score below 0, where the maxima agree.
  return {RowNormalizer{sums.maximum, Ln(sums.all)}.Nats(target_logit),
          (sums.maximum - sums.root_maximum) + Ln(sums.all / sums.root),
          (sums.maximum - sums.form_maximum) + Ln(sums.all / sums.form)};
}

// The factors of exp in the gradient: of every token, and what members of the target's classes lose.
struct RowFactors {
  RowVector all, root, form;
};
HWY_INLINE RowFactors FactorsOf(const RowSums& sums, float lambda, float scale) {
  const RowTag d;
  return {hn::Set(d, scale * (1.0f + 2.0f * lambda) / sums.all), hn::Set(d, scale * lambda / sums.root),
          hn::Set(d, scale * lambda / sums.form)};
}

// logits hold exp(logit - maximum), as SumsNear left them.
HWY_INLINE void GradientNear(const RowInput& in, const RowFactors& factors) {
  const RowTag d;
  ForEachVector(d, in.vocabulary, [&](size_t i, auto access) HWY_ATTR {
    const auto without_root = hn::Sub(factors.all, in.IfRoot(i, factors.root, access));
    const auto factor = hn::Sub(without_root, in.IfForm(i, factors.form, access));
    access.Store(hn::Mul(access.Load(d, in.logits + i), factor), d, in.logits + i);
  });
}

HWY_INLINE void GradientFar(const RowInput& in, const RowSums& sums, const RowFactors& factors) {
  const RowTag d;
  ForEachVector(d, in.vocabulary, [&](size_t i, auto access) HWY_ATTR {
    const auto logit = access.Load(d, in.logits + i);
    const auto all = hn::Mul(Exp(d, hn::Sub(logit, hn::Set(d, sums.maximum))), factors.all);
    const auto root = hn::Mul(Exp(d, hn::Sub(logit, hn::Set(d, sums.root_maximum))), factors.root);
    const auto form = hn::Mul(Exp(d, hn::Sub(logit, hn::Set(d, sums.form_maximum))), factors.form);
    const auto without_root = hn::Sub(all, in.IfRoot(i, root, access));
    access.Store(hn::Sub(without_root, in.IfForm(i, form, access)), d, in.logits + i);
  });
}

HWY_INLINE RowInput InputOf(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                            size_t target) {
  const IdTag di;
  return {logits, root, form, vocabulary, hn::Set(di, root[target]), hn::Set(di, form[target])};
}

LossScores LossRow(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                   size_t target, float lambda, float scale) {
  const RowInput in = InputOf(logits, root, form, vocabulary, target);
  const float maximum = Maximum(in.logits, in.vocabulary);
  const float target_logit = logits[target];
  RowSums sums;
  if (maximum - target_logit <= kNearDistance) {
    sums = SumsNear(in, maximum);
    GradientNear(in, FactorsOf(sums, lambda, scale));
  } else {
    sums = SumsFar(in, maximum);
    GradientFar(in, sums, FactorsOf(sums, lambda, scale));
  }
  logits[target] -= scale;
  return ScoresOf(sums, target_logit);
}

LossScores LossRowScores(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                         size_t target) {
  const RowInput in = InputOf(logits, root, form, vocabulary, target);
  const float maximum = Maximum(in.logits, in.vocabulary);
  const float target_logit = logits[target];
  const bool is_near = maximum - target_logit <= kNearDistance;
  return ScoresOf(is_near ? SumsNear(in, maximum) : SumsFar(in, maximum), target_logit);
}

// The operations that SumsNear and SumsFar do for all tokens, in their order.
RowNormalizer NormalizerOf(const float* logits, size_t vocabulary) {
  const RowTag d;
  const float maximum = Maximum(logits, vocabulary);
  const auto highest = hn::Set(d, maximum);
  LaneSum<float> all;
  ForEachVectorOfBlock(d, vocabulary, [&](size_t i, size_t k, auto access) HWY_ATTR {
    all.Add(k, access.Pad(d, Exp(d, hn::Sub(access.Load(d, logits + i), highest)), hn::Zero(d)));
  });
  return {maximum, Ln(all.Total())};
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(LossRow);
HWY_EXPORT(LossRowScores);
HWY_EXPORT(NormalizerOf);

LossScores LossRow(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                   size_t target, float lambda, float scale) {
  DCHECK(target < vocabulary);
  return HWY_DYNAMIC_DISPATCH(LossRow)(logits, root, form, vocabulary, target, lambda, scale);
}
LossScores LossRowScores(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                         size_t target) {
  DCHECK(target < vocabulary);
  return HWY_DYNAMIC_DISPATCH(LossRowScores)(logits, root, form, vocabulary, target);
}
RowNormalizer NormalizerOf(const float* logits, size_t vocabulary) {
  DCHECK(vocabulary >= 1);
  return HWY_DYNAMIC_DISPATCH(NormalizerOf)(logits, vocabulary);
}

}  // namespace cllm
#endif  // HWY_ONCE
