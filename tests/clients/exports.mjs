// Holds exported models against the programs that will read them: node exports.mjs CLLM FOLDER [--quick]
//
// For models of several shapes, made on the spot: every type loads in llama.cpp; F32 there gives the probabilities of
// `cllm generate` and of an independent PyTorch model on the Hugging Face export, whole distributions compared; token ids
// are those of `cllm tokenize` for texts of every kind and every code point, in llama.cpp and in Hugging Face's tokenizers;
// the template of dialogues, rendered by another program, has in llama.cpp the tokens that our server gives its model; all
// shapes that are planned by themselves load and say the same; what is exported, imported and evaluated again has the same bits per byte. Prints a table; ends with 1 at a difference.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Template } from "@huggingface/jinja";
import { fileURLToPath } from "node:url";
import { Tokenizer } from "@huggingface/tokenizers";
import { Checks, Cllm, compare, firstDifference } from "./checks.mjs";
import { LlamaCpp } from "./llama_cpp.mjs";
import { startServer } from "./server.mjs";
import { everyCodePoint, generator, texts } from "./texts.mjs";

const [program, folder] = process.argv.slice(2, 4);
const quick = process.argv.includes("--quick");
const here = path.dirname(fileURLToPath(import.meta.url));
const checks = new Checks("exports");
const cllm = new Cllm(program, folder);

// A text that a model can learn something from, of words of several scripts.
function trainingText() {
  const random = generator(3);
  const words = "the a walk walks walked walking talk talks talked river rivers it's don't we'll 12 1999 caf\u00e9 na\u00efve \u043f\u0440\u0438\u0432\u0435\u0442 \u4e2d\u6587 and then, there. \"So\" (yes)!".split(" ");
  let text = "";
  for (let i = 0; i < 6000; ++i) text += words[random(words.length)] + (random(12) === 0 ? "\n" : " ");
  return text;
}

function independent(directory, sequences, vocabulary) {
  const input = sequences.map((s) => [...s.prompt, ...s.ids].join(" ")).join("\n") + "\n";
  const bytes = execFileSync("/usr/bin/python3", [path.join(here, "hugging_face.py"), directory], { input, maxBuffer: 1 << 30 });
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  let at = 0;
  return sequences.map((s) => Array.from({ length: s.prompt.length + s.ids.length }, () => floats.subarray(at, at += vocabulary)));
}

async function checkTokens(run_, gguf, directory) {
  const usable = (text) => text !== "" && !text.includes("\0") && !text.includes("\ufeff");
  const list = [...texts(quick ? 200 : 1000), ...(quick ? [] : everyCodePoint())].filter(usable);
  const ours = cllm.ids(run_, list);
  checks.check(ours.length === list.length, `cllm tokenize: ${ours.length} of ${list.length} texts`);
  const llama = await LlamaCpp.open(gguf);
  checks.check(!llama.tokenize("<s>the</s>").includes(1), "llama.cpp: a spelled special token is text");
  const inLlama = firstDifference(list, ours, (text) => llama.tokenize(text));
  checks.check(inLlama === null, `llama.cpp: ids of ${list.length} texts ${inLlama ?? ""}`);
  await llama.close();
  const read = (name) => JSON.parse(fs.readFileSync(path.join(directory, name), "utf8"));
  const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  const inHuggingFace = firstDifference(list, ours, (text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
  checks.check(inHuggingFace === null, `@huggingface/tokenizers: ids of ${list.length} texts ${inHuggingFace ?? ""}`);
  // Special tokens that are spelled out are text here and in llama.cpp's tokenizer, and tokens in Hugging Face's.
  const spelled = "<s>the</s>", [ids] = cllm.ids(run_, [spelled]);
  checks.check(!ids.includes(1) && !ids.includes(2), `a spelled special token is text: ${ids}`);
  const begin = tokenizer.encode("the", { add_special_tokens: true }).ids;
  checks.check(begin[0] === 1 && begin.length > 1, `@huggingface/tokenizers: a text begins with <s> (${begin})`);
}

function bitsPerByte(model, text) {
  return JSON.parse(cllm.run("eval", model, text, "--json"));
}

function checkImports(name, run_, exportedPaths, text) {
  const own = bitsPerByte(run_, text);
  for (const exported of exportedPaths) {
    const imported = `${exported}-imported`;
    cllm.run("import", exported, "-o", imported);
    const again = bitsPerByte(imported, text);
    checks.check(again.bits_per_byte === own.bits_per_byte && again.nats_root === own.nats_root,
      `${name}: import ${path.basename(exported)}: ${again.bits_per_byte} bits per byte, the run's are ${own.bits_per_byte}`);
  }
}

const shapes = [
  { name: "plain", options: ["--layers", "2", "--heads", "2", "--width", "64", "--hidden", "192", "--context", "256", "--tokenizer", "bpe:340"] },
  { name: "bytes", options: ["--layers", "2", "--heads", "4", "--width", "64", "--hidden", "172", "--context", "256", "--tokenizer", "bytes"] },
  { name: "grouped", options: ["--layers", "3", "--heads", "4", "--kv-heads", "2", "--width", "96", "--head-dim", "16", "--hidden", "160",
    "--untied", "--rope-base", "500000", "--norm-eps", "1e-6", "--context", "256", "--tokenizer", "bpe:340"] },
  { name: "short", options: ["--layers", "1", "--heads", "2", "--width", "32", "--hidden", "96", "--context", "64", "--tokenizer", "bytes"] },
];

// The shapes that `cllm train` plans (docs/planner.md): layers, heads, width, hidden.
const planned = [
  [2, 2, 64, 192], [3, 3, 96, 256], [4, 4, 128, 352], [4, 6, 192, 512], [5, 4, 256, 704], [6, 5, 320, 864], [6, 6, 384, 1024],
  [8, 8, 512, 1376], [10, 10, 640, 1728], [12, 12, 768, 2048],
];

async function checkPlanned(text) {
  for (const [layers, heads, width, hidden] of planned) {
    const name = `${layers}x${width}`, out = path.join(folder, name);
    cllm.run("train", text, "--steps", "1", "--batch", "1", "--context", "256", "--tokenizer", "bpe:340", "--samples", "0",
      "--quiet", "--out", out, "--layers", layers, "--heads", heads, "--width", width, "--hidden", hidden);
    const sequences = cllm.drawn(out, 1);
    for (const type of ["f32", "f16", "bf16", "q8_0"]) {
      const gguf = `${out}-${type}.gguf`;
      cllm.run("export", out, "--type", type, "-o", gguf);
      const llama = await LlamaCpp.open(gguf);
      const { drawnDifference } = await compare(llama, sequences, 340);
      checks.check(drawnDifference < (type === "f32" ? 1e-4 : 1),
        `${name}: llama.cpp ${type}: largest difference of ln p ${drawnDifference.toExponential(1)}`);
      await llama.close();
      fs.rmSync(gguf);
    }
    fs.rmSync(out, { recursive: true });
  }
}

async function checkDialogues() {
  const lines = [], out = path.join(folder, "dialogues"), gguf = `${out}.gguf`;
  for (let i = 0; i < 200; ++i) {
    lines.push(JSON.stringify({ messages: [{ role: "user", content: `Where is ${i}?` }, { role: "assistant", content: `There, by ${i % 7}.` }] }));
  }
  const text = path.join(folder, "dialogues.jsonl");
  fs.writeFileSync(text, lines.join("\n") + "\n");
  cllm.run("train", "--chat", text, "--steps", "2", "--batch", "2", "--samples", "0", "--quiet", "--out", out,
    "--layers", "1", "--heads", "2", "--width", "32", "--hidden", "64", "--context", "256", "--tokenizer", "bytes");
  cllm.run("export", out, "-o", gguf);
  const llama = await LlamaCpp.open(gguf);
  const { chat_template: source } = llama.model.fileInfo.metadata.tokenizer;
  const template = new Template(source);
  process.env.CLLM_PROGRAM = program;
  process.env.CLLM_MODEL = out;
  const server = await startServer();
  const user = (content) => ({ role: "user", content }), assistant = (content) => ({ role: "assistant", content });
  const dialogues = [
    [user("Where is it?")],
    [{ role: "system", content: "Be short." }, user(" Where? "), assistant("There.\n"), user("And\n\nthen?")],
    [user("caf\u00e9 \u4e2d\u6587"), assistant(""), user("user: x")],
  ];
  for (const messages of dialogues) {
    const prompt = template.render({ messages, add_generation_prompt: true, bos_token: "<s>", eos_token: "</s>" });
    const theirs = [1, ...llama.model.tokenize(prompt, true)];
    const answer = await fetch(server.base.replace("/v1", "/apply-template"), {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ messages }),
    });
    const { tokens } = await answer.json();
    checks.check(JSON.stringify(tokens) === JSON.stringify(theirs), `dialogue: llama.cpp reads ${theirs} of ${JSON.stringify(prompt)}; ours ${tokens}`);
  }
  await server.stop();
  await llama.close();
}

fs.mkdirSync(folder, { recursive: true });
const text = path.join(folder, "text.txt");
fs.writeFileSync(text, trainingText());
for (const { name, options } of shapes) {
  const out = path.join(folder, name);
  cllm.run("train", text, "--steps", "40", "--batch", "4", "--samples", "0", "--quiet", "--out", out, ...options);
  const directory = `${out}-hf`;
  cllm.run("export", out, "--format", "hf", "-o", directory, "--verify");
  const sequences = cllm.drawn(out, quick ? 4 : 20);
  const vocabulary = JSON.parse(fs.readFileSync(path.join(directory, "config.json"), "utf8")).vocab_size;
  const reference = independent(directory, sequences, vocabulary);
  let own = 0;
  sequences.forEach(({ prompt, ids, logprobs }, index) => ids.forEach((id, i) => {
    own = Math.max(own, Math.abs(reference[index][prompt.length - 1 + i][id] - logprobs[i]));
  }));
  checks.check(own < 1e-4, `${name}: PyTorch on the Hugging Face export: largest difference of ln p ${own.toExponential(1)}`);
  for (const type of ["f32", "f16", "bf16", "q8_0"]) {
    const gguf = `${out}-${type}.gguf`;
    cllm.run("export", out, "--type", type, "-o", gguf, "--verify");
    const llama = await LlamaCpp.open(gguf);
    const { drawnDifference, wholeDifference, positions } = await compare(llama, sequences, vocabulary, reference);
    const figures = `largest difference of ln p ${drawnDifference.toExponential(1)} (drawn tokens), ${wholeDifference.toExponential(1)} (all)`;
    const limit = type === "f32" ? 1e-4 : 1;
    checks.check(drawnDifference < limit && wholeDifference < 10 * limit, `${name}: llama.cpp ${type}: ${positions} positions, ${figures}`);
    const warnings = llama.warnings.filter((w) => !/n_ctx_seq/.test(w));
    checks.check(warnings.length === 0, `${name}: llama.cpp ${type}: no warning ${warnings.join(" | ")}`);
    await llama.close();
  }
  await checkTokens(out, `${out}-f32.gguf`, directory);
  checkImports(name, out, [`${out}-f32.gguf`, directory], text);
}
await checkDialogues();
if (!quick) await checkPlanned(text);
checks.end();
