#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

// Zip files for tests.
namespace cllm {

using ZipEntries = std::vector<std::pair<std::string, std::string>>;  // names and contents

// Writes them in this order, "mimetype" as it is and the others deflated, and returns the path.
inline std::string WriteZip(const std::string& path, const ZipEntries& entries) {
  archive* to = archive_write_new();
  archive_write_set_format_zip(to);
  EXPECT_EQ(archive_write_open_filename(to, path.c_str()), ARCHIVE_OK);
  for (const auto& [name, content] : entries) {
    name == "mimetype" ? archive_write_zip_set_compression_store(to) : archive_write_zip_set_compression_deflate(to);
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    EXPECT_EQ(archive_write_header(to, entry), ARCHIVE_OK);
    archive_write_data(to, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_free(to);
  return path;
}

}  // namespace cllm
