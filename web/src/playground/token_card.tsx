import { useLayoutEffect, useRef } from 'preact/hooks';
import { percent } from '../shared/numbers';
import type { Cell } from './cells';
import { probability, visible, type Candidate, type Token } from './tokens';

const kGap = 8; // pixels between the card and its token, and at the edges of the window

// The probabilities at a token's place. Pinned, its candidates are buttons that put themselves in its place.
export function TokenCard(props: {
  cell: Cell;
  pinned: boolean;
  anchor: () => Element | null;
  onChoose: (token: number, candidate: Candidate) => void;
  onClose: () => void;
}) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    place(card.current, props.anchor());
    if (props.pinned) card.current?.querySelector<HTMLElement>('button:not(:disabled)')?.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...(card.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  const role = props.pinned ? ({ role: 'dialog', 'aria-label': 'Alternatives to this token' } as const) : {};
  return (
    <div
      ref={card}
      class={`card ${props.pinned ? 'pinned' : ''}`}
      aria-hidden={!props.pinned}
      {...role}
      onKeyDown={onKeyDown}
    >
      {props.cell.tokens.map((token, i) => (
        <TokenPart key={i} token={token} pinned={props.pinned} onChoose={(candidate) => props.onChoose(i, candidate)} />
      ))}
      {props.pinned ? (
        <div class="card-foot">
          <span>Choose one to go on from there.</span>
          <button class="quiet" onClick={props.onClose}>
            Close
          </button>
        </div>
      ) : (
        <div class="card-foot">Click for alternatives.</div>
      )}
    </div>
  );
}

function TokenPart(props: { token: Token; pinned: boolean; onChoose: (candidate: Candidate) => void }) {
  const { token } = props;
  const known = token.top_logprobs.some((each) => each.id === token.id);
  const candidates: Candidate[] = known ? token.top_logprobs : [...token.top_logprobs, token];
  return (
    <section>
      <p class="card-head">
        <code>{visible(token)}</code> <strong>{percent(probability(token))}</strong>
      </p>
      <ol>
        {candidates.map((each) => (
          <li key={each.id} class={each.id === token.id ? 'own' : ''}>
            <Row
              candidate={each}
              best={candidates[0]!}
              pinned={props.pinned}
              own={each.id === token.id}
              onChoose={props.onChoose}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Row(props: {
  candidate: Candidate;
  best: Candidate; // whose bar is whole
  pinned: boolean;
  own: boolean;
  onChoose: (candidate: Candidate) => void;
}) {
  const { candidate } = props;
  const share = probability(candidate);
  const parts = [
    <code key="text">{visible(candidate)}</code>,
    <span key="bar" class="bar" aria-hidden="true">
      <span style={{ width: `${Math.max(1, (100 * share) / probability(props.best))}%` }} />
    </span>,
    <span key="share" class="share">
      {percent(share)}
    </span>,
  ];
  if (!props.pinned) return <div class="candidate">{parts}</div>;
  return (
    <button class="candidate" disabled={props.own} onClick={() => props.onChoose(candidate)}>
      {parts}
    </button>
  );
}

// Below its token, or above it where there is no room; within the window in any case.
function place(card: HTMLElement | null, anchor: Element | null): void {
  const parent = card?.offsetParent;
  if (!card || !anchor || !parent) return;
  const token = anchor.getClientRects()[0] ?? anchor.getBoundingClientRect();
  const around = parent.getBoundingClientRect();
  const most = document.documentElement.clientWidth - card.offsetWidth - kGap;
  const left = Math.max(kGap, Math.min(token.left, most));
  const bar = document.querySelector('.actions')?.getBoundingClientRect();
  const floor = Math.min(window.innerHeight, bar === undefined || bar.top < token.top ? window.innerHeight : bar.top);
  const below = token.bottom + kGap + card.offsetHeight <= floor || token.top < card.offsetHeight + kGap;
  const top = below ? token.bottom + kGap : token.top - kGap - card.offsetHeight;
  card.style.left = `${left - around.left}px`;
  card.style.top = `${top - around.top}px`;
}
