#include "corpus/source_file.h"

#include <array>
#include <utility>

#include "corpus/decompress.h"

namespace cllm {
namespace {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Removes the extension of a compression from a lower-cased path and tells which it was.
Compression TakeCompression(std::string& path) {
  constexpr std::array<std::pair<std::string_view, Compression>, 3> kExtensions = {
      {{".gz", Compression::kGzip}, {".xz", Compression::kXz}, {".zst", Compression::kZstd}}};
  for (const auto& [extension, compression] : kExtensions) {
    if (!path.ends_with(extension)) continue;
    path.resize(path.size() - extension.size());
    return compression;
  }
  return Compression::kNone;
}

std::unique_ptr<ByteSource> Decompressed(std::unique_ptr<ByteSource> bytes, const SourceFile& file) {
  switch (file.compression) {
    case Compression::kNone:
      return bytes;
    case Compression::kGzip:
      return DecompressGzip(std::move(bytes), file.path);
    case Compression::kXz:
      return DecompressXz(std::move(bytes), file.path);
    case Compression::kZstd:
      return DecompressZstd(std::move(bytes), file.path);
  }
  return bytes;
}

}  // namespace

std::string SourceFile::Name() const { return path == kStandardInput ? "standard input" : path; }

SourceFile DescribeFile(const std::string& path) {
  SourceFile file;
  file.path = path;
  std::string name = LowerCase(path);
  file.compression = TakeCompression(name);
  const auto ends_with = [&](std::string_view extension) { return name.ends_with(extension); };
  if (ends_with(".jsonl") || ends_with(".ndjson")) file.layout = TextLayout::kJsonLines;
  const bool is_page = ends_with(".html") || ends_with(".htm") || ends_with(".xhtml") || ends_with(".xht");
  if (is_page) file.layout = TextLayout::kHtml;
  if (name.ends_with(".epub") && file.compression == Compression::kNone) file.layout = TextLayout::kEpub;
  return file;
}

Result<std::unique_ptr<ByteSource>> OpenSourceFile(const SourceFile& file, Decoding& decoding) {
  std::unique_ptr<ByteSource> bytes;
  if (file.spool.is_open()) {
    bytes = ReadDescriptor(file.spool.get(), file.Name());
  } else {
    CLLM_ASSIGN(bytes, ReadPath(file.path));
  }
  return DecodeMarkedText(Decompressed(std::move(bytes), file), decoding);
}

}  // namespace cllm
