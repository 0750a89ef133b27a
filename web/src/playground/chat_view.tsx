import { useSignal } from '@preact/signals';
import { GrowingText } from '../shared/growing_text';
import { Notice } from '../shared/notice';
import { change, clear, draft, fault, leftOut, retry, say, system, takeAlternative, turns, type Turn } from './chat';
import { CodeButton } from './code_dialog';
import { ContextMeter } from './context_meter';
import { busy, stop } from './decoding';
import { model } from './models';
import { SpokenStatus, TakeChoice, TakeStatus } from './take_status';
import { TokenText } from './token_text';

// A dialogue.
export function ChatView() {
  const last = turns.value.at(-1)?.answer.shown;
  return (
    <section class="sheet" aria-label="Chat">
      {model.value !== undefined && !model.value.meta.chat && (
        <Notice kind="hint">
          This model was never taught dialogues. It continues a text of the form <code>user: … assistant:</code>, and
          may write anything there; completion suits it better. <code>cllm train --chat</code> teaches a model to
          answer.
        </Notice>
      )}
      <details class="system" open={system.peek() !== ''}>
        <summary>System message</summary>
        <GrowingText
          id="system"
          label="System message"
          placeholder="What the dialogue begins with; may be empty."
          value={system.value}
          onInput={(text) => (system.value = text)}
        />
      </details>
      <ol class="turns">
        {turns.value.map((turn, i) => (
          <TurnView key={i} turn={turn} index={i} last={i === turns.value.length - 1} />
        ))}
      </ol>
      {fault.value !== '' && <Notice kind="fault">{fault.value}</Notice>}
      <SpokenStatus take={last} />
      <Composer />
    </section>
  );
}

function TurnView({ turn, index, last }: { turn: Turn; index: number; last: boolean }) {
  const take = turn.answer.shown;
  return (
    <li>
      {index > 0 && index === leftOut.value && (
        <Notice kind="hint">
          The dialogue has grown longer than the context: the model does not see what is above any more.
        </Notice>
      )}
      <Said turn={turn} index={index} />
      {take !== undefined && (
        <div class="answer">
          <h2 class="who">Assistant</h2>
          <div class="paper">
            <TokenText
              take={take}
              label="What the assistant wrote"
              onAlternative={(cell, token, candidate) => void takeAlternative(take, cell, token, candidate)}
            />
          </div>
          <TakeStatus take={take}>
            {last && <TakeChoice answer={turn.answer} />}
            {last && <Retry />}
            <CodeButton call={take.call.value} />
          </TakeStatus>
        </div>
      )}
      {take === undefined && last && !busy.value && (
        <div class="row">
          <Retry />
        </div>
      )}
    </li>
  );
}

const Retry = () => (
  <button class="quiet" disabled={busy.value} onClick={() => void retry()}>
    Retry
  </button>
);

// What the person said, and can say otherwise.
function Said({ turn, index }: { turn: Turn; index: number }) {
  const changed = useSignal<string | null>(null);
  const send = (): void => {
    const said = changed.value?.trim() ?? '';
    changed.value = null;
    if (said !== '') void change(index, said);
  };
  if (changed.value === null) {
    return (
      <div class="said">
        <h2 class="who">You</h2>
        <p>{turn.said}</p>
        <button class="quiet" disabled={busy.value} onClick={() => (changed.value = turn.said)}>
          Edit
        </button>
      </div>
    );
  }
  return (
    <div class="said">
      <h2 class="who">You</h2>
      <GrowingText
        id={`change-${index}`}
        label="What you said"
        value={changed.value}
        onInput={(text) => (changed.value = text)}
        onKeyDown={(event) => isSend(event) && send()}
      />
      <div class="row">
        <button class="primary" onClick={send}>
          Send
        </button>
        <button class="quiet" onClick={() => (changed.value = null)}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function Composer() {
  const of = model.value;
  const last = turns.value.at(-1)?.answer.shown;
  return (
    <div class="actions">
      <div class="row composer">
        <GrowingText
          id="message"
          label="Message"
          placeholder="Say something"
          value={draft.value}
          onInput={(text) => (draft.value = text)}
          onKeyDown={(event) => isSend(event) && !busy.value && void say()}
        />
        {busy.value ? (
          <button class="primary" onClick={stop}>
            Stop
          </button>
        ) : (
          <button class="primary" disabled={draft.value.trim() === ''} onClick={() => void say()}>
            Send
          </button>
        )}
      </div>
      <div class="row">
        {of !== undefined && (
          <ContextMeter used={last === undefined ? null : last.context.value.used} size={of.max_model_len} />
        )}
        <button class="quiet" disabled={busy.value || turns.value.length === 0} onClick={clear}>
          Clear
        </button>
      </div>
    </div>
  );
}

// Enter sends, Shift+Enter is a line break; Enter within a composed character belongs to it.
function isSend(event: KeyboardEvent): boolean {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return false;
  event.preventDefault();
  return true;
}
