// A GGUF file in llama.cpp (node-llama-cpp), as the other scripts use it: token ids, and probabilities of what comes next.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

// Attention as it is written down: caches in F32, no flash attention. Others differ in the third digit.
const contextOptions = {
  flashAttention: false, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
};

export class LlamaCpp {
  static async open(path) {
    const self = new LlamaCpp();
    self.warnings = [];
    self.llama = await getLlama({
      gpu: false, build: "never", maxThreads: 2, logLevel: LlamaLogLevel.warn,
      logger: (level, message) => self.warnings.push(`${level}: ${message.trim()}`),
    });
    self.model = await self.llama.loadModel({ modelPath: path });
    return self;
  }

  // Ids of a text; special tokens spelled out in it are text.
  tokenize(text) {
    return [...this.model.tokenize(text, false)];
  }

  detokenize(ids) {
    return this.model.detokenize(ids, true);
  }

  // ln p of every token after each of `ids`: an array of Float64Array, as long as the vocabulary.
  async logProbabilities(ids, vocabulary) {
    // With room to spare: a context that is full is shifted before its last token is read.
    const context = await this.model.createContext({ contextSize: ids.length + 8, sequences: 1, ...contextOptions });
    const sequence = context.getSequence();
    const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const input = ids.map((id) => [id, { generateNext: { probabilities: true, options } }]);
    const output = await sequence.controlledEvaluate(input);
    await context.dispose();
    return output.map((position) => {
      const row = new Float64Array(vocabulary).fill(-Infinity);
      for (const [id, p] of position.next.probabilities) row[id] = Math.log(p);
      return row;
    });
  }

  async close() {
    await this.model.dispose();
    await this.llama.dispose();
  }
}
