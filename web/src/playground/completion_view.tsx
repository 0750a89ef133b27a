import { useRef } from 'preact/hooks';
import { Notice } from '../shared/notice';
import { CodeButton } from './code_dialog';
import { answer, clear, edit, fault, proceed, prompt, retry, stale, takeAlternative } from './completion';
import { ContextMeter } from './context_meter';
import { promptTokens } from './counting';
import { busy, stop } from './decoding';
import { model } from './models';
import { SpokenStatus, TakeChoice, TakeStatus } from './take_status';
import { TokenText } from './token_text';

// Between the prompt and what follows a line may be broken, as at the end of the field.
const kJoint = '\u200b';

// A text and its continuation, which follows it within the line: the field of the text lies below a copy of it that is
// not seen and takes its room.
export function CompletionView() {
  const field = useRef<HTMLTextAreaElement>(null);
  const take = answer.shown;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!busy.value) void proceed();
    }
  };
  const onEdit = (): void => {
    edit();
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(prompt.value.length, prompt.value.length);
    });
  };
  return (
    <section class="sheet" aria-label="Completion">
      <div class={`paper flowing ${stale.value ? 'stale' : ''}`}>
        <textarea
          id="prompt"
          ref={field}
          aria-label="Text to continue"
          placeholder="Begin a text; the model goes on with it."
          value={prompt.value}
          onInput={(event) => (prompt.value = event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <span class="mirror" aria-hidden="true">
          {prompt.value + kJoint}
        </span>
        {take !== undefined && (
          <TokenText
            take={take}
            label="What the model wrote"
            onAlternative={(cell, token, candidate) => void takeAlternative(take, cell, token, candidate)}
          />
        )}
      </div>
      {stale.value && <Notice kind="hint">The text above was changed since: continuing writes anew after it.</Notice>}
      {fault.value !== '' && <Notice kind="fault">{fault.value}</Notice>}
      {take !== undefined && (
        <TakeStatus take={take}>
          <TakeChoice answer={answer} />
        </TakeStatus>
      )}
      <SpokenStatus take={take} />
      <Actions onEdit={onEdit} />
    </section>
  );
}

function Actions({ onEdit }: { onEdit: () => void }) {
  const take = answer.shown;
  const of = model.value;
  const used = take !== undefined && !stale.value ? take.context.value.used : promptTokens.value;
  return (
    <div class="actions">
      <div class="row">
        {busy.value ? (
          <button class="primary" onClick={stop}>
            Stop
          </button>
        ) : (
          <button class="primary" aria-keyshortcuts="Control+Enter" onClick={() => void proceed()}>
            Continue
          </button>
        )}
        <button disabled={take === undefined || busy.value} onClick={() => void retry()}>
          Retry
        </button>
        <button disabled={take === undefined || busy.value} onClick={onEdit}>
          Edit
        </button>
        <span class="push" />
        <CodeButton call={take?.call.value} />
        <button class="quiet" disabled={busy.value || (take === undefined && prompt.value === '')} onClick={clear}>
          Clear
        </button>
      </div>
      {of !== undefined && <ContextMeter used={used} size={of.max_model_len} />}
    </div>
  );
}
