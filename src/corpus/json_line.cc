#include "corpus/json_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "corpus/json_surrogates.h"
#include "corpus/left_out.h"

namespace cllm {
namespace {

using Json = nlohmann::json;

constexpr size_t kKeysTold = 8;

bool IsRole(std::string_view key) { return key == "role" || key == "from"; }
bool IsContent(std::string_view key) { return key == "content" || key == "value" || key == "text"; }

// Joins the messages of a list.
class MessageList {
 public:
  void Begin() { role_.clear(), content_.clear(), has_content_ = false; }
  void SetRole(std::string role) { role_ = std::move(role); }
  void AddContent(const std::string& part) { content_ += part, has_content_ = true; }
  void End() {
    if (!has_content_) return;
    if (!text_.empty()) text_ += "\n\n";
    if (!role_.empty()) text_ += role_ + ": ";
    text_ += content_;
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string role_, content_, text_;
  bool has_content_ = false;
};

// Picks the text of one field while an object is parsed, so that no tree is built. A callback returns false to stop;
// `problem` then says why.
class FieldReader : public nlohmann::json_sax<Json> {
 public:
  explicit FieldReader(std::string_view field) : field_(field) {
    for (size_t begin = 0, end = 0; end != field.npos; begin = end + 1) {
      end = field.find('.', begin);
      path_.push_back(field.substr(begin, end == field.npos ? end : end - begin));
    }
  }

  bool null() override { return Scalar("null"); }
  bool boolean(bool) override { return Scalar("a boolean"); }
  bool number_integer(number_integer_t) override { return Scalar("a number"); }
  bool number_unsigned(number_unsigned_t) override { return Scalar("a number"); }
  bool number_float(number_float_t, const string_t&) override { return Scalar("a number"); }
  bool binary(binary_t&) override { return Scalar("binary data"); }
  bool string(string_t& text) override {
    if (list_depth_ != 0) return TextInList(text);
    if (!wanted_) return Scalar("a string");
    text_ = std::move(text);
    found_ = true;
    wanted_ = false;
    return true;
  }

  bool start_object(size_t) override {
    if (wanted_) return Scalar("an object");
    if (list_depth_ != 0 && depth_ == list_depth_) messages_.Begin();
    return Enter();
  }
  bool end_object() override {
    if (list_depth_ != 0 && depth_ == list_depth_ + 1) messages_.End();
    return Leave();
  }
  bool start_array(size_t) override {
    if (depth_ == 0) return Stop("expected a JSON object, found an array");
    if (!Enter()) return false;
    if (!wanted_) return true;
    wanted_ = false;
    list_depth_ = depth_;
    return true;
  }
  bool end_array() override {
    if (list_depth_ != 0 && depth_ == list_depth_) {
      list_depth_ = 0;
      found_ = true;
      text_ = messages_.Take();
    }
    return Leave();
  }

  bool key(string_t& name) override {
    if (list_depth_ != 0) {
      if (depth_ == list_depth_ + 1) message_key_ = name;
      part_key_ = name;
      return true;
    }
    if (depth_ == 1 && keys_.size() < kKeysTold) keys_.push_back(name);
    on_path_ = std::min(on_path_, depth_ - 1);  // keys of the path that lead to this object
    const bool whole = depth_ == 1 && name == field_;
    const bool leads = on_path_ == depth_ - 1 && depth_ <= path_.size() && name == path_[depth_ - 1];
    if (leads) ++on_path_;
    wanted_ = whole || (leads && depth_ == path_.size());
    return !wanted_ || !found_ || Stop(fmt::format("expected one field \"{}\", found two", field_));
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return Stop(fmt::format("expected a JSON object, found an error of syntax at byte {}", position));
  }

  bool found() const { return found_; }
  std::string& text() { return text_; }
  const std::string& problem() const { return problem_; }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  bool Stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  // A string within the list.
  bool TextInList(const std::string& text) {
    const size_t below = depth_ - list_depth_;
    if (below == 0) {
      messages_.Begin();
      messages_.AddContent(text);
      messages_.End();
    } else if (below == 1 && IsRole(message_key_)) {
      messages_.SetRole(text);
    } else if (IsContent(message_key_) && (below <= 2 || (below == 3 && part_key_ == "text"))) {
      messages_.AddContent(text);
    }
    return true;
  }
  // A value other than the wanted string begins.
  bool Scalar(const char* kind) {
    if (list_depth_ != 0 && depth_ == list_depth_) {
      return Stop(fmt::format("expected messages in the list \"{}\", found {}", field_, kind));
    }
    if (wanted_) return Stop(fmt::format("expected a string in field \"{}\", found {}", field_, kind));
    return depth_ != 0 || Stop(fmt::format("expected a JSON object, found {}", kind));
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

  std::string_view field_;
  std::vector<std::string_view> path_;  // the field's parts
  std::string text_;
  std::string problem_;
  std::vector<std::string> keys_;  // of the object itself, the first ones
  size_t depth_ = 0;
  size_t on_path_ = 0;     // parts of the path that the keys above the current value are
  bool wanted_ = false;    // the next value is the field's
  bool found_ = false;
  size_t list_depth_ = 0;  // of the list of messages that is being read; 0: none
  std::string message_key_, part_key_;
  MessageList messages_;
};

}  // namespace

Result<std::string> JsonLineText(std::string_view line, const std::string& field) {
  // A line without "text" is parsed again for the others: chats are small.
  constexpr std::array<std::string_view, 3> kOfItself = {"text", "messages", "conversations"};
  std::string storage;
  const std::string_view json = ReplaceLoneSurrogates(line, storage);
  std::string keys;
  for (const std::string_view name : kOfItself) {
    const bool of_itself = field == kOfItself.front();
    FieldReader reader(of_itself ? name : std::string_view(field));
    if (!Json::sax_parse(json.begin(), json.end(), &reader)) return BadInput(reader.problem());
    if (reader.found()) return std::move(reader.text());
    keys = NameSome(reader.keys(), kKeysTold);
    if (!of_itself) break;
  }
  return BadInput(fmt::format("expected a field \"{}\", found {}; name the one that holds the text (`field`)", field,
                              keys.empty() ? "none" : "only " + keys));
}

}  // namespace cllm
