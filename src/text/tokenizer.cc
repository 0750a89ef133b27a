#include "text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "text/byte_alphabet.h"
#include "text/pre_split.h"

namespace cllm {
namespace {

// The id of each byte's token. REQUIRES: every byte has one.
std::array<uint32_t, 256> ByteIds(const std::vector<std::string>& tokens) {
  std::array<uint32_t, 256> ids{};
  for (uint32_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].size() == 1) ids[static_cast<unsigned char>(tokens[id].front())] = id;
  }
  return ids;
}

// Those that a tokenizer of ours has.
std::vector<SpecialToken> OwnSpecials(const TokenizerParts& parts) {
  std::vector<SpecialToken> specials = {{parts.unknown, std::string(kUnknownName)},
                                        {parts.begin, std::string(kBeginName)},
                                        {parts.end, std::string(kEndName)}};
  std::sort(specials.begin(), specials.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return specials;
}

bool IsOwn(const TokenizerParts& parts) {
  return parts.specials == OwnSpecials(parts) && parts.pre_split == PreSplit::kGpt2 && !parts.whole_pieces &&
         parts.adds_begin;
}

const SpecialToken* FindSpecial(const std::vector<SpecialToken>& specials, uint32_t id) {
  const auto found = std::lower_bound(specials.begin(), specials.end(), id,
                                      [](const SpecialToken& special, uint32_t value) { return special.id < value; });
  return found != specials.end() && found->id == id ? &*found : nullptr;
}

Status CheckSpecials(const TokenizerParts& parts) {
  for (size_t i = 0; i < parts.specials.size(); ++i) {
    const uint32_t id = parts.specials[i].id;
    if (id >= parts.tokens.size()) {
      return BadInput(fmt::format("special token id {} is not below the vocabulary of {}", id, parts.tokens.size()));
    }
    if (!parts.tokens[id].empty()) return BadInput(fmt::format("special token {} has bytes", id));
    if (parts.specials[i].name.empty()) return BadInput(fmt::format("special token {} has no name", id));
    if (i > 0 && id == parts.specials[i - 1].id)
      return BadInput(fmt::format("two special tokens have the id {}", id));
  }
  for (const uint32_t id : {parts.unknown, parts.begin, parts.end}) {
    if (FindSpecial(parts.specials, id) == nullptr) return BadInput(fmt::format("token {} is no special token", id));
  }
  return {};
}

// Distinct tokens, none empty but the special ones, every byte among them.
Status CheckTokens(const TokenizerParts& parts) {
  StringIndex seen;
  std::array<bool, 256> has_byte{};
  size_t bytes = 0;
  for (size_t id = 0; id < parts.tokens.size(); ++id) {
    const std::string& token = parts.tokens[id];
    if (token.empty()) {
      if (FindSpecial(parts.specials, static_cast<uint32_t>(id)) != nullptr) continue;
      return BadInput(fmt::format("token {} is empty", id));
    }
    const size_t known = seen.size();
    if (seen.Add(token) != known) return BadInput(fmt::format("token {} is there twice", id));
    if (token.size() > 1) continue;
    has_byte[static_cast<unsigned char>(token.front())] = true;
    ++bytes;
  }
  if (bytes == has_byte.size()) return {};
  const auto missing = std::find(has_byte.begin(), has_byte.end(), false) - has_byte.begin();
  return BadInput(fmt::format("the byte 0x{:02x} has no token; all 256 bytes need one", missing));
}

Status CheckMerges(const TokenizerParts& parts) {
  PairTable seen(parts.merges.size());
  const std::vector<std::string>& tokens = parts.tokens;
  for (uint32_t rank = 0; rank < parts.merges.size(); ++rank) {
    const Merge& merge = parts.merges[rank];
    if (std::max({merge.left, merge.right, merge.result}) >= tokens.size()) {
      return BadInput(fmt::format("merge {} names an id outside the vocabulary of {}", rank, tokens.size()));
    }
    if (tokens[merge.left].empty() || tokens[merge.right].empty() ||
        tokens[merge.left] + tokens[merge.right] != tokens[merge.result]) {
      return BadInput(fmt::format("merge {} does not join its parts to its result", rank));
    }
    if (seen.FindOrAdd(merge.left, merge.right, rank) != rank) {
      return BadInput(fmt::format("merge {} is there twice", rank));
    }
  }
  return {};
}

void UpdateNumber(Hasher& hasher, uint64_t number) { hasher.Update(std::as_bytes(std::span(&number, 1))); }

void UpdateText(Hasher& hasher, std::string_view text) {
  UpdateNumber(hasher, text.size());
  hasher.Update(AsBytes(text));
}

Hash128 HashOf(const TokenizerParts& parts, const TokenLattice& lattice) {
  Hasher hasher;
  for (const uint32_t id : {parts.unknown, parts.begin, parts.end}) UpdateNumber(hasher, id);
  UpdateNumber(hasher, parts.tokens.size());
  for (const std::string& token : parts.tokens) UpdateText(hasher, token);
  UpdateNumber(hasher, parts.merges.size());
  for (const Merge& merge : parts.merges) {
    for (const uint32_t id : {merge.left, merge.right, merge.result}) UpdateNumber(hasher, id);
  }
  for (const uint64_t code : lattice.codes()) UpdateNumber(hasher, code);
  for (const std::span<const std::string> texts : {lattice.suffixes(), lattice.roots()}) {
    UpdateNumber(hasher, texts.size());
    for (const std::string& text : texts) UpdateText(hasher, text);
  }
  if (IsOwn(parts)) return hasher.Digest();
  UpdateNumber(hasher, parts.specials.size());
  for (const SpecialToken& special : parts.specials) {
    UpdateNumber(hasher, special.id);
    UpdateText(hasher, special.name);
  }
  UpdateNumber(hasher, static_cast<uint64_t>(parts.pre_split));
  UpdateNumber(hasher, uint64_t{parts.whole_pieces} + 2 * uint64_t{parts.adds_begin});
  return hasher.Digest();
}

}  // namespace

Tokenizer::Tokenizer(TokenizerParts parts, TokenLattice lattice)
    : parts_(std::move(parts)),
      lattice_(std::move(lattice)),
      byte_ids_(ByteIds(parts_.tokens)),
      encoder_(byte_ids_, parts_.merges),
      hash_(HashOf(parts_, lattice_)) {
  const bool is_bytes = parts_.merges.empty() && vocabulary() == kByteVocabulary;
  name_ = is_bytes ? "bytes" : fmt::format("bpe:{}", vocabulary());
  for (const uint32_t id : {unknown(), begin()}) {
    if (id != end()) never_generated_.push_back(id);
  }
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; id < vocabulary(); ++id) {
    if (parts_.tokens[id].empty()) continue;
    ids.clear();
    encoder_.Encode(parts_.tokens[id], ids);
    if (ids.size() != 1 && !parts_.whole_pieces) continue;
    CHECK(ids.size() != 1 || ids.front() == id);  // tokens are distinct
    whole_.Add(parts_.tokens[id]);
    whole_ids_.push_back(id);
  }
}

Tokenizer Tokenizer::Bytes() {
  TokenizerParts parts{.tokens = std::vector<std::string>(kByteVocabulary)};
  std::vector<LatticeToken> entries{{.bytes = kUnknownName, .special = true},
                                    {.bytes = kBeginName, .special = true},
                                    {.bytes = kEndName, .special = true}};
  for (size_t byte = 0; byte < 256; ++byte) {
    parts.tokens[kFirstByteId + byte] = std::string(1, static_cast<char>(byte));
    entries.push_back({.bytes = parts.tokens[kFirstByteId + byte]});
  }
  parts.specials = OwnSpecials(parts);
  TokenLattice lattice = TokenLattice::Build(entries);
  return Tokenizer(std::move(parts), std::move(lattice));
}

Result<Tokenizer> Tokenizer::Create(TokenizerParts parts, TokenLattice lattice) {
  if (parts.tokens.size() > kMaxVocabulary) {
    return BadInput(fmt::format("found {} tokens, expected at most {}", parts.tokens.size(), kMaxVocabulary));
  }
  if (parts.specials.empty()) parts.specials = OwnSpecials(parts);
  CLLM_TRY(CheckSpecials(parts));
  CLLM_TRY(CheckTokens(parts));
  CLLM_TRY(CheckMerges(parts));
  if (lattice.size() != parts.tokens.size()) {
    return BadInput(fmt::format("found {} lattice codes for {} tokens", lattice.size(), parts.tokens.size()));
  }
  return Tokenizer(std::move(parts), std::move(lattice));
}

void Tokenizer::EncodePiece(std::string_view piece, std::vector<uint32_t>& out) const {
  const uint32_t whole = whole_.Find(piece);
  if (whole != StringIndex::kAbsent) {
    out.push_back(whole_ids_[whole]);
  } else {
    encoder_.Encode(piece, out);
  }
}

void Tokenizer::Encode(std::string_view text, std::vector<uint32_t>& out) const {
  if (parts_.merges.empty() && !parts_.whole_pieces) {
    out.reserve(out.size() + text.size());
    for (const char c : text) out.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    return;
  }
  ForEachPiece(text, [&](std::string_view piece) { EncodePiece(piece, out); }, parts_.pre_split);
}

std::vector<uint32_t> Tokenizer::Encode(std::string_view text) const {
  std::vector<uint32_t> ids;
  Encode(text, ids);
  return ids;
}

std::string Tokenizer::TokenText(uint32_t id) const {
  CHECK(id < vocabulary());
  const SpecialToken* special = FindSpecial(parts_.specials, id);
  if (special != nullptr) return special->name;
  return ToByteAlphabet(parts_.tokens[id]);
}

std::string Tokenizer::Decode(std::span<const uint32_t> ids) const {
  std::string text;
  for (const uint32_t id : ids) {
    CHECK(id < vocabulary());
    text += parts_.tokens[id];
  }
  return text;
}

}  // namespace cllm
