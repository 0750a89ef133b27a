import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useFollow } from '../shared/follow';
import { Notice } from '../shared/notice';
import { count, counted } from '../shared/numbers';
import { seed } from './settings';
import type { Answer, Ending, Take } from './take';

const endings: Record<Ending, string> = {
  writing: '',
  limit: 'as long as asked for',
  full: 'the context is full',
  word: 'ended at a stop text',
  eos: 'the model ended its text',
  stopped: 'stopped by you',
  broken: 'broken off',
};

// What there is to say of a text: its length, its speed, its seed, why it ended. children: what can be done with it.
export function TakeStatus({ take, children }: { take: Take; children?: ComponentChildren }) {
  const { tokens, per_second } = take.pace.value;
  const ending = take.ending.value;
  const end = useRef<HTMLDivElement>(null);
  useFollow(end, [take.pace.value, ending]);
  return (
    <>
      {take.leftOut.value > 0 && (
        <Notice kind="hint">
          The text has grown longer than the context of {counted(take.model.max_model_len, 'token')}: the model does not
          see the first {counted(take.leftOut.value, 'token')} of it.
        </Notice>
      )}
      {take.fault.value !== '' && <Notice kind="fault">{take.fault.value}</Notice>}
      <div class="row follows" ref={end}>
        <p class="facts">
          {ending === 'writing' && <span>writing</span>}
          {tokens > 0 && <span>{counted(tokens, 'token')}</span>}
          {per_second > 0 && <span>{count(per_second)} tokens per second</span>}
          <span>
            seed{' '}
            <button
              class="link"
              aria-label={`Use seed ${take.seed.value} again`}
              onClick={() => (seed.value = String(take.seed.value))}
            >
              {take.seed.value}
            </button>
          </span>
          {endings[ending] !== '' && <span>{endings[ending]}</span>}
        </p>
        {children}
      </div>
    </>
  );
}

// For who does not see the page: that something is written, and that it ended.
export function SpokenStatus({ take }: { take: Take | undefined }) {
  const ending = take?.ending.value;
  return (
    <p class="unseen" role="status">
      {ending === undefined
        ? ''
        : ending === 'writing'
          ? 'Writing.'
          : `Written: ${counted(take?.pace.value.tokens ?? 0, 'token')}, ${endings[ending]}.`}
    </p>
  );
}

// Goes through the texts that were written at one place.
export function TakeChoice({ answer }: { answer: Answer }) {
  const [index, all] = [answer.index.value, answer.takes.value.length];
  if (all < 2) return null;
  return (
    <span class="takes">
      <button class="quiet" aria-label="The text before" disabled={index === 0} onClick={() => --answer.index.value}>
        ‹
      </button>
      <span>
        {index + 1} of {all}
      </span>
      <button
        class="quiet"
        aria-label="The text after"
        disabled={index + 1 === all}
        onClick={() => ++answer.index.value}
      >
        ›
      </button>
    </span>
  );
}
