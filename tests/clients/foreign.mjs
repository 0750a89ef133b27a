// Imports what foreign.py writes and holds it against llama.cpp on the same files: node foreign.mjs CLLM FOLDER [--quick]
//
// For each pre-split: token ids of many texts as in llama.cpp and in Hugging Face's tokenizers; probabilities as in
// llama.cpp (F32 to 1e-4; in the other types llama.cpp rounds the other side of its products too); the Hugging Face
// directory and the F32 file give the same bits.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Tokenizer } from "@huggingface/tokenizers";
import { Checks, Cllm, compare, firstDifference } from "./checks.mjs";
import { LlamaCpp } from "./llama_cpp.mjs";
import { everyCodePoint, texts } from "./texts.mjs";

const [program, folder] = process.argv.slice(2, 4);
const quick = process.argv.includes("--quick");
const checks = new Checks("foreign");
execFileSync("/usr/bin/python3", [fileURLToPath(new URL("foreign.py", import.meta.url)), folder]);
const cllm = new Cllm(program, folder);

async function checkTokens(kind, model) {
  const composed = (text) => text.normalize("NFC") === text || kind !== "qwen2";
  const usable = (text) => text !== "" && !text.includes("\0") && !text.includes("\ufeff") && composed(text);
  const list = [...texts(quick ? 200 : 1000), ...(quick ? [] : everyCodePoint())].filter(usable);
  const ours = cllm.ids(model, list);
  checks.check(ours.length === list.length, `${kind}: cllm tokenize: ${ours.length} of ${list.length} texts`);
  const llama = await LlamaCpp.open(path.join(folder, `${kind}-f32.gguf`));
  const inLlama = firstDifference(list, ours, (text) => llama.tokenize(text));
  checks.check(inLlama === null, `${kind}: llama.cpp: ids of ${list.length} texts ${inLlama ?? ""}`);
  await llama.close();
  const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, kind, name), "utf8"));
  const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  const inHuggingFace = firstDifference(list, ours, (text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
  checks.check(inHuggingFace === null, `${kind}: @huggingface/tokenizers: ids of ${list.length} texts ${inHuggingFace ?? ""}`);
}

for (const kind of ["gpt-2", "llama-bpe", "qwen2", "smollm"]) {
  const directory = path.join(folder, `${kind}-imported`);
  cllm.run("import", path.join(folder, kind), "-o", directory);
  await checkTokens(kind, directory);
  for (const type of ["f32", "f16", "bf16", "q8_0", "q4_0"]) {
    const gguf = path.join(folder, `${kind}-${type}.gguf`);
    cllm.run("import", gguf, "-o", `${gguf}-imported`);
    const sequences = cllm.drawn(`${gguf}-imported`, quick ? 3 : 10);
    const llama = await LlamaCpp.open(gguf);
    const vocabulary = JSON.parse(cllm.run("inspect", `${gguf}-imported`, "--json")).vocabulary ?? 1 << 12;
    const { drawnDifference, positions } = await compare(llama, sequences, vocabulary);
    checks.check(drawnDifference < (type === "f32" ? 1e-4 : 1),
      `${kind}: ${type}: ${positions} positions, largest difference of ln p to llama.cpp ${drawnDifference.toExponential(1)}`);
    await llama.close();
    if (type !== "f32" || kind === "qwen2") continue;  // its directory has rows that no token has
    const again = cllm.drawn(directory, quick ? 3 : 10);
    checks.check(JSON.stringify(again) === JSON.stringify(sequences),
      `${kind}: the Hugging Face directory and the GGUF file give the same bits`);
  }
  // Exported again, it is the model that came in.
  cllm.run("export", directory, "-o", path.join(folder, `${kind}-again.gguf`), "--verify");
  const llama = await LlamaCpp.open(path.join(folder, `${kind}-again.gguf`));
  const list = texts(100).filter((text) => text !== "");
  const expected = await LlamaCpp.open(path.join(folder, `${kind}-f32.gguf`)).then(async (original) => {
    const ids = list.map((text) => original.tokenize(text));
    await original.close();
    return ids;
  });
  const difference = firstDifference(list, expected, (text) => llama.tokenize(text));
  checks.check(difference === null, `${kind}: exported again: the same ids in llama.cpp ${difference ?? ""}`);
  await llama.close();
}
checks.end();
