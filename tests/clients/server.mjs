// Starts `cllm serve` at a free port, for the tests of clients and of the page.
import { spawn } from 'node:child_process';

// The server's base URL, and a function that stops it and gives its exit code and what it said.
export async function startServer(...options) {
  const { CLLM_PROGRAM: program, CLLM_MODEL: model } = process.env;
  const child = spawn(program, ['serve', model, '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code: code ?? signal, said })));
  const base = await new Promise((resolve, reject) => {
    child.stderr.on('data', (bytes) => {
      said += bytes;
      const url = said.match(/base URL (http:\S+\/v1)/);
      if (url) resolve(url[1]);
    });
    ended.then(() => reject(new Error(`the server ended:\n${said}`)));
  });
  return {
    base,
    stop: async () => {
      child.kill('SIGINT');
      return ended;
    },
    // As a power cut would.
    kill: async () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

// A number of /metrics.
export async function metric(base, name) {
  const text = await (await fetch(base.replace('/v1', '/metrics'))).text();
  const line = text.split('\n').find((each) => each.startsWith(name + ' '));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

// Waits until a number of /metrics is as said.
export async function until(base, name, value) {
  while ((await metric(base, name)) !== value) await new Promise(setImmediate);
}
