import type { Ref } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

// A field for text that is as high as its text.
export function GrowingText(props: {
  id: string;
  label: string;
  value: string;
  placeholder?: string;
  rows?: number;
  field?: Ref<HTMLTextAreaElement>;
  onInput: (text: string) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
}) {
  const own = useRef<HTMLTextAreaElement>(null);
  const field = (props.field as typeof own | undefined) ?? own;
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null || CSS.supports('field-sizing', 'content')) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [props.value]);
  return (
    <textarea
      id={props.id}
      ref={field}
      class="growing"
      aria-label={props.label}
      rows={props.rows ?? 1}
      placeholder={props.placeholder}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onKeyDown={props.onKeyDown}
    />
  );
}
