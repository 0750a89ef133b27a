#include "corpus/part_splitter.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

struct Parts {
  std::vector<std::string> training, validation;
  bool operator==(const Parts&) const = default;
};

// Splits documents, each of which comes in blocks of `step` bytes.
Parts Split(const std::vector<std::string>& documents, uint64_t cut, size_t step) {
  DocumentCollector parts[kCorpusParts];
  const PartVisitor visitor = [&](CorpusPart part, const TextBlock& block) {
    return parts[static_cast<size_t>(part)].Add(block);
  };
  PartSplitter splitter(cut, visitor);
  for (const std::string& document : documents) {
    for (size_t i = 0; i < document.size(); i += step) {
      const TextBlock block = {.text = std::string_view(document).substr(i, step),
                               .ends_document = i + step >= document.size()};
      EXPECT_TRUE(splitter.Add(block).ok());
    }
  }
  EXPECT_FALSE(parts[0].open());
  EXPECT_FALSE(parts[1].open());
  return {parts[0].documents(), parts[1].documents()};
}

TEST(PartSplitter, CutInADocument_MakesItTwo) {
  for (const unsigned step : {1u, 2u, 3u, 5u, 100u}) {
    EXPECT_EQ(Split({"abcd", "efghij"}, 6, step), (Parts{{"abcd", "ef"}, {"ghij"}})) << step;
  }
}

TEST(PartSplitter, CutBetweenDocuments_LeavesThemWhole) {
  for (const unsigned step : {1u, 2u, 3u, 4u, 100u}) {
    EXPECT_EQ(Split({"abcd", "efghij", "k"}, 4, step), (Parts{{"abcd"}, {"efghij", "k"}})) << step;
  }
}

TEST(PartSplitter, CutInACharacter_MovesForwardToItsEnd) {
  EXPECT_EQ(Split({"ab😀cd"}, 3, 100), (Parts{{"ab😀"}, {"cd"}}));
  EXPECT_EQ(Split({"ab😀cd"}, 5, 100), (Parts{{"ab😀"}, {"cd"}}));
  EXPECT_EQ(Split({"ab😀cd"}, 2, 100), (Parts{{"ab"}, {"😀cd"}}));
  EXPECT_EQ(Split({"ab😀cd"}, 6, 100), (Parts{{"ab😀"}, {"cd"}}));
}

TEST(PartSplitter, BytesThatAreNoUtf8_MoveTheCutByThreeAtMost) {
  EXPECT_EQ(Split({std::string(20, '\x80')}, 10, 100), (Parts{{std::string(13, '\x80')}, {std::string(7, '\x80')}}));
}

TEST(PartSplitter, CutAtTheEnds_LeavesAPartEmpty) {
  EXPECT_EQ(Split({"abc", "d"}, 0, 2), (Parts{{}, {"abc", "d"}}));
  EXPECT_EQ(Split({"abc", "d"}, UINT64_MAX, 2), (Parts{{"abc", "d"}, {}}));
}

TEST(DocumentPlaces, SingleDocument_IsCutAtNineTenths) {
  for (const uint64_t bytes : {1u, 9u, 10u, 11u, 99u, 1'115'394u}) {
    DocumentPlaces places;
    places.Add(0);
    EXPECT_EQ(places.ValidationStart(bytes), bytes * 9 / 10);
  }
}

TEST(DocumentPlaces, NearStartOfADocument_IsTaken) {
  DocumentPlaces places;
  for (const uint64_t begin : {0u, 500u, 870u, 940u}) places.Add(begin);
  EXPECT_EQ(places.ValidationStart(1000), 870u);  // 30 away; 940 is 40 away
}

TEST(DocumentPlaces, DistantStartsOnly_CutTheDocument) {
  DocumentPlaces places;
  for (const uint64_t begin : {0u, 849u, 951u}) places.Add(begin);
  EXPECT_EQ(places.ValidationStart(1000), 900u);
  places.Add(960);
  EXPECT_EQ(places.ValidationStart(1000), 900u);
}

TEST(DocumentPlaces, EquallyNearStarts_TakeTheLower) {
  DocumentPlaces places;
  for (const uint64_t begin : {0u, 880u, 920u}) places.Add(begin);
  EXPECT_EQ(places.ValidationStart(1000), 880u);
}

TEST(DocumentPlaces, MillionsOfDocuments_FindAStartNearNineTenths) {
  DocumentPlaces places;
  uint64_t begin = 0;
  std::vector<bool> is_start(40'000'000, false);
  for (uint64_t i = 0; begin < 30'000'000; ++i) {
    is_start[begin] = true;
    places.Add(begin);
    begin += 1 + i % 17;
  }
  const uint64_t cut = places.ValidationStart(begin);
  EXPECT_TRUE(is_start[cut]);
  EXPECT_NEAR(static_cast<double>(cut), 0.9 * static_cast<double>(begin), static_cast<double>(begin) / 4096 + 17);
}

// As many bytes as a counter can hold.
TEST(DocumentPlaces, Exabytes_DoNotWrap) {
  for (const uint64_t bytes : {uint64_t{20'000'000'000'000}, uint64_t{1} << 60, uint64_t{1} << 63}) {
    DocumentPlaces places;
    for (uint64_t document = 0; document < 10'000; ++document) places.Add(bytes / 10'000 * document);
    const uint64_t start = places.ValidationStart(bytes);
    EXPECT_LT(start > bytes / 10 * 9 ? start - bytes / 10 * 9 : bytes / 10 * 9 - start, bytes / 4096 + 10) << bytes;
    EXPECT_EQ(start % (bytes / 10'000), 0u) << "a document begins there";
  }
}

}  // namespace
}  // namespace cllm
