// A function that has `work` done soon after it is called, however often it is: never twice within everyMs, nor while a
// promise of the last time is open.
export function seldom(work: () => unknown, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let again = false; // called while busy
  let last = -Infinity;
  const run = async (): Promise<void> => {
    timer = undefined;
    again = false;
    busy = true;
    last = Date.now();
    try {
      await work();
    } finally {
      busy = false;
      if (again) plan();
    }
  };
  const plan = (): void => {
    timer ??= setTimeout(() => void run(), Math.max(0, last + everyMs - Date.now()));
  };
  return () => {
    if (busy) again = true;
    else plan();
  };
}
