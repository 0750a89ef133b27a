import { signal, useSignal } from '@preact/signals';
import { Component, createRef } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { percent } from '../shared/numbers';
import type { Cell } from './cells';
import type { Take } from './take';
import { TokenCard } from './token_card';
import { probability, spoken, type Candidate } from './tokens';

// Of the token that is pointed at, for who listens. Not among the tokens: in Chromium a change there breaks lines of
// several scripts elsewhere, so that the token under the pointer becomes another one, and so on.
export const spokenToken = signal('');

interface Shown {
  cell: number;
  pinned: boolean; // stays, and its alternatives can be chosen
}

// What a model wrote, token by token: the probabilities of one are shown under the pointer or the arrow keys, its
// alternatives on a click or Enter.
export function TokenText(props: {
  take: Take;
  label: string;
  onAlternative: (cell: number, token: number, candidate: Candidate) => void;
}) {
  const { take } = props;
  const shown = useSignal<Shown | null>(null);
  const region = useRef<HTMLDivElement>(null);
  const cells = take.text.cells;
  const show = (cell: number, pinned: boolean): void => {
    if ((cells[cell]?.tokens.length ?? 0) > 0) shown.value = { cell, pinned };
  };
  const close = (): void => {
    if (shown.value?.pinned) region.current?.focus();
    shown.value = null;
  };
  useEffect(() => void (shown.value = null), [take]);
  useClickOutside(region, () => (shown.value = null));

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && shown.value !== null) {
      event.stopPropagation();
      return close();
    }
    if (event.target !== event.currentTarget) return;
    const at = shown.value?.cell;
    const last = cells.length - 1;
    const next = {
      ArrowRight: at === undefined ? 0 : Math.min(at + 1, last),
      ArrowLeft: at === undefined ? last : Math.max(at - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (next !== undefined) show(next, false);
    else if ((event.key === 'Enter' || event.key === ' ') && at !== undefined) show(at, true);
    else return;
    event.preventDefault();
  };

  const current = shown.value === null ? undefined : cells[shown.value.cell];
  const said = current === undefined || shown.value?.pinned === true ? '' : spokenCell(current);
  useEffect(() => void (spokenToken.value = said), [said]);
  return (
    <div
      ref={region}
      class="written"
      role="group"
      tabIndex={0}
      aria-label={props.label}
      aria-describedby="token-keys"
      onKeyDown={onKeyDown}
      onMouseOver={(event) => {
        const cell = cellAt(event.target);
        if (shown.value?.pinned) return;
        if (cell === null) shown.value = null;
        else show(cell, false);
      }}
      onMouseLeave={() => {
        if (!shown.value?.pinned) shown.value = null;
      }}
      onBlur={(event) => {
        if (!region.current?.contains(event.relatedTarget as Node | null) && !shown.value?.pinned) shown.value = null;
      }}
      onClick={(event) => {
        const cell = cellAt(event.target);
        if (cell !== null && document.getSelection()?.isCollapsed !== false) show(cell, true);
      }}
    >
      {take.text.groups.value.map((group, i) => (
        <CellGroup key={i} cells={group} start={offset(take, i)} cursor={cursorIn(take, i, shown.value)} />
      ))}
      {take.ending.value === 'writing' && <span class="caret" aria-hidden="true" />}
      {current !== undefined && shown.value !== null && (
        <TokenCard
          key={`${shown.value.cell} ${shown.value.pinned}`}
          cell={current}
          pinned={shown.value.pinned}
          anchor={() => region.current?.querySelector(`[data-cell="${shown.value?.cell}"]`) ?? null}
          onChoose={(token, candidate) => {
            const cell = shown.value?.cell ?? 0;
            close();
            props.onAlternative(cell, token, candidate);
          }}
          onClose={close}
        />
      )}
    </div>
  );
}

// Drawn anew only when its cells change, or the cursor comes or goes.
class CellGroup extends Component<{ cells: readonly Cell[]; start: number; cursor: number }> {
  readonly root = createRef<HTMLSpanElement>();

  override shouldComponentUpdate(next: { cells: readonly Cell[]; cursor: number }): boolean {
    return next.cells !== this.props.cells || next.cursor !== this.props.cursor;
  }
  override render() {
    const { cells, start, cursor } = this.props;
    return (
      <span>
        {cells.map((cell, i) => (
          <span key={i} data-cell={start + i} class={classOf(cell, i === cursor)}>
            {textIn(cell)}
          </span>
        ))}
      </span>
    );
  }
}

const offset = (take: Take, group: number): number =>
  take.text.groups.value.slice(0, group).reduce((sum, each) => sum + each.length, 0);

function cursorIn(take: Take, group: number, shown: Shown | null): number {
  const at = (shown?.cell ?? -1) - offset(take, group);
  return at >= 0 && at < (take.text.groups.value[group]?.length ?? 0) ? at : -1;
}

function cellAt(target: EventTarget | null): number | null {
  const cell = target instanceof HTMLElement ? target.closest<HTMLElement>('[data-cell]') : null;
  return cell === null ? null : Number(cell.dataset.cell);
}

// The name of a special token stands where it has no text.
function textIn(cell: Cell): string {
  const special = cell.tokens.length === 1 && cell.tokens[0]?.bytes === null ? cell.tokens[0].token : '';
  return cell.text + special;
}

// How unlikely the least likely of its tokens was, in steps.
function classOf(cell: Cell, cursor: boolean): string {
  const least = Math.min(1, ...cell.tokens.map(probability));
  const step = [0.1, 0.03, 0.01].filter((bound) => least < bound).length;
  const special = cell.tokens.some((token) => token.bytes === null) ? ' special' : '';
  return `cell p${step}${special}${cell.text.endsWith('\n') ? ' break' : ''}${cursor ? ' cursor' : ''}`;
}

const spokenCell = (cell: Cell): string =>
  cell.tokens
    .map((token) => {
      const others = token.top_logprobs.filter((each) => each.id !== token.id).slice(0, 3);
      const list = others.map((each) => `${spoken(each)} ${percent(probability(each))}`).join(', ');
      return `${spoken(token)}, ${percent(probability(token))}${list === '' ? '' : `; others: ${list}`}.`;
    })
    .join(' ');

function useClickOutside(region: { current: HTMLElement | null }, then: () => void): void {
  useEffect(() => {
    const listen = (event: Event): void => {
      if (!region.current?.contains(event.target as Node | null)) then();
    };
    document.addEventListener('pointerdown', listen);
    return () => document.removeEventListener('pointerdown', listen);
  }, []);
}
