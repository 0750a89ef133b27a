#include "interop/gguf/gguf_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/units.h"
#include "math/scalar.h"
#include "model/rope_table.h"

namespace cllm {
namespace {

constexpr std::string_view kPrefix = "llama.";
constexpr double kRopeTolerance = 1e-4;  // relative, of a divisor
// The keys of the architecture that are read.
constexpr std::array<std::string_view, 12> kRead = {"llama.vocab_size",
                                                    "llama.context_length",
                                                    "llama.embedding_length",
                                                    "llama.block_count",
                                                    "llama.feed_forward_length",
                                                    "llama.attention.head_count",
                                                    "llama.attention.head_count_kv",
                                                    "llama.attention.key_length",
                                                    "llama.attention.value_length",
                                                    "llama.rope.dimension_count",
                                                    "llama.rope.freq_base",
                                                    "llama.attention.layer_norm_rms_epsilon"};
// Keys that may be there as long as they say what is the case anyway.
constexpr std::array<std::string_view, 2> kMustBeZero = {"llama.expert_count", "llama.expert_used_count"};

// Whether a key that is not read says what is the case here anyway.
Result<bool> SaysNothingNew(const Gguf& file, const std::string& key) {
  if (key == "llama.rope.scaling.type") {
    const Result<std::string> type = file.Text(key);
    return type.ok() ? Result<bool>(std::string_view(*type) == "none") : Result<bool>(type.status());
  }
  if (std::ranges::find(kMustBeZero, key) == kMustBeZero.end()) return false;
  const Result<uint64_t> number = file.Unsigned(key);
  return number.ok() ? Result<bool>(*number == 0) : Result<bool>(number.status());
}

Status CheckKeys(const Gguf& file) {
  for (const auto& [key, value] : file.keys()) {
    if (!key.starts_with(kPrefix) || std::ranges::find(kRead, key) != kRead.end()) continue;
    CLLM_ASSIGN(const bool known, SaysNothingNew(file, key));
    if (known) continue;
    return BadInput(
        fmt::format("{}: the key '{}' is there, which changes what is computed in a way that is not known "
                    "here",
                    file.label(), key));
  }
  return {};
}

// A number of the file, or `missing` where it has none.
Result<uint64_t> UnsignedOr(const Gguf& file, std::string_view key, uint64_t missing) {
  return file.Has(key) ? file.Unsigned(key) : Result<uint64_t>(missing);
}

Status CheckSame(const Gguf& file, std::string_view key, uint64_t expected, std::string_view what) {
  CLLM_ASSIGN(const uint64_t found, UnsignedOr(file, key, expected));
  if (found == expected) return {};
  return BadInput(fmt::format("{}: {} is {}, expected {} ({})", file.label(), key, found, expected, what));
}

// Heads and their size, by what the file says of them.
Status ReadHeads(const Gguf& file, ModelShape& shape) {
  CLLM_ASSIGN(shape.heads, file.Unsigned("llama.attention.head_count"));
  CLLM_ASSIGN(shape.kv_heads, UnsignedOr(file, "llama.attention.head_count_kv", shape.heads));
  if (file.Has("llama.attention.key_length")) {
    CLLM_ASSIGN(shape.head_dim, file.Unsigned("llama.attention.key_length"));
  } else {
    const Result<size_t> head_dim = DefaultHeadDim(shape.heads, shape.width);
    if (!head_dim.ok()) return BadInput(fmt::format("{}: {}", file.label(), head_dim.status().message()));
    shape.head_dim = *head_dim;
  }
  CLLM_TRY(CheckSame(file, "llama.attention.value_length", shape.head_dim, "the length of keys"));
  return CheckSame(file, "llama.rope.dimension_count", shape.head_dim, "rotations of whole heads");
}

// The divisors of the frequencies in a file: head_dim / 2 numbers of F32.
Result<std::vector<float>> RopeDivisorsOf(const Gguf& file, const GgufTensor& tensor, size_t head_dim) {
  if (tensor.type != GgufTensorType::kF32 || tensor.rows != 1 || tensor.columns != head_dim / 2) {
    return BadInput(fmt::format("{}: the tensor '{}' has {} x {} numbers, expected {} of F32 as heads of {} have pairs",
                                file.label(), kGgufRopeDivisors, tensor.rows, tensor.columns, head_dim / 2, head_dim));
  }
  std::vector<float> divisors(tensor.columns);
  std::memcpy(divisors.data(), tensor.bytes.data(), divisors.size() * sizeof(float));
  return divisors;
}

// What the divisors were made of: our own keys say it, else it is what Llama 3.1 to 3.3 have, with the largest divisor.
Status ReadRopeScaling(const Gguf& file, ModelShape& shape) {
  const GgufTensor* tensor = file.FindTensor(kGgufRopeDivisors);
  if (tensor == nullptr) return {};
  CLLM_ASSIGN(const std::vector<float> divisors, RopeDivisorsOf(file, *tensor, shape.head_dim));
  if (divisors.empty()) return {};
  shape.rope_factor = *std::ranges::max_element(divisors);
  if (file.Has(kGgufRopeFactor)) {
    CLLM_ASSIGN(shape.rope_factor, file.Real(kGgufRopeFactor));
    CLLM_ASSIGN(shape.rope_low, file.Real(kGgufRopeLow));
    CLLM_ASSIGN(shape.rope_high, file.Real(kGgufRopeHigh));
    CLLM_ASSIGN(shape.rope_original, file.Unsigned(kGgufRopeOriginal));
  }
  if (const Status valid = Validate(shape); !valid.ok()) {
    return BadInput(fmt::format("{}: {}", file.label(), valid.message()));
  }
  const std::vector<double> expected = RopeDivisors(shape);
  for (size_t j = 0; j < divisors.size(); ++j) {
    // Written in single precision from frequencies in single precision.
    if (math::Abs(divisors[j] - expected[j]) <= kRopeTolerance * expected[j]) continue;
    return BadInput(
        fmt::format("{}: the tensor '{}' has {} at {}, expected {:.6g}: frequencies are stretched in another way "
                    "than in Llama 3.1",
                    file.label(), kGgufRopeDivisors, divisors[j], j, expected[j]));
  }
  return {};
}

}  // namespace

size_t ContextWithin(uint64_t context, std::vector<std::string>& notes) {
  const auto dimension =
      std::ranges::find_if(Dimensions(), [](const Dimension& each) { return each.name == "context"; });
  const auto most = static_cast<uint64_t>(dimension->high);
  if (context > most) {
    notes.push_back(fmt::format("the model's context of {} tokens becomes {}, the most that models here have",
                                FormatCount(context), FormatCount(most)));
  }
  return std::min(context, most);
}

Result<ModelShape> GgufShape(const Gguf& file, std::vector<std::string>& notes) {
  CLLM_ASSIGN(const std::string architecture, file.Text("general.architecture"));
  if (architecture != "llama") {
    return BadInput(fmt::format("{}: general.architecture is '{}', expected 'llama'", file.label(), architecture));
  }
  CLLM_TRY(CheckKeys(file));
  ModelShape shape;
  CLLM_ASSIGN(const uint64_t context, file.Unsigned("llama.context_length"));
  shape.context = ContextWithin(context, notes);
  CLLM_ASSIGN(shape.width, file.Unsigned("llama.embedding_length"));
  CLLM_ASSIGN(shape.layers, file.Unsigned("llama.block_count"));
  CLLM_ASSIGN(shape.hidden, file.Unsigned("llama.feed_forward_length"));
  CLLM_TRY(ReadHeads(file, shape));
  if (file.Has("llama.rope.freq_base")) {
    CLLM_ASSIGN(shape.rope_base, file.Real("llama.rope.freq_base"));
  }
  CLLM_ASSIGN(shape.norm_eps, file.Real("llama.attention.layer_norm_rms_epsilon"));
  const GgufTensor* embedding = file.FindTensor("token_embd.weight");
  if (embedding == nullptr) {
    return BadInput(fmt::format("{}: the tensor 'token_embd.weight' is missing", file.label()));
  }
  shape.vocabulary = embedding->rows;
  CLLM_TRY(CheckSame(file, "llama.vocab_size", shape.vocabulary, "rows of token_embd.weight"));
  shape.untied = file.FindTensor("output.weight") != nullptr;
  if (const Status valid = Validate(shape); !valid.ok()) {
    return BadInput(fmt::format("{}: {}", file.label(), valid.message()));
  }
  CLLM_TRY(ReadRopeScaling(file, shape));
  return shape;
}

}  // namespace cllm
