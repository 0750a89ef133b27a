#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "lattice/token_lattice.h"
#include "text/piece_encoder.h"
#include "text/pre_split.h"
#include "text/string_index.h"

namespace cllm {

// Ids of the tokenizers made here: three special tokens, the 256 bytes, then the merged tokens along the spiral.
inline constexpr uint32_t kUnknownId = 0;
inline constexpr uint32_t kBeginId = 1;
inline constexpr uint32_t kEndId = 2;
inline constexpr uint32_t kFirstByteId = 3;
inline constexpr size_t kByteVocabulary = 259;
inline constexpr size_t kMaxVocabulary = size_t{1} << 20;

// A token that stands for no text.
struct SpecialToken {
  uint32_t id;
  std::string name;  // as files spell it
  bool operator==(const SpecialToken&) const = default;
};

// What a tokenizer consists of. Special tokens have empty bytes; the others are distinct and not empty. The members
// after `end` are what tokenizers that were made elsewhere may have otherwise.
struct TokenizerParts {
  std::vector<std::string> tokens = {};  // by id, as bytes
  std::vector<Merge> merges = {};        // by rank, the first is applied first; none for `bytes`
  uint32_t unknown = kUnknownId, begin = kBeginId, end = kEndId;
  // By rising id, unknown, begin and end among them; none: these, by our names.
  std::vector<SpecialToken> specials = {};
  PreSplit pre_split = PreSplit::kGpt2;
  bool whole_pieces = false;  // a piece that is a token is this one, even where no merges lead to it ("ignore_merges")
  bool adds_begin = true;     // a text given to the model starts with the begin token
};

// Text to token ids and back (design section 8): plain bytes, or byte-level BPE over GPT-2's pre-split. Any byte string
// round-trips: Decode(Encode(s)) == s. Special tokens never come out of Encode. Owns its tables; immutable, so
// thread-safe.
class Tokenizer {
 public:
  // The tokenizer `bytes`, its lattice without corpus counts (roots in byte order).
  static Tokenizer Bytes();

  // Error (BadInput) when parts are inconsistent: a byte without a token, equal tokens, a merge whose parts do not join
  // to its result, special ids out of range or not among the special tokens, a lattice of another size.
  static Result<Tokenizer> Create(TokenizerParts parts, TokenLattice lattice);

  size_t vocabulary() const { return parts_.tokens.size(); }
  const std::string& name() const { return name_; }  // "bytes" or "bpe:N"
  uint32_t unknown() const { return parts_.unknown; }
  uint32_t begin() const { return parts_.begin; }
  uint32_t end() const { return parts_.end; }
  std::span<const SpecialToken> specials() const { return parts_.specials; }
  PreSplit pre_split() const { return parts_.pre_split; }
  bool whole_pieces() const { return parts_.whole_pieces; }
  bool adds_begin() const { return parts_.adds_begin; }
  // Special tokens that say nothing within a text: unknown and begin, unless one of them is the end as well.
  std::span<const uint32_t> never_generated() const { return never_generated_; }
  const TokenLattice& lattice() const { return lattice_; }
  std::span<const Merge> merges() const { return parts_.merges; }

  // Appends the tokens of a whole text (no begin, no end). Time is O(n log n) at worst, also for one endless word.
  // A text may be encoded in blocks that are cut before white space; with kLlama3 and kQwen2 a piece that goes on with
  // white space is two there.
  void Encode(std::string_view text, std::vector<uint32_t>& out) const;
  std::vector<uint32_t> Encode(std::string_view text) const;

  // The bytes a token stands for; empty for special tokens. REQUIRES: id < vocabulary().
  std::string_view TokenBytes(uint32_t id) const { return parts_.tokens[id]; }
  // The token as tokenizer.json spells it: the byte alphabet ("Ġthe"), or a special token's name. REQUIRES: as above.
  std::string TokenText(uint32_t id) const;
  // The bytes of all tokens in turn; special tokens add nothing. REQUIRES: every id < vocabulary().
  std::string Decode(std::span<const uint32_t> ids) const;

  // Of tokens, merges, special ids and the lattice: equal for equal tokenizers only.
  const Hash128& hash() const { return hash_; }

 private:
  // REQUIRES: what Create checks.
  Tokenizer(TokenizerParts parts, TokenLattice lattice);

  // Appends the tokens of one piece of the pre-split.
  void EncodePiece(std::string_view piece, std::vector<uint32_t>& out) const;

  TokenizerParts parts_;
  TokenLattice lattice_;
  std::array<uint32_t, 256> byte_ids_;
  PieceEncoder encoder_;
  StringIndex whole_;                // tokens that a piece of the same bytes encodes to
  std::vector<uint32_t> whole_ids_;  // by index of whole_
  std::vector<uint32_t> never_generated_;
  std::string name_;
  Hash128 hash_;
};

// Names of the special tokens in files and listings.
inline constexpr std::string_view kUnknownName = "<unk>";
inline constexpr std::string_view kBeginName = "<s>";
inline constexpr std::string_view kEndName = "</s>";

}  // namespace cllm
