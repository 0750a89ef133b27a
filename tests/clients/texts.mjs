// Texts on which tokenizers differ when they differ: written ones, and made ones of every kind of character.
const written = [
  "", " ", "  ", "a", " a", "a ", "Hello world", "it's don't I'LL we've THEY'RE 'tis", "a  b   c", "tab\tand\nnew\r\nlines\n\n\n",
  "theodore has a walkietalkie", "  leading", "trailing  ", "1234567 12 3", "3.14,15-9", "na\u00efve caf\u00e9 \u00fcber", "\u4e2d\u6587\u5b57\u7b26",
  "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440", "\u0645\u0631\u062d\u0628\u0627", "\ud83d\ude00\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67", "a\u00a0b\u2003c\u3000d",
  "x = y**2 + f(z[0]); // code", "!!!???...", "\"quoted\" 'single'", "under_score-hyphen/slash", "\u0661\u0662\u0663 \u00bd \u2167",
  "e\u0301 combining", "\ufeffmark", "<b> </x>", "\u0000\u0001\u007f\u0085", "'S 'T 'Re \u2019s", " 's 't", "a'b'c", "word\n  indented\n\ttab",
];

// A random number generator, so that every run has the same texts.
export function generator(seed) {
  let state = BigInt(seed) * 2n + 1n;
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number((state >> 33n) % BigInt(below));
  };
}

const pieces = [" ", "  ", "\n", "\r\n", "\t", "'", "'s", "'ll", "the", "The", " and", "walk", "ing", "1", "12", "2026", ".", ", ", "!?", "-", "(",
  "\u00e9", "\u0436", "\u4e2d", "\ud83d\ude00", "\u00a0", "\u3000", "\u0660", "e\u0301", "_", "\"", "Z", "x"];

// `count` texts; of each, the same on every machine.
export function texts(count) {
  const random = generator(7);
  const made = [...written];
  while (made.length < count) {
    let text = "";
    for (let i = 1 + random(24); i > 0; --i) text += pieces[random(pieces.length)];
    made.push(text);
  }
  return made.slice(0, Math.max(count, written.length));
}

// Every code point up to U+31FFF between letters, spaces and digits, some of them to a text.
export function everyCodePoint() {
  const found = [];
  for (let first = 1; first <= 0x31fff; first += 64) {
    let text = "";
    for (let code = first; code < first + 64 && code <= 0x31fff; ++code) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const c = String.fromCodePoint(code);
      text += `a${c}b ${c} 1${c}${c} `;
    }
    if (text !== "") found.push(text);
  }
  return found;
}
