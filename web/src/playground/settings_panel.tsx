import { useSignal } from '@preact/signals';
import { changed, numbers, reset, rows, seed, setNumber, stopLines, type NumberRow } from './settings';

// The settings of sampling, each with what it means.
export function SettingsPanel() {
  return (
    <div class="settings">
      {rows.map((row) => (
        <NumberSetting key={row.name} row={row} />
      ))}
      <div class="setting">
        <label for="seed">Seed</label>
        <input
          id="seed"
          inputMode="numeric"
          pattern="[0-9]{0,15}"
          autocomplete="off"
          placeholder="another each time"
          aria-describedby="seed-about"
          value={seed.value}
          onInput={(event) => (seed.value = event.currentTarget.value.replace(/\D/g, '').slice(0, 15))}
        />
        <p class="about" id="seed-about">
          The same text, settings and seed give the same words, always.
        </p>
      </div>
      <div class="setting">
        <label for="stop">Stop texts</label>
        <textarea
          id="stop"
          rows={2}
          aria-describedby="stop-about"
          value={stopLines.value}
          onInput={(event) => (stopLines.value = event.currentTarget.value)}
        />
        <p class="about" id="stop-about">
          Writing ends before any of them. One a line; <code>\n</code> is a line break.
        </p>
      </div>
      <button class="quiet" disabled={!changed.value} onClick={reset}>
        Back to the server's own
      </button>
    </div>
  );
}

function NumberSetting({ row }: { row: NumberRow }) {
  const value = numbers.value[row.name];
  const typed = useSignal<string | null>(null); // while it is no number that can be
  const take = (text: string): void => {
    const number = Number(text);
    const fits =
      text.trim() !== '' && number >= row.least && number <= row.limit && (row.step < 1 || Number.isInteger(number));
    typed.value = fits ? null : text;
    if (fits) setNumber(row.name, number);
  };
  const wrong = typed.value !== null;
  const [id, about] = [`setting-${row.name}`, `about-${row.name}`];
  return (
    <div class="setting">
      <label for={id}>{row.label}</label>
      <input
        id={id}
        class="number"
        inputMode="decimal"
        autocomplete="off"
        aria-describedby={about}
        aria-invalid={wrong}
        value={typed.value ?? String(value)}
        onInput={(event) => take(event.currentTarget.value)}
        onBlur={() => (typed.value = null)}
      />
      <input
        type="range"
        aria-label={`${row.label}, slider`}
        aria-describedby={about}
        min={row.least}
        max={row.most}
        step={row.step}
        value={Math.min(value, row.most)}
        onInput={(event) => take(event.currentTarget.value)}
      />
      <p class="about" id={about}>
        {wrong ? `A number from ${row.least} to ${row.limit.toLocaleString('en')} is needed. ` : ''}
        {row.about}
      </p>
    </div>
  );
}
