import type { ComponentChildren } from 'preact';

// Something that went wrong, or should be known, as sentences. A fault is told at once to who listens.
export function Notice({ kind, children }: { kind: 'fault' | 'hint'; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind}`} role={kind === 'fault' ? 'alert' : 'note'}>
      {children}
    </div>
  );
}
