import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventData } from './event_stream';

function streamOf(pieces: Uint8Array[], fails = false): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (fails) controller.error(new Error('gone'));
      else controller.close();
    },
  });
}

async function read(text: string, size: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  );
  const data: string[] = [];
  for await (const each of eventData(streamOf(pieces))) data.push(each);
  return data;
}

test('events are the same, wherever the stream is cut', async () => {
  const text =
    'data: {"a":"猫"}\n\n: ping\n\ndata:one\ndata: two\n\nevent: x\r\ndata: y\r\n\r\ndata: [DONE]\n\ndata: lost';
  for (let size = 1; size <= 80; ++size) {
    assert.deepEqual(await read(text, size), ['{"a":"猫"}', 'one\ntwo', 'y', '[DONE]'], `pieces of ${size}`);
  }
});

test('a stream that breaks off throws after its last event', async () => {
  const data: string[] = [];
  await assert.rejects(async () => {
    for await (const each of eventData(streamOf([new TextEncoder().encode('data: a\n\nda')], true))) data.push(each);
  });
  assert.deepEqual(data, ['a']);
});

test('who reads no further ends the stream', async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
    cancel: () => void (cancelled = true),
  });
  for await (const each of eventData(stream)) {
    assert.equal(each, 'a');
    break;
  }
  assert.ok(cancelled);
});
