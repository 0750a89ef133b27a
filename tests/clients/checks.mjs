// What the checks of exports and of foreign files have in common.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

export class Checks {
  constructor(name) {
    this.name = name;
    this.failures = 0;
  }

  check(holds, what) {
    if (!holds) ++this.failures;
    console.log(`${holds ? "ok  " : "FAIL"} ${what}`);
  }

  end() {
    console.log(this.failures === 0 ? `${this.name}: all checks hold` : `${this.name}: ${this.failures} checks failed`);
    process.exit(this.failures === 0 ? 0 : 1);
  }
}

const separator = "<<|cllm-clients|>>";

export class Cllm {
  constructor(program, folder) {
    this.program = program;
    this.folder = folder;
  }

  run(...args) {
    return execFileSync(this.program, args.map(String), {
      cwd: this.folder, encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CLLM_CACHE: path.join(this.folder, "cache") },
    });
  }

  // Sequences of 64 tokens that the model draws, with ln p of each token drawn.
  drawn(model, count) {
    const lines = this.run("generate", model, "-p", "", "--temp", "1", "--top-k", "0", "--top-p", "1", "--min-p", "0",
      "--seed", "5", "--count", String(count), "-n", "63", "--json").trim().split("\n");
    return lines.map((line) => JSON.parse(line)).map(({ prompt_ids: prompt, ids, logprobs }) => ({ prompt, ids, logprobs }));
  }

  // Token ids of texts, none of them empty.
  ids(model, list) {
    const file = path.join(this.folder, "texts.txt");
    fs.writeFileSync(file, list.join(separator));
    const out = this.run("tokenize", model, "--separator", separator, file);
    return out.split("\n\n").map((part) => part.split("\n").filter((line) => line !== "").map(Number));
  }
}

function different(a, b) {
  return a.length !== b.length || a.some((id, i) => id !== b[i]);
}

// The first text on which two tokenizers differ, or null.
export function firstDifference(list, expected, encode) {
  for (let i = 0; i < list.length; ++i) {
    const found = encode(list[i]);
    if (!different(found, expected[i] ?? [])) continue;
    return `${JSON.stringify(list[i].slice(0, 200))}: ${found.slice(0, 40)}; expected ${(expected[i] ?? []).slice(0, 40)}`;
  }
  return null;
}

// Largest difference of ln p in llama.cpp: of the drawn tokens to ours, and of whole distributions to `reference` where p
// is above e^-30.
export async function compare(llama, sequences, vocabulary, reference) {
  let drawnDifference = 0, wholeDifference = 0, positions = 0;
  for (const [index, { prompt, ids, logprobs }] of sequences.entries()) {
    const rows = await llama.logProbabilities([...prompt, ...ids], vocabulary);
    ids.forEach((id, i) => {
      drawnDifference = Math.max(drawnDifference, Math.abs(rows[prompt.length - 1 + i][id] - logprobs[i]));
    });
    positions += rows.length;
    if (reference === undefined) continue;
    rows.forEach((row, i) => row.forEach((value, id) => {
      const expected = reference[index][i][id];
      if (expected > -30) wholeDifference = Math.max(wholeDifference, Math.abs(value - expected));
    }));
  }
  return { drawnDifference, wholeDifference, positions };
}
