import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

// Keeps an element within the window while what is above it grows (each time `changes` does), unless somebody has
// scrolled away from it.
export function useFollow(element: RefObject<HTMLElement>, changes: readonly unknown[]): void {
  const inView = useRef(true);
  useLayoutEffect(() => {
    // When all that changes together is drawn.
    if (inView.current) queueMicrotask(() => element.current?.scrollIntoView({ block: 'nearest' }));
  }, changes);
  useEffect(() => {
    const look = (): void => {
      const box = element.current?.getBoundingClientRect();
      if (box !== undefined) inView.current = box.top < window.innerHeight && box.bottom > 0;
    };
    window.addEventListener('scroll', look, { passive: true });
    return () => window.removeEventListener('scroll', look);
  }, []);
}
