import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { told } from '../shared/api';
import { Choice } from '../shared/choice';
import { Notice } from '../shared/notice';
import { kColourings } from './address';
import { amount, figure, short } from './figures';
import { LatticeCanvas, type Marked } from './lattice_canvas';
import { coloursOf } from './lattice_colours';
import { fanned, found } from './lattice_layout';
import { go, place, runId } from './place';
import { readLattice, readToken, type LatticeData, type TokenData } from './server';
import { dark, palette } from './theme';

// Every token on the spiral of its root, and what one of them is made of and next to.

const kFound = 40;

export function LatticeView() {
  const data = useSignal<LatticeData | null>(null);
  const fault = useSignal('');
  const again = useSignal(0);
  const id = runId.value;
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    readLattice(id).then(
      (read) => {
        if (!current) return;
        data.value = read;
        fault.value = '';
        if (read.loss_pending) timer = setTimeout(() => ++again.value, 4000);
      },
      (error: unknown) => current && (fault.value = told(error)),
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [id, again.value]);
  if (data.value === null) {
    if (fault.value === '') return <p class="about">Reading the lattice.</p>;
    return (
      <Notice kind="hint">
        <p>{fault.value}</p>
      </Notice>
    );
  }
  return <Lattice key={id} id={id} data={data.value} />;
}

function Lattice({ id, data }: { id: string; data: LatticeData }) {
  const search = useSignal('');
  const card = useToken(id, data.count);
  const { colouring } = place.value;
  const isDark = dark.value;
  const points = useMemo(() => fanned(data.x, data.y), [data.count]);
  const colours = useMemo(() => coloursOf(data, colouring, palette.value, isDark), [data, colouring, isDark]);
  const matches = useComputed(() => found(data.text, data.position, search.value, kFound));
  const { token } = place.value;
  const chosen = token !== null && token < data.count ? token : null;
  const marked = useMemo(
    (): Marked => ({
      token: chosen,
      family: card?.family.map((each) => each.id).filter((each) => each !== chosen) ?? [],
      spiral: card?.spiral.map((each) => each.id) ?? [],
      embedding: card?.embedding.map((each) => each.id) ?? [],
      found: matches.value,
    }),
    [chosen, card, matches.value],
  );
  return (
    <section aria-labelledby="lattice-title" class="lattice">
      <h2 id="lattice-title">Lattice</h2>
      <div class="row tools">
        <span class="about">Colour by</span>
        <Choice
          label="Colour by"
          name="colouring"
          options={kColourings.map((value) => ({ value, label: value }))}
          value={colouring}
          onChoose={(value) => go({ colouring: value })}
        />
        <Scale colours={colours} />
      </div>
      <div class="lattice-columns">
        <LatticeCanvas
          {...points}
          text={data.text}
          colours={colours}
          marked={marked}
          onChoose={(each) => go({ token: each })}
        />
        <aside aria-label="Token">
          <label class="filter wide">
            <span class="unseen">Search tokens</span>
            <input
              type="search"
              placeholder="Search tokens, such as king or #42"
              value={search.value}
              onInput={(event) => (search.value = event.currentTarget.value)}
              onKeyDown={(event) => {
                const first = matches.value[0];
                if (event.key === 'Enter' && first !== undefined) go({ token: first });
              }}
            />
          </label>
          {search.value !== '' && (
            <p class="about" role="status">
              {matches.value.length === 0
                ? 'No token has this in it.'
                : `${matches.value.length}${matches.value.length === kFound ? ' or more' : ''} found.`}
            </p>
          )}
          {matches.value.length > 0 && (
            <div class="tokens">
              {matches.value.map((each) => (
                <TokenButton key={each} id={each} text={data.text[each]!} />
              ))}
            </div>
          )}
          {chosen === null ? (
            <p class="about">
              Each token lies on the spiral at the rank of its root, the most frequent in the middle; the forms of a
              root stand around one place. Choose one to see what it is made of.
            </p>
          ) : (
            <Card data={data} token={chosen} card={card} />
          )}
        </aside>
      </div>
    </section>
  );
}

function useToken(id: string, count: number): TokenData | null {
  const card = useSignal<TokenData | null>(null);
  const { token } = place.value;
  useEffect(() => {
    if (token === null || token >= count) {
      card.value = null;
      return;
    }
    let current = true;
    readToken(id, token).then(
      (read) => current && (card.value = read),
      () => current && (card.value = null),
    );
    return () => (current = false);
  }, [id, token, count]);
  return card.value?.id === token ? card.value : null;
}

function Scale({ colours }: { colours: ReturnType<typeof coloursOf> }) {
  if (colours.missing !== '') return <span class="about">{colours.missing}</span>;
  if (colours.scale === null) {
    return <span class="about">Tokens of one root have one colour; who stands alone is grey.</span>;
  }
  const { min, max, stops } = colours.scale;
  return (
    <span class="scale">
      {min}
      <svg
        width="160"
        height="12"
        viewBox={`0 0 ${stops.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`from ${min} to ${max}`}
      >
        {stops.map((stop, i) => (
          <rect key={i} x={i} width="1.1" height="1" fill={stop} />
        ))}
      </svg>
      {max}
    </span>
  );
}

function TokenButton({ id, text, beside }: { id: number; text: string; beside?: string }) {
  return (
    <button class="token" onClick={() => go({ token: id })}>
      <code>{shownText(text)}</code>
      {beside !== undefined && <span class="soft">{beside}</span>}
    </button>
  );
}

const shownText = (text: string): string =>
  text.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥') || '∅';

function Card({ data, token, card }: { data: LatticeData; token: number; card: TokenData | null }) {
  const rows: [string, string][] = [
    ['id', String(token)],
    ['place', data.position[token]!.toLocaleString('en')],
    ['frequency', amount(data.frequency?.[token])],
    ['norm', short(figure(data.norm?.[token]))],
    ['loss', short(figure(data.loss?.[token]))],
  ];
  return (
    <div class="token-card" aria-live="polite">
      <h3>
        <code>{shownText(data.text[token]!)}</code>
      </h3>
      <p class="token-facts">
        {rows.map(([name, value]) => (
          <span key={name}>
            <span class="soft">{name}</span> {value}
          </span>
        ))}
      </p>
      {card === null ? (
        <p class="about">Reading its neighbours.</p>
      ) : (
        <>
          <p class="code-line">
            <strong>{card.code}</strong> ={' '}
            {card.factors.map((factor, i) => (
              <span key={factor.prime}>
                {i > 0 && ' × '}
                <span class="factor">
                  {factor.prime}
                  {factor.power > 1 && <sup>{factor.power}</sup>} <span class="soft">{factor.meaning}</span>
                </span>
              </span>
            ))}
          </p>
          <h4 class="family">Family: tokens that share its root</h4>
          <Tokens
            list={card.family
              .filter((each) => each.id !== token)
              .map((each) => ({ ...each, beside: `gcd ${each.gcd}` }))}
            none="It has none."
          />
          <div class="neighbours">
            <div>
              <h4 class="near-spiral">Next on the lattice</h4>
              <Tokens list={card.spiral.map((each) => ({ ...each, beside: `gcd ${each.gcd}` }))} none="None." />
            </div>
            <div>
              <h4 class="near-embedding">Next in the embedding</h4>
              <Tokens
                list={card.embedding.map((each) => ({ ...each, beside: each.cosine.toFixed(2) }))}
                none="No checkpoint is there yet."
              />
            </div>
          </div>
        </>
      )}
    </div>
  );
}

function Tokens({ list, none }: { list: readonly { id: number; text: string; beside: string }[]; none: string }) {
  if (list.length === 0) return <p class="about">{none}</p>;
  return (
    <div class="tokens">
      {list.slice(0, 60).map((each) => (
        <TokenButton key={each.id} {...each} />
      ))}
    </div>
  );
}
