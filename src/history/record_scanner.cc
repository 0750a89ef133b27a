#include "history/record_scanner.h"

#include <charconv>
#include <system_error>

namespace cllm {
namespace {

// Walks over a line; each step is false where the line does not go on as it says.
class Scanner {
 public:
  explicit Scanner(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool AtEnd() {
    Skip();
    return at_ == end_;
  }
  bool Sign(char sign) {
    Skip();
    if (at_ == end_ || *at_ != sign) return false;
    ++at_;
    return true;
  }
  bool Quoted(std::string_view& text) {
    if (!Sign('"')) return false;
    const char* begin = at_;
    for (; at_ != end_ && *at_ != '"'; ++at_) {
      if (*at_ == '\\' || static_cast<unsigned char>(*at_) < 0x20) return false;
    }
    if (at_ == end_) return false;
    text = {begin, static_cast<size_t>(at_ - begin)};
    ++at_;
    return true;
  }
  bool Value(ScannedField& field) {
    Skip();
    if (at_ == end_) return false;
    switch (*at_) {
      case '"':
        field.kind = ScannedField::Kind::kText;
        return Quoted(field.text);
      case 'n':
        field.kind = ScannedField::Kind::kNull;
        return Word("null") || Number(field);
      case 't':
        field.kind = ScannedField::Kind::kTrue, field.number = 1;
        return Word("true");
      case 'f':
        field.kind = ScannedField::Kind::kFalse, field.number = 0;
        return Word("false");
      default:
        return Number(field);
    }
  }

 private:
  void Skip() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool Word(std::string_view word) {
    if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool Number(ScannedField& field) {
    const auto [end, error] = std::from_chars(at_, end_, field.number);
    if (error != std::errc()) return false;
    field.kind = ScannedField::Kind::kNumber;
    at_ = end;
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace

bool ScanRecord(std::string_view line, std::vector<ScannedField>& fields) {
  fields.clear();
  Scanner scan(line);
  if (!scan.Sign('{')) return false;
  if (scan.Sign('}')) return scan.AtEnd();
  do {
    ScannedField field;
    if (!scan.Quoted(field.name) || !scan.Sign(':') || !scan.Value(field)) return false;
    fields.push_back(field);
  } while (scan.Sign(','));
  return scan.Sign('}') && scan.AtEnd();
}

}  // namespace cllm
