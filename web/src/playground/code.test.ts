import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { curl, python, type Call } from './code';

const open = { base: 'http://127.0.0.1:8080/v1', withKey: false };

// Texts that shells and languages stumble over.
const hard = [
  "it's",
  `"quoted" and 'quoted'`,
  '$HOME `ls` $(ls) !x',
  '\\ \\n \\u0041',
  'line\nbreak\ttab',
  '猫 \u{1f600} \u2028',
  '\ud800',
  '%s {} #',
];

test('the shell gives curl the body as it is', () => {
  for (const prompt of hard) {
    const call: Call = { path: 'completions', body: { prompt, stop: ['a', "b'"], seed: 1, none: null } };
    const said = execFileSync('bash', ['-c', `curl() { printf '%s\\0' "$@"; }\n${curl(call, open)}`])
      .toString()
      .split('\0');
    assert.equal(said[0], 'http://127.0.0.1:8080/v1/completions');
    assert.deepEqual(JSON.parse(said[said.indexOf('-d') + 1]!), call.body);
  }
});

test('Python sends the same', () => {
  const script = `import json, sys, types
source = sys.stdin.read().encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
exec(source.split("headers =")[0].split("urllib.request", 1)[1])
print(json.dumps(call))`;
  for (const prompt of hard) {
    const body = {
      prompt,
      messages: [{ role: 'user', content: prompt }],
      ids: [1, 2],
      stop: [],
      yes: true,
      no: false,
      none: null,
      x: 0.95,
    };
    const text = python({ path: 'chat/completions', body }, open);
    assert.deepEqual(JSON.parse(execFileSync('python3', ['-c', script], { input: text }).toString()), body);
  }
});

test('a key is named, never written', () => {
  const call: Call = { path: 'completions', body: {} };
  assert.match(curl(call, { ...open, withKey: true }), /Bearer \$CLLM_API_KEY"/);
  assert.match(python(call, { ...open, withKey: true }), /os\.environ\["CLLM_API_KEY"\]/);
  assert.doesNotMatch(curl(call, open) + python(call, open), /KEY/);
});
