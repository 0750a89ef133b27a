import { count, counted } from '../shared/numbers';

// How much of a model's context a text takes, and what is left.
export function ContextMeter({ used, size }: { used: number | null; size: number }) {
  const left = used === null ? null : Math.max(0, size - used);
  return (
    <div class="context">
      <span class="bar" aria-hidden="true">
        <span class={left === 0 ? 'over' : ''} style={{ width: `${Math.min(100, (100 * (used ?? 0)) / size)}%` }} />
      </span>
      <span>
        {used === null || left === null
          ? `Context of ${counted(size, 'token')}`
          : `${count(used)} of ${counted(size, 'token')} of context, ${count(left)} left`}
      </span>
    </div>
  );
}
