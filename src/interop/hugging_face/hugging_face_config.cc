#include "interop/hugging_face/hugging_face_config.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <variant>

#include "interop/gguf/gguf_shape.h"

namespace cllm {
namespace {

bool IsNull(const JsonValue* value) {
  return value == nullptr || std::holds_alternative<std::monostate>(value->content());
}

class ConfigReader {
 public:
  ConfigReader(const JsonObject& config, const std::string& label) : config_(config), label_(label) {}

  Result<ModelShape> Read(std::vector<std::string>& notes) {
    CLLM_TRY(CheckKind());
    CLLM_TRY(CheckSettings());
    ModelShape shape;
    CLLM_ASSIGN(shape.vocabulary, config_.Unsigned("vocab_size"));
    CLLM_ASSIGN(shape.width, config_.Unsigned("hidden_size"));
    CLLM_ASSIGN(shape.hidden, config_.Unsigned("intermediate_size"));
    CLLM_ASSIGN(shape.layers, config_.Unsigned("num_hidden_layers"));
    CLLM_ASSIGN(const uint64_t context, config_.Unsigned("max_position_embeddings"));
    shape.context = ContextWithin(context, notes);
    CLLM_TRY(ReadHeads(shape));
    CLLM_ASSIGN(shape.norm_eps, RealOr("rms_norm_eps", 1e-6));
    CLLM_TRY(ReadRope(shape));
    CLLM_ASSIGN(const bool tied, FlagOr("tie_word_embeddings", false));
    shape.untied = !tied;
    if (const Status valid = Validate(shape); !valid.ok()) return Fault(valid.message());
    return shape;
  }

 private:
  Status Fault(const std::string& fault) const { return BadInput(fmt::format("{}: {}", label_, fault)); }
  bool Has(std::string_view name) const { return !IsNull(config_.Find(name)); }

  // A missing field has transformers' default.
  Result<double> RealOr(std::string_view name, double missing) const {
    return Has(name) ? config_.Real(name) : Result<double>(missing);
  }
  Result<bool> FlagOr(std::string_view name, bool missing) const {
    return Has(name) ? config_.Boolean(name) : Result<bool>(missing);
  }
  Result<uint64_t> UnsignedOr(std::string_view name, uint64_t missing) const {
    return Has(name) ? config_.Unsigned(name) : Result<uint64_t>(missing);
  }

  Status CheckKind() const {
    CLLM_ASSIGN(const std::string type, config_.Text("model_type"));
    if (type != "llama") return Fault(fmt::format("model_type is '{}', expected 'llama'", type));
    if (!Has("architectures")) return {};
    CLLM_ASSIGN(const JsonArray architectures, config_.Array("architectures"));
    const std::string* name =
        architectures.size() == 1 ? std::get_if<std::string>(&architectures.front().content()) : nullptr;
    if (name != nullptr && *name == "LlamaForCausalLM") return {};
    return Fault("architectures is not [\"LlamaForCausalLM\"]");
  }

  Status CheckSettings() const {
    if (Has("hidden_act")) {
      CLLM_ASSIGN(const std::string activation, config_.Text("hidden_act"));
      if (activation != "silu") return Fault(fmt::format("hidden_act is '{}', expected 'silu'", activation));
    }
    for (const char* name : {"attention_bias", "mlp_bias", "rope_interleaved"}) {
      CLLM_ASSIGN(const bool value, FlagOr(name, false));
      if (value) return Fault(fmt::format("{} is true, expected false", name));
    }
    for (const char* name : {"quantization_config", "sliding_window"}) {
      if (Has(name)) return Fault(fmt::format("{} is set, which is not known here; expected null", name));
    }
    CLLM_ASSIGN(const double rotated, RealOr("partial_rotary_factor", 1));
    if (rotated != 1) return Fault(fmt::format("partial_rotary_factor is {}, expected 1", rotated));
    return {};
  }

  Status ReadHeads(ModelShape& shape) const {
    CLLM_ASSIGN(shape.heads, config_.Unsigned("num_attention_heads"));
    CLLM_ASSIGN(shape.kv_heads, UnsignedOr("num_key_value_heads", shape.heads));
    if (shape.kv_heads == 0) return Fault("num_key_value_heads is 0, expected at least 1");
    if (Has("head_dim")) {
      CLLM_ASSIGN(shape.head_dim, config_.Unsigned("head_dim"));
      return {};
    }
    const Result<size_t> head_dim = DefaultHeadDim(shape.heads, shape.width);
    if (!head_dim.ok()) return Fault(head_dim.status().message());
    shape.head_dim = *head_dim;
    return {};
  }

  // In the words of transformers 5, else of 4.
  Status ReadRope(ModelShape& shape) const {
    CLLM_ASSIGN(shape.rope_base, RealOr("rope_theta", shape.rope_base));
    if (Has("rope_scaling")) {
      CLLM_ASSIGN(const JsonObject scaling, config_.Object("rope_scaling"));
      CLLM_TRY(ReadScaling(scaling, "rope_scaling", shape));
    }
    if (!Has("rope_parameters")) return {};
    CLLM_ASSIGN(const JsonObject parameters, config_.Object("rope_parameters"));
    if (!IsNull(parameters.Find("rope_theta"))) {
      CLLM_ASSIGN(shape.rope_base, parameters.Real("rope_theta"));
    }
    ModelShape other = shape;
    other.rope_factor = ModelShape().rope_factor;
    CLLM_TRY(ReadScaling(parameters, "rope_parameters", other));
    if (Has("rope_scaling") && !(other == shape))
      return Fault("rope_scaling and rope_parameters contradict each other");
    shape = other;
    return {};
  }

  // `type` is what files of some years ago call `rope_type`.
  Status ReadScaling(const JsonObject& scaling, const char* name, ModelShape& shape) const {
    const char* key = IsNull(scaling.Find("rope_type")) ? "type" : "rope_type";
    if (IsNull(scaling.Find(key))) return {};
    CLLM_ASSIGN(const std::string type, scaling.Text(key));
    if (type == "default") return {};
    if (type != "llama3") return Fault(fmt::format("{}.{} is '{}', expected 'default' or 'llama3'", name, key, type));
    CLLM_ASSIGN(shape.rope_factor, scaling.Real("factor"));
    CLLM_ASSIGN(shape.rope_low, scaling.Real("low_freq_factor"));
    CLLM_ASSIGN(shape.rope_high, scaling.Real("high_freq_factor"));
    CLLM_ASSIGN(shape.rope_original, scaling.Unsigned("original_max_position_embeddings"));
    return {};
  }

  const JsonObject& config_;
  const std::string& label_;
};

}  // namespace

Result<ModelShape> HuggingFaceShape(const JsonObject& config, const std::string& label,
                                    std::vector<std::string>& notes) {
  return ConfigReader(config, label).Read(notes);
}

}  // namespace cllm
