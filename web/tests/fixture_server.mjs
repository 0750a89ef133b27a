// A server that answers as `cllm dashboard` does, from a real log (fixture/log.jsonl) and what is made of it here: for what
// no training of a test's second has: spikes, 63 workers, 32,768 tokens, hostile names, a server that goes away and comes
// back. It serves web/dist under the policy of the program.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const kPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const kTypes = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', txt: 'text/plain' };
const kToken = 'token-of-the-fixture';

export const kHostile = '<img src=x onerror="document.title=1"><script>document.title="taken"</script>';

export const realLog = (folder) =>
  fs
    .readFileSync(path.join(folder, 'fixture', 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

// A run of records. Options override what is told of it.
export function fixtureRun(id, records, options = {}) {
  return { id, records, shown: records.length, options, listeners: new Set(), asked: [], start: 1_795_790_000 };
}

const isStep = (record) => record.event === undefined;
const written = (value) =>
  typeof value !== 'number' || Number.isFinite(value) ? value : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';

// The records that are there so far, with places on each axis.
function visible(run) {
  let seconds = 0;
  let tokens = 0;
  let before = 0;
  return run.records.slice(0, run.shown).map((record) => {
    if (isStep(record)) {
      const took = record.items_s + record.reduce_s + record.update_s + record.pack_s;
      seconds += took * Math.max(1, record.step - before);
      before = record.step;
      tokens = record.tokens;
    }
    return { ...record, place: { step: record.step ?? 0, tokens, seconds, time: run.start + seconds } };
  });
}

const kEvalNames = { val_bits_per_byte: 'bits_per_byte' };

function curve(records, name, axis, from, to, points) {
  const field = kEvalNames[name] ?? name;
  const isEval = name.startsWith('val_');
  const all = records
    .filter((each) => (isEval ? each.event === 'eval' : isStep(each)))
    .map((each) => ({ x: each.place[axis], y: name in each.place ? each.place[name] : each[field] }))
    .filter(({ y }) => y !== undefined);
  const first = Math.max(0, all.findIndex(({ x }) => x >= from) - 1);
  const after = all.findIndex(({ x }) => x > to);
  const rows = all.slice(first, after < 0 ? all.length : after + 1);
  const size = Math.max(1, Math.ceil(rows.length / points));
  const answer = { x: [], last: [], min: [], max: [], total: rows.length, marks: [] };
  for (let i = 0; i < rows.length; i += size) {
    const bucket = rows.slice(i, i + size);
    const finite = bucket.map(({ y }) => y).filter(Number.isFinite);
    const last = bucket.at(-1);
    answer.x.push(last.x);
    answer.last.push(written(last.y));
    answer.min.push(finite.length ? Math.min(...finite) : 'nan');
    answer.max.push(finite.length ? Math.max(...finite) : 'nan');
    for (const { x, y } of bucket) if (!Number.isFinite(y)) answer.marks.push({ x, value: written(y) });
  }
  return rows.length === 0 ? null : answer;
}

function curvesOf(run, fields) {
  const axis = fields.get('x') ?? 'step';
  const number = (name, usual) => (fields.has(name) ? Number(fields.get(name)) : usual);
  const records = visible(run);
  const curves = {};
  for (const name of fields.get('names').split(',')) {
    const made = curve(records, name, axis, number('from', -Infinity), number('to', Infinity), number('points', 1000));
    if (made !== null) curves[name] = made;
  }
  const sessions = records.filter((each) => each.event === 'resume').map((each) => each.place[axis]);
  return { x: axis, curves, sessions };
}

function summaryOf(run) {
  const records = visible(run);
  const steps = records.filter(isStep);
  const last = steps.at(-1) ?? {};
  const evals = records.filter((each) => each.event === 'eval');
  const best = evals.reduce((a, b) => (a === null || b.val_nats < a.val_nats ? b : a), null);
  const start = records[0];
  const ended = records.at(-1)?.event === 'run_end';
  return {
    id: run.id,
    name: run.id,
    path: `runs/${run.id}`,
    state: ended ? 'finished' : 'running',
    reason: '',
    text: start.corpus,
    parameters: start.parameters,
    tokenizer: 'bpe:1024',
    step: last.step ?? 0,
    steps: 1493,
    tokens: last.tokens ?? 0,
    nats: best?.val_nats ?? null,
    bits_per_byte: best?.bits_per_byte ?? null,
    best_step: best?.step ?? null,
    whole: false,
    loss: written(last.loss ?? null),
    tokens_per_second: last.tok_s ?? null,
    seconds: records.at(-1)?.place.seconds ?? 0,
    eta_s: ended ? null : (last.eta_s ?? null),
    changed: Math.floor(Date.now() / 1000) - 1,
    now: Date.now() / 1000,
    disk_bytes: 45_600_000,
    live: true,
    ...run.options,
  };
}

const sentences = {
  note: (each) => each.text,
  checkpoint: () => 'saved',
  resume: () => 'gone on with',
  run_end: () => 'the end',
};

function detailsOf(run) {
  const summary = summaryOf(run);
  const records = visible(run);
  const step = records.filter(isStep).at(-1) ?? {};
  const saves = records.filter((each) => each.event === 'checkpoint');
  return {
    description: records[0],
    config: { layers: 4, width: 128, lr: 0.01, seed: 1, steps: 1493, clip: 1, text: 'tinyshakespeare.txt' },
    commands: {
      repeat: 'cllm train tinyshakespeare.txt --seed 1 --steps 1493 --out runs/again',
      resume: `cllm resume runs/${run.id}`,
      generate: `cllm generate runs/${run.id} -p 'ROMEO:'`,
    },
    checkpoints: saves.slice(-5).map((each, i, all) => ({
      step: each.step,
      bytes: 11_300_000,
      valid: i !== 1,
      best: i === all.length - 2,
      reason: i === 1 ? 'optimizer.safetensors: the hash is another' : '',
    })),
    sessions: records.filter((each) => each.event === 'resume').map((each) => ({ step: each.step, time: each.place.time })),
    events: records
      .filter((each) => ['checkpoint', 'note', 'resume', 'run_start', 'run_end', 'rollback', 'skipped_save'].includes(each.event))
      .map((each) => ({ step: each.step, kind: each.event, text: sentences[each.event]?.(each) ?? '', time: each.place.time })),
    alerts: [],
    facts: {
      learning: 'learning',
      learning_text: 'yes: validation fell from 3.6123 to 3.5187 nats per token (2.6 %) in the last 450 steps',
      memorising_text: 'no: validation is at its lowest, 3.5187, 0.0612 nats per token above the training loss',
      limits_text: '',
      end_text: summary.state === 'running' ? 'in 2m' : `it ended at step ${summary.step}, after 3m of training`,
    },
    limits: {
      text: "the model's own arithmetic: 79 % of the time goes into items, at 30 % of this processor's peak",
    },
    uniform_nats: Math.log(1024),
    clip: 1,
    parts: { items_s: step.items_s, reduce_s: step.reduce_s, update_s: step.update_s, pack_s: step.pack_s, eval_s: 0.004 },
    memory: { resident_bytes: 38_400_000, peak_bytes: 40_181_760, planned_bytes: 44_000_000 },
    controls: ['save', 'stop', 'sample'],
    ...summary,
    ...run.options,
  };
}

function samplesOf(run) {
  const samples = visible(run)
    .filter((each) => each.event === 'sample')
    .map(({ step, text }, i) => {
      const cut = text.indexOf('\n', 30);
      const copied = i % 3 === 2 && cut > 0;
      const pieces = copied
        ? [
            { text: text.slice(0, cut), copied: 11 },
            { text: text.slice(cut), copied: 0 },
          ]
        : [{ text, copied: 0 }];
      return { step, text, pieces, copied_share: copied ? cut / text.length : 0, longest: copied ? 11 : 0 };
    });
  return { prompt: 'ROMEO:', samples };
}

function spheresOf(run) {
  if (run.options.workers !== undefined) return manySpheres(run.options.workers);
  const last = visible(run).findLast((each) => each.event === 'spheres');
  if (last === undefined) return { step: 0, leaves: [], groups: [], permits: 0, seconds: 0 };
  const columns = ['items', 'steals', 'tokens', 'bytes', 'busy_s', 'waiting_s', 'accumulation_s'];
  const leaves = last.items.map((_, i) => Object.fromEntries(columns.map((name) => [name, last[name][i]])));
  return { step: last.step, leaves, groups: last.groups, permits: last.permits, seconds: last.place.seconds };
}

function manySpheres(count) {
  const leaves = Array.from({ length: count }, (_, i) => ({
    items: 1400 - 9 * i + ((i * 37) % 50),
    steals: (i * 7) % 13,
    tokens: 358_400 - 2304 * i,
    bytes: 6_333_000,
    busy_s: 340 - 1.7 * i,
    waiting_s: 12 + 1.7 * i,
    accumulation_s: 9 + (i % 5),
  }));
  const groups = [];
  for (let first = 0; first < count; first += 12) {
    const own = leaves.slice(first, first + 12);
    const sum = (name) => own.reduce((all, leaf) => all + leaf[name], 0);
    groups.push({ level: 1, first_leaf: first, leaves: own.length, items: sum('items'), steals: sum('steals'), busy_s: sum('busy_s'), waiting_s: sum('waiting_s') });
  }
  return { step: 900, leaves, groups, permits: 48, seconds: 352 };
}

// Words of syllables, each with a few forms, as a tokenizer has them.
export function madeLattice(count) {
  const golden = 2.399963229728653;
  const heads = ['ka', 'lo', 'mi', 'ran', 'the', 'wor', 'sol', 'quen', 'bri', 'dun', 'fel', 'gar', 'hol', 'jin', 'pa', 'ust'];
  const tails = ['', 'd', 'n', 'st', 'm', 'ra', 'lin', 'th', 'ck', 've'];
  const forms = ['', 's', 'ed', 'ing', 'er', 'ly'];
  const lattice = { count, text: [], x: [], y: [], root: [], frequency: [], norm: [], loss: [], position: [] };
  for (let i = 0, rank = 1; i < count; ++rank) {
    const word = heads[rank % 16] + heads[(rank >> 4) % 16] + tails[(rank >> 8) % 10] + (rank > 2560 ? heads[(rank >> 5) % 16] : '');
    const members = 1 + ((rank * 7919) % 11 < 4 ? (rank * 31) % 6 : 0);
    for (let j = 0; j < members && i < count; ++j, ++i) {
      lattice.text.push(i === 7 ? kHostile : i === 5 ? ' king' : ` ${word}${forms[j]}`);
      lattice.x.push(Math.sqrt(rank) * Math.cos(rank * golden));
      lattice.y.push(Math.sqrt(rank) * Math.sin(rank * golden));
      lattice.root.push(rank);
      lattice.position.push(rank);
      lattice.frequency.push(Math.round(2e6 / (i + 3)));
      lattice.norm.push(0.4 + 0.3 * Math.sin(i * 12.9898) ** 2 + 0.2 / Math.sqrt(i + 1));
      lattice.loss.push(i % 17 === 3 ? null : 2 + Math.log(1 + i) * 0.6 + Math.sin(i * 78.233));
    }
  }
  return lattice;
}

function tokenOf(lattice, id) {
  const near = (step, more) =>
    Array.from({ length: 12 }, (_, i) => {
      const other = (id + step * (i + 1)) % lattice.count;
      return { id: other, text: lattice.text[other], ...more(i) };
    });
  const family = lattice.root.flatMap((root, i) => (root === lattice.root[id] ? [{ id: i, text: lattice.text[i], gcd: 4721 }] : []));
  return {
    id,
    text: lattice.text[id],
    code: 9442,
    factors: [
      { prime: 2, power: 1, meaning: 'space before' },
      { prime: 4721, power: 1, meaning: lattice.text[id].trim() },
    ],
    family,
    spiral: near(1, (i) => ({ gcd: i % 3 === 0 ? 2 : 1 })),
    embedding: near(97, (i) => ({ cosine: 0.9 - 0.04 * i })),
  };
}

export async function startFixture(folder, runs, { port = 0, tokens = 1024 } = {}) {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const lattice = madeLattice(tokens);
  const state = { count: {}, delay: null };
  const server = http.createServer((request, answer) => {
    const url = new URL(request.url, 'http://fixture');
    const json = (value, status = 200) => {
      answer.writeHead(status, { 'Content-Type': 'application/json' });
      answer.end(JSON.stringify(value));
    };
    const refuse = (status, message) => json({ error: { message, type: 'invalid_request_error' } }, status);
    const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    if (parts[0] !== 'api') return sendFile(folder, url.pathname, answer);
    if (parts.length === 2) {
      return json({ directory: '/home/somebody/runs', host: 'desk', runs: [...byId.values()].map(summaryOf) });
    }
    const run = byId.get(parts[2]);
    if (run === undefined) return refuse(404, `there is no run ${parts[2]}`);
    const what = parts[3] ?? '';
    state.count[what] = (state.count[what] ?? 0) + 1;
    if (request.method === 'POST') {
      if (request.headers['x-cllm-token'] !== kToken) return refuse(403, 'this is not the token of the page');
      if (what === 'generate') return generate(request, answer);
      run.asked.push(what);
      return json({ asked: what }, 202);
    }
    if (what === '') return json(detailsOf(run));
    if (what === 'curves') return json(curvesOf(run, url.searchParams));
    if (what === 'samples') return json(samplesOf(run));
    if (what === 'spheres') return json(spheresOf(run));
    if (what === 'lattice') return json(parts[4] === undefined ? lattice : tokenOf(lattice, Number(parts[4])));
    if (what === 'events') return listen(run, request, answer);
    if (what === 'log') return answer.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).end(run.records.map((each) => JSON.stringify(each) + '\n').join(''));
    if (what === 'curves.csv') return answer.writeHead(200, { 'Content-Type': 'text/csv' }).end('step,timestamp,loss\n1,,7.7\n');
    return refuse(404, 'there is nothing here');
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    port: server.address().port,
    counts: state.count,
    // Shows more records of a run, as if it trained.
    grow: (run, count) => {
      for (const record of run.records.slice(run.shown, run.shown + count)) {
        ++run.shown;
        const kind = record.event ?? 'step';
        const named = { run_end: 'end' }[kind] ?? kind;
        for (const answer of run.listeners) answer.write(`event: ${named}\nid: ${run.shown}\ndata: ${JSON.stringify(record, (_, value) => written(value))}\n\n`);
      }
    },
    add: (run) => byId.set(run.id, run),
    remove: (id) => byId.delete(id),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

function listen(run, request, answer) {
  answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  answer.write('retry: 300\n\n');
  run.listeners.add(answer);
  request.on('close', () => run.listeners.delete(answer));
}

function generate(request, answer) {
  let body = '';
  request.on('data', (bytes) => (body += bytes));
  request.on('end', () => {
    const { prompt, max_tokens } = JSON.parse(body);
    answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (let i = 0; i < Math.min(20, max_tokens); ++i) answer.write(`data: ${JSON.stringify({ text: ` word${i}` })}\n\n`);
    if (prompt.includes('html')) answer.write(`data: ${JSON.stringify({ text: kHostile })}\n\n`);
    answer.end('data: {"done":true}\n\n');
  });
}

function sendFile(folder, name, answer) {
  const file = path.join(folder, 'dist', name === '/' ? 'dashboard.html' : path.normalize(name));
  if (!fs.existsSync(file)) return answer.writeHead(404).end();
  let bytes = fs.readFileSync(file);
  if (file.endsWith('dashboard.html')) bytes = bytes.toString().replace('name="cllm-token" content=""', `name="cllm-token" content="${kToken}"`);
  answer.writeHead(200, { 'Content-Type': kTypes[file.split('.').at(-1)], 'Content-Security-Policy': kPolicy });
  answer.end(bytes);
}
