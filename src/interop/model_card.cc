#include "interop/model_card.h"

#include <fmt/format.h>

#include "base/shell_word.h"
#include "base/units.h"
#include "model/layout.h"
#include "text/pre_split_json.h"

namespace cllm {
namespace {

std::string Fields(const ExportChoice& choice) {
  const bool gguf = choice.format == ExportFormat::kGguf;
  return fmt::format(
      "---\nlibrary_name: {}\npipeline_tag: text-generation\nlicense: other\nlicense_name: not-stated\n"
      "tags:\n- cllm\n- llama\n{}---\n",
      gguf ? "gguf" : "transformers", gguf ? "- gguf\n" : "");
}

std::string Use(const ExportedModel& model, const ExportChoice& choice, const std::string& stem) {
  const std::string name = QuotedForShell(stem);
  if (choice.format == ExportFormat::kGguf) {
    return fmt::format(
        "    ollama create {} -f {} && ollama run {} \"Once\"\n"
        "    llama-completion -m {} -c {} -p \"Once\" -no-cnv\n",
        name, QuotedForShell(stem + ".Modelfile"), name, QuotedForShell(stem + ".gguf"), model.shape().context);
  }
  return "    from transformers import AutoModelForCausalLM, AutoTokenizer\n"
         "    tokenizer = AutoTokenizer.from_pretrained(\".\")  # the directory of this page\n"
         "    model = AutoModelForCausalLM.from_pretrained(\".\")\n"
         "    ids = tokenizer(\"Once\", return_tensors=\"pt\").input_ids\n"
         "    print(tokenizer.decode(model.generate(ids, do_sample=True)[0], skip_special_tokens=True))\n";
}

const char* KindText(const ExportedModel& model) {
  if (model.chat != nullptr) {
    return "It was taught dialogues: it answers in the manner of those that it was trained on and knows no facts. The "
           "chat template is part of its files.";
  }
  return "A base model: it continues a text in the manner of those that it was trained on. It does not follow "
         "instructions and knows no facts.";
}

std::string BeginText(const Tokenizer& tokenizer) {
  if (!tokenizer.adds_begin()) return "";
  return fmt::format("A text begins with the token `{}`, which these programs add by themselves.\n\n",
                     tokenizer.TokenText(tokenizer.begin()));
}

}  // namespace

std::string ModelCard(const ExportedModel& model, const ExportChoice& choice, const std::string& stem) {
  const ModelShape& shape = model.shape();
  return fmt::format(
      "{}# {}\n\n{}\n\n"
      "{}\n\n"
      "| | |\n|---|---|\n| parameters | {} |\n| shape | {} |\n| vocabulary | {} tokens, byte-level BPE, "
      "pre-split {} ({}) |\n| numbers | {} |\n| context | {} tokens; texts get worse beyond it |\n\n"
      "## Use\n{}\n"
      "{}"
      "## Licence\n"
      "Not stated. Who trained the model decides, with a view to the texts that it was trained on; the field `license` "
      "at the top of this page is where to say so.\n",
      Fields(choice), model.name, model.origin, KindText(model), FormatCount(ParameterLayout(shape).parameters()),
      DescribeShape(shape), FormatCount(shape.vocabulary), NameOf(model.tokenizer.pre_split()), model.tokenizer.name(),
      NameOf(choice.type), FormatCount(shape.context), Use(model, choice, stem), BeginText(model.tokenizer));
}

}  // namespace cllm
