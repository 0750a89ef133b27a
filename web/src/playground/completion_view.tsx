import { useRef } from 'preact/hooks';
import { GrowingText } from '../shared/growing_text';
import { Notice } from '../shared/notice';
import { CodeButton } from './code_dialog';
import { answer, clear, edit, fault, proceed, prompt, retry, stale, takeAlternative } from './completion';
import { ContextMeter } from './context_meter';
import { promptTokens } from './counting';
import { busy, stop } from './decoding';
import { model } from './models';
import { SpokenStatus, TakeChoice, TakeStatus } from './take_status';
import { TokenText } from './token_text';

// A text and its continuation.
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
      <div class={`paper ${stale.value ? 'stale' : ''}`}>
        <GrowingText
          id="prompt"
          label="Text to continue"
          placeholder="Begin a text; the model goes on with it."
          rows={take === undefined ? 4 : 1}
          field={field}
          value={prompt.value}
          onInput={(text) => (prompt.value = text)}
          onKeyDown={onKeyDown}
        />
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
      {take !== undefined && <TakeStatus take={take} />}
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
        <TakeChoice answer={answer} />
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
