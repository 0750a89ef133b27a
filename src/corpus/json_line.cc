#include "corpus/json_line.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace cllm {
namespace {

using Json = nlohmann::json;

// Picks one string out of an object's top level while it is parsed, so that no tree is built. A callback returns false
// to stop; `problem` then says why.
class FieldReader : public nlohmann::json_sax<Json> {
 public:
  explicit FieldReader(const std::string& field) : field_(field) {}

  bool null() override { return Scalar("null"); }
  bool boolean(bool) override { return Scalar("a boolean"); }
  bool number_integer(number_integer_t) override { return Scalar("a number"); }
  bool number_unsigned(number_unsigned_t) override { return Scalar("a number"); }
  bool number_float(number_float_t, const string_t&) override { return Scalar("a number"); }
  bool binary(binary_t&) override { return Scalar("binary data"); }
  bool string(string_t& text) override {
    if (!wanted_) return Scalar("a string");
    text_ = std::move(text);
    found_ = true;
    wanted_ = false;
    return true;
  }

  bool start_object(size_t) override { return Scalar("an object") && Enter(); }
  bool start_array(size_t) override {
    if (depth_ == 0) return Stop("expected a JSON object, found an array");
    return Scalar("an array") && Enter();
  }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    wanted_ = depth_ == 1 && name == field_;
    return !wanted_ || !found_ || Stop(fmt::format("expected one field \"{}\", found two", field_));
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return Stop(fmt::format("expected a JSON object, found an error of syntax at byte {}", position));
  }

  bool found() const { return found_; }
  std::string& text() { return text_; }
  const std::string& problem() const { return problem_; }

 private:
  bool Stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  // A value other than the wanted string begins.
  bool Scalar(const char* kind) {
    if (wanted_) return Stop(fmt::format("expected a string in field \"{}\", found {}", field_, kind));
    const bool top = depth_ == 0 && std::string_view(kind) != "an object";
    return !top || Stop(fmt::format("expected a JSON object, found {}", kind));
  }
  bool Enter() {
    ++depth_;
    return depth_ <= kMaxJsonLineDepth ||
           Stop(fmt::format("expected at most {} levels of nesting, found more", kMaxJsonLineDepth));
  }
  bool Leave() {
    --depth_;
    return true;
  }

  const std::string& field_;
  std::string text_;
  std::string problem_;
  size_t depth_ = 0;
  bool wanted_ = false;  // the next value is the field's
  bool found_ = false;
};

}  // namespace

Result<std::string> JsonLineField(std::string_view line, const std::string& field, const std::string& place) {
  FieldReader reader(field);
  const bool parsed = Json::sax_parse(line.begin(), line.end(), &reader);
  if (!parsed) return BadInput(fmt::format("{}: {}", place, reader.problem()));
  if (!reader.found()) {
    return BadInput(
        fmt::format("{}: expected a field \"{}\", found none; name the one that holds the text (field)", place, field));
  }
  return std::move(reader.text());
}

}  // namespace cllm
