#include "model/tensor_rows.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace cllm {
namespace {

class TextSink : public ByteSink {
 public:
  Status Append(ByteView bytes) override {
    text += AsText(bytes);
    ++calls;
    return calls == fail_at ? Failed("full") : Status();
  }
  std::string text;
  size_t calls = 0, fail_at = 0;
};

Parameters SomeParameters(size_t vocabulary) {
  Parameters parameters({.layers = 1, .heads = 2, .width = 24, .hidden = 20, .context = 4, .vocabulary = vocabulary});
  InitializeParameters(3, parameters);
  return parameters;
}

TEST(TensorRows, AreTheTensorInItsType) {
  const Parameters parameters = SomeParameters(50);
  for (const TensorInfo& info : parameters.layout().tensors()) {
    for (const TensorType type : {TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0}) {
      const TensorRows rows = RowsOf(parameters, info, type);
      TextSink sink;
      ASSERT_TRUE(WriteRows(rows, sink).ok());
      ASSERT_EQ(sink.text.size(), rows.bytes());
      std::vector<float> read(info.size()), expected(info.columns);
      DecodeRows(rows, read);
      for (size_t row = 0; row < info.rows; ++row) {
        std::vector<std::byte> bytes(rows.row_bytes());
        EncodeRow(type, parameters.tensor(info).subspan(row * info.columns, info.columns), bytes);
        EXPECT_EQ(AsText(bytes), sink.text.substr(row * bytes.size(), bytes.size()));
        DecodeRow(type, bytes, expected);
        EXPECT_EQ(std::memcmp(expected.data(), read.data() + row * info.columns, expected.size() * sizeof(float)), 0);
      }
    }
  }
}

TEST(TensorRows, LargeTensor_IsWrittenInParts_InOrder) {
  const Parameters parameters = SomeParameters(30'000);  // 2.9 MB of embedding
  const TensorInfo& embedding = parameters.layout().embedding();
  TextSink sink;
  ASSERT_TRUE(WriteRows(RowsOf(parameters, embedding, TensorType::kF32), sink).ok());
  EXPECT_GT(sink.calls, 1u);
  EXPECT_EQ(sink.text, AsText(std::as_bytes(parameters.tensor(embedding))));
}

TEST(TensorRows, FailingSink_IsReported) {
  const Parameters parameters = SomeParameters(30'000);
  TextSink sink;
  sink.fail_at = 2;
  EXPECT_FALSE(WriteRows(RowsOf(parameters, parameters.layout().embedding(), TensorType::kF32), sink).ok());
  EXPECT_EQ(sink.calls, 2u);
}

}  // namespace
}  // namespace cllm
