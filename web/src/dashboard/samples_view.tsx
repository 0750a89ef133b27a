import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { told } from '../shared/api';
import { Notice } from '../shared/notice';
import { percent } from '../shared/numbers';
import { runId } from './place';
import { samplesVersion } from './run';
import { readSamples, type Sample, type SamplesData } from './server';

// What the model wrote at one prompt and seed as it trained, side by side, and how much of it is copied from its text.

const kFirst = 12;

export function SamplesView() {
  const data = useSignal<SamplesData | null>(null);
  const fault = useSignal('');
  const all = useSignal(false);
  const again = useSignal(0);
  const id = runId.value;
  useEffect(() => {
    let current = true;
    readSamples(id).then(
      (read) => {
        if (!current) return;
        data.value = read;
        fault.value = '';
        if (read.pending) setTimeout(() => current && ++again.value, 2000);
      },
      (error: unknown) => current && (fault.value = told(error)),
    );
    return () => (current = false);
  }, [id, samplesVersion.value, again.value]);
  if (fault.value !== '' && data.value === null) {
    return (
      <Notice kind="fault">
        <p>{fault.value}</p>
      </Notice>
    );
  }
  if (data.value === null) return <p class="about">Reading the samples, and looking for what they copy.</p>;
  const newestFirst = [...data.value.samples].sort((a, b) => b.step - a.step);
  const shown = all.value ? newestFirst : newestFirst.slice(0, kFirst);
  return (
    <section aria-labelledby="samples-title">
      <h2 id="samples-title">Samples</h2>
      <p class="about">
        The newest first, all at the same seed{data.value.prompt === '' ? '' : ' and prompt'}.{' '}
        <mark class="copied">Marked</mark> is what stands in the training text word for word, for 8 tokens or more.
        {data.value.pending && ' The training text is being searched for them.'}
        {data.value.known === false && ' The training text is not there to be searched.'}
      </p>
      {data.value.prompt !== '' && (
        <p class="prompt">
          <span class="about">Prompt</span> <q>{data.value.prompt}</q>
        </p>
      )}
      {newestFirst.length === 0 && <p class="about empty">No sample yet: one comes with every evaluation.</p>}
      {newestFirst.length > 1 && newestFirst.every((each) => each.copied_share !== null) && (
        <CopiedOverTime samples={[...newestFirst].reverse()} />
      )}
      <div class="samples">
        {shown.map((sample) => (
          <SampleCard key={sample.step} sample={sample} />
        ))}
      </div>
      {shown.length < newestFirst.length && (
        <button onClick={() => (all.value = true)}>Show {newestFirst.length - shown.length} older ones</button>
      )}
    </section>
  );
}

function SampleCard({ sample }: { sample: Sample }) {
  return (
    <article class="sample">
      <h3>Step {sample.step.toLocaleString('en')}</h3>
      <p class="about">
        {copiedText(sample)}
      </p>
      <p class="text">
        {sample.pieces.length === 0
          ? sample.text
          : sample.pieces.map((piece, i) =>
              (piece.copied ?? 0) > 0 ? (
                <mark key={i} class="copied" title={`${piece.copied} tokens as in the training text`}>
                  {piece.text}
                </mark>
              ) : (
                <span key={i}>{piece.text}</span>
              ),
            )}
      </p>
    </article>
  );
}

const shareOf = (sample: Sample): number => sample.copied_share ?? 0;

function copiedText({ copied_share, longest }: Sample): string {
  if (copied_share === null) return 'what is copied is not known';
  if (copied_share === 0) return 'nothing copied';
  return `${percent(copied_share)} copied, ${longest} tokens at a time at most`;
}

function CopiedOverTime({ samples }: { samples: readonly Sample[] }) {
  const width = 600;
  const height = 48;
  const wide = width / samples.length;
  const most = Math.max(0.1, ...samples.map(shareOf));
  const last = samples.at(-1)!;
  return (
    <figure class="copied-figure">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Copied share of ${samples.length} samples, at last ${percent(shareOf(last))}`}
      >
        {samples.map((sample, i) => (
          <rect
            key={sample.step}
            x={i * wide + wide * 0.1}
            width={wide * 0.8}
            y={height - Math.max(1, (height * shareOf(sample)) / most)}
            height={Math.max(1, (height * shareOf(sample)) / most)}
          >
            <title>{`Step ${sample.step}: ${percent(shareOf(sample))} copied`}</title>
          </rect>
        ))}
      </svg>
      <figcaption class="about">
        Copied share from step {samples[0]!.step.toLocaleString('en')} to {last.step.toLocaleString('en')}; the highest
        bar is {percent(most)}.
      </figcaption>
    </figure>
  );
}
