// Filters that people type: regular expressions without regard to case; what is none is looked for as it stands.

export interface Pattern {
  readonly matches: (text: string) => boolean;
  readonly fault: string; // why it is no expression, as a sentence; "" where it is one
}

export function patternOf(text: string): Pattern {
  const typed = text.trim();
  if (typed === '') return { matches: () => true, fault: '' };
  try {
    const expression = new RegExp(typed, 'iu');
    return { matches: (each) => expression.test(each), fault: '' };
  } catch {
    const lower = typed.toLowerCase();
    return {
      matches: (each) => each.toLowerCase().includes(lower),
      fault: 'This is no regular expression; it is looked for as it stands.',
    };
  }
}
