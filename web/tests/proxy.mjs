// A server below a path of its own that hands everything on to another one, as proxies do. It can hold a stream in the
// middle, so that tests see what a page shows there, however fast the other one is.
import http from 'node:http';

export const prefix = '/some/where/';

// base: "http://127.0.0.1:8080/v1"
export async function startProxy(base) {
  const target = new URL(base);
  const state = { holdAfter: null, bodies: [] };
  const server = http.createServer((request, answer) => {
    if (!request.url.startsWith(prefix)) {
      answer.writeHead(404).end();
      return;
    }
    const path = request.url.slice(prefix.length - 1);
    const chunks = [];
    request.on('data', (bytes) => chunks.push(bytes));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (body.length > 0) state.bodies.push({ path, body: JSON.parse(body) });
      const options = {
        host: target.hostname,
        port: target.port,
        path,
        method: request.method,
        headers: request.headers,
      };
      const onward = http.request(options, (back) => relay(back, answer, state));
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      onward.end(body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    // The bodies that were sent to a path.
    sent: (path) => state.bodies.filter((each) => each.path === path).map((each) => each.body),
    // The next stream stops after so many events: gives a promise of {gone, release, end}: gone is kept when the client
    // goes away.
    hold: (events) =>
      new Promise((resolve, reject) => {
        state.holdAfter = { events, resolve, reject };
      }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

function relay(back, answer, state) {
  answer.writeHead(back.statusCode, back.headers);
  back.on('error', () => answer.destroy());
  back.on('aborted', () => answer.destroy());
  const hold = back.headers['content-type']?.startsWith('text/event-stream') ? state.holdAfter : null;
  if (hold === null) {
    back.pipe(answer);
    return;
  }
  state.holdAfter = null;
  let waiting = ''; // events that are not passed on
  let left = hold.events; // to pass on before it is held
  let held = false;
  let ended = false;
  const pass = () => {
    for (let end = waiting.indexOf('\n\n'); end >= 0 && !held; end = waiting.indexOf('\n\n')) {
      answer.write(waiting.slice(0, end + 2));
      waiting = waiting.slice(end + 2);
      if (--left === 0) {
        held = true;
        const gone = new Promise((resolve) => answer.on('close', resolve));
        hold.resolve({ gone, release, end: (last) => answer.end(last) });
      }
    }
    if (ended && !held) answer.end(waiting);
  };
  const release = () => {
    held = false;
    pass();
  };
  back.setEncoding('utf8');
  back.on('data', (piece) => {
    waiting += piece;
    pass();
  });
  back.on('end', () => {
    ended = true;
    if (left > 0) hold.reject(new Error(`the stream ended ${left} events before it was to be held`));
    pass();
  });
}
