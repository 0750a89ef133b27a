#include <string>

#include "base/check.h"
#include "base/testing/temporary_directory.h"
#include "loaders.h"
#include "model/model_file.h"
#include "store/manifest.h"
#include "store/safetensors.h"
#include "train/run_state.h"

namespace cllm::fuzz {
namespace {

// The shape that optimizer.safetensors of the seeds has.
constexpr ModelShape kShape{.layers = 1, .heads = 1, .width = 2, .hidden = 1, .context = 4, .vocabulary = 259};

class TextSink : public ByteSink {
 public:
  Status Append(ByteView bytes) override {
    text += AsText(bytes);
    return {};
  }
  std::string text;
};

std::string Written(const CheckpointFile& file) {
  TextSink sink;
  CHECK(file.write(sink).ok());
  CHECK(sink.text.size() == file.bytes);
  return sink.text;
}

void WriteBytes(const std::string& path, ByteView bytes) { WriteText(path, std::string(AsText(bytes))); }

// The files of a checkpoint with this state, by name.
std::string WrittenFile(const RunState& state, Optimizer& optimizer, const std::string& name) {
  const Parameters parameters(kShape);
  for (const CheckpointFile& file : CheckpointFiles(parameters, optimizer, state)) {
    if (file.name == name) return Written(file);
  }
  CHECK(false);
}

}  // namespace

Status LoadManifest(ByteView bytes) {
  const TemporaryDirectory folder;
  WriteText(folder / "data", "0123456789");
  WriteBytes(folder / kManifestName, bytes);
  CLLM_ASSIGN(const Manifest manifest, ReadManifest(folder.path()));
  CHECK(WriteManifest(manifest) == AsText(bytes));
  return VerifyFiles(folder.path(), manifest);
}

Status LoadState(ByteView bytes) {
  const TemporaryDirectory folder;
  WriteBytes(folder / kStateFileName, bytes);
  CLLM_ASSIGN(const RunState state, ReadState(folder.path()));
  Optimizer optimizer(ParameterLayout(kShape), {});
  const std::string written = WrittenFile(state, optimizer, kStateFileName);
  WriteText(folder / kStateFileName, written);
  const Result<RunState> again = ReadState(folder.path());
  CHECK(again.ok() && WrittenFile(*again, optimizer, kStateFileName) == written);
  return {};
}

Status LoadModel(ByteView bytes) {
  const TemporaryDirectory folder;
  const std::string path = folder / kModelFileName;
  WriteBytes(path, bytes);
  CLLM_ASSIGN(const ModelShape config, ReadModelShape(path));
  Parameters parameters(config);
  CLLM_TRY(ReadModel(path, parameters));
  const std::string hash = WeightHash(parameters);
  WriteText(path, Written(ModelFile(parameters)));
  Parameters again(config);
  CHECK(ReadModel(path, again).ok() && WeightHash(again) == hash);
  for (const TensorType type : {TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0}) {
    WriteText(path, Written(ModelFile(parameters, type)));
    CHECK(ReadModel(path, again).ok());
  }
  return {};
}

Status LoadOptimizer(ByteView bytes) {
  const TemporaryDirectory folder;
  WriteBytes(folder / kOptimizerFileName, bytes);
  Optimizer optimizer(ParameterLayout(kShape), {});
  const Parameters parameters(kShape);
  CLLM_TRY(ReadMoments(folder.path(), parameters, optimizer));
  RunState state;
  state.schedule.segments = {{.begin = 0, .end = 1}};
  WriteText(folder / kOptimizerFileName, WrittenFile(state, optimizer, kOptimizerFileName));
  CHECK(ReadMoments(folder.path(), parameters, optimizer).ok());
  return {};
}

Status LoadSafetensors(ByteView bytes) {
  CLLM_ASSIGN(const Safetensors content, ParseSafetensors(bytes, "fuzz"));
  size_t total = 0;
  for (const TensorView& tensor : content.tensors) {
    CHECK(tensor.bytes.empty() || (tensor.bytes.data() >= bytes.data() &&
                                   tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size()));
    CHECK(!DTypeName(tensor.dtype).empty());
    total += tensor.bytes.size();
  }
  CHECK(total <= bytes.size());
  TextSink sink;
  CHECK(SafetensorsWriter(content.tensors, content.metadata).Write(sink).ok());
  const Result<Safetensors> again = ParseSafetensors(AsBytes(sink.text), "fuzz, rewritten");
  CHECK(again.ok() && again->tensors.size() == content.tensors.size());
  return {};
}

}  // namespace cllm::fuzz
