#include "corpus/json_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "corpus/json_surrogates.h"
#include "corpus/left_out.h"

namespace cllm {
namespace {

using Json = nlohmann::json;

constexpr size_t kKeysTold = 8;

bool IsRole(std::string_view key) { return key == "role" || key == "from"; }
bool IsContent(std::string_view key) { return key == "content" || key == "value" || key == "text"; }

// Gathers the messages of a list; those without content are left out.
class MessageList {
 public:
  void Begin() { message_ = {}, has_content_ = false; }
  void SetRole(std::string role) { message_.role = std::move(role); }
  void AddContent(const std::string& part) { message_.content += part, has_content_ = true; }
  void End() {
    if (has_content_) messages_.push_back(std::move(message_));
  }
  std::vector<ChatMessage> Take() { return std::exchange(messages_, {}); }

 private:
  ChatMessage message_;
  std::vector<ChatMessage> messages_;
  bool has_content_ = false;
};

// A field that may hold the text, and what was found of it.
struct Candidate {
  std::string_view field;
  std::vector<std::string_view> path = {};  // its parts
  bool must_be_sound = false;  // one that is named: a fault of it ends the reading
  bool found = false;
  JsonLine line = {};
  std::string problem = "";

  Candidate(std::string_view name, bool is_named) : field(name), must_be_sound(is_named) {
    for (size_t begin = 0, end = 0; end != name.npos; begin = end + 1) {
      end = name.find('.', begin);
      path.push_back(name.substr(begin, end == name.npos ? end : end - begin));
    }
  }
};

// Picks the text of some fields while an object is parsed, so that no tree is built. A callback returns false to stop;
// `problem` then says why.
class FieldReader : public nlohmann::json_sax<Json> {
 public:
  // The first one is the field that is named.
  explicit FieldReader(std::vector<Candidate>& candidates) : candidates_(candidates), on_path_(candidates.size()) {}

  bool null() override { return Scalar("null"); }
  bool boolean(bool) override { return Scalar("a boolean"); }
  bool number_integer(number_integer_t) override { return Scalar("a number"); }
  bool number_unsigned(number_unsigned_t) override { return Scalar("a number"); }
  bool number_float(number_float_t, const string_t&) override { return Scalar("a number"); }
  bool binary(binary_t&) override { return Scalar("binary data"); }
  bool string(string_t& text) override {
    if (list_depth_ != 0) return TextInList(text);
    if (wanted_ == nullptr) return Scalar("a string");
    wanted_->line.text = std::move(text);
    wanted_->found = true;
    wanted_ = nullptr;
    return true;
  }

  bool start_object(size_t) override {
    if (list_depth_ == 0 && wanted_ != nullptr && !WrongKind("an object")) return false;
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
    if (list_depth_ == 0 && wanted_ != nullptr) list_depth_ = depth_;
    return true;
  }
  bool end_array() override {
    if (list_depth_ != 0 && depth_ == list_depth_) {
      list_depth_ = 0;
      wanted_->found = true;
      wanted_->line.messages = messages_.Take();
      wanted_->line.is_list = true;
      wanted_ = nullptr;
    }
    return Leave();
  }

  bool key(string_t& name) override {
    if (list_depth_ != 0) {
      if (depth_ == list_depth_ + 1) message_key_ = name;
      part_key_ = name;
      return true;
    }
    wanted_ = nullptr;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      if (!IsKeyOf(candidates_[i], on_path_[i], name)) continue;
      wanted_ = &candidates_[i];
      if (wanted_->found) return Fault(fmt::format("expected one field \"{}\", found two", wanted_->field));
    }
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const bool encoding = std::string_view(error.what()).find("UTF-8") != std::string_view::npos;
    return Stop(fmt::format("expected a JSON object, found {} at byte {}",
                            encoding ? "what is not UTF-8" : "an error of syntax", position));
  }

  const std::string& problem() const { return problem_; }

 private:
  bool Stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  // Something is wrong with the wanted field.
  bool Fault(std::string problem) {
    if (wanted_->must_be_sound) return Stop(std::move(problem));
    if (wanted_->problem.empty()) wanted_->problem = std::move(problem);
    return true;
  }
  bool WrongKind(const char* kind) {
    const bool goes_on = Fault(fmt::format("expected a string in field \"{}\", found {}", wanted_->field, kind));
    wanted_ = nullptr;
    return goes_on;
  }
  // Whether the value behind a key is the field's; `on_path`: parts of its path that the keys above the value are.
  bool IsKeyOf(const Candidate& candidate, size_t& on_path, std::string_view name) const {
    on_path = std::min(on_path, depth_ - 1);
    const size_t parts = candidate.path.size();
    const bool leads = on_path == depth_ - 1 && depth_ <= parts && name == candidate.path[depth_ - 1];
    if (leads) ++on_path;
    return (depth_ == 1 && name == candidate.field) || (leads && depth_ == parts);
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
    if (list_depth_ != 0) {
      return depth_ != list_depth_ ||
             Fault(fmt::format("expected messages in the list \"{}\", found {}", wanted_->field, kind));
    }
    if (wanted_ != nullptr) return WrongKind(kind);
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

  std::vector<Candidate>& candidates_;
  std::vector<size_t> on_path_;   // of each candidate
  Candidate* wanted_ = nullptr;   // the next value, or the list being read, is this one's
  std::string problem_;
  size_t depth_ = 0;
  size_t list_depth_ = 0;  // of the list of messages that is being read; 0: none
  std::string message_key_, part_key_;
  MessageList messages_;
};

// The first keys of an object, for a message. REQUIRES: it is one, nested no deeper than a reader goes.
std::string KeysOf(std::string_view json) {
  std::vector<std::string> keys;
  const auto take = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event != Json::parse_event_t::key) return true;
    if (depth == 1 && keys.size() < kKeysTold) keys.push_back(parsed.get<std::string>());
    return false;  // its value is not kept
  };
  (void)Json::parse(json.begin(), json.end(), take, /*allow_exceptions=*/false).is_discarded();
  return NameSome(keys, kKeysTold);
}

}  // namespace

Result<JsonLine> ReadJsonLine(std::string_view line, const std::string& field) {
  std::vector<Candidate> candidates = {{field, true}};
  if (field == "text") {
    candidates.emplace_back("messages", false);
    candidates.emplace_back("conversations", false);
  }
  std::string storage;
  const std::string_view json = ReplaceLoneSurrogates(line, storage);
  FieldReader reader(candidates);
  if (!Json::sax_parse(json.begin(), json.end(), &reader)) return BadInput(reader.problem());
  for (Candidate& candidate : candidates) {
    if (!candidate.problem.empty()) return BadInput(candidate.problem);
    if (candidate.found) return std::move(candidate.line);
  }
  const std::string keys = KeysOf(json);
  return BadInput(fmt::format("expected a field \"{}\", found {}; name the one that holds the text (`field`)", field,
                              keys.empty() ? "none" : "only " + keys));
}

std::string JsonLine::Text() const {
  if (!is_list) return text;
  std::string all;
  for (const ChatMessage& message : messages) {
    if (!all.empty()) all += "\n\n";
    if (!message.role.empty()) all += message.role + ": ";
    all += message.content;
  }
  return all;
}

Status NameRoles(std::vector<ChatMessage>& messages) {
  for (ChatMessage& message : messages) {
    message.role = ChatRole(message.role);
    if (IsChatRole(message.role)) continue;
    if (message.role.empty()) return BadInput("expected a role of every message, found one without");
    return BadInput(fmt::format("expected a role like user or assistant, found '{}'", message.role));
  }
  return {};
}

}  // namespace cllm
