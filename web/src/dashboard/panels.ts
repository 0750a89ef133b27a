// The charts that there are, and which curves each has.

export interface PanelCurve {
  readonly name: string; // as the server names it, or of derived.ts
  readonly label: string;
  readonly kind: 'train' | 'validation';
}

export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly unit: string; // of y, in words
  readonly about: string; // what it says, in a sentence
  readonly curves: readonly PanelCurve[];
  readonly open: boolean; // by itself
  readonly zero?: boolean; // y begins at zero
  readonly clip?: boolean; // has the line where gradients are clipped
  readonly spikes?: boolean; // are told
  readonly perplexity?: boolean; // has a second axis, e^y
  readonly percent?: boolean;
  readonly ranks?: boolean; // only runs of several ranks have it
}

const train = (name: string, label: string): PanelCurve => ({ name, label, kind: 'train' });
const validation = (name: string, label: string): PanelCurve => ({ name, label, kind: 'validation' });

export const kPanels: readonly Panel[] = [
  {
    id: 'loss',
    title: 'Loss',
    unit: 'nats per token; on the right perplexity',
    about:
      'How surprised the model is by the next token. It learns while both fall; it memorises where validation rises.',
    curves: [train('loss_token', 'training'), validation('val_nats', 'validation')],
    open: true,
    perplexity: true,
    spikes: true,
  },
  {
    id: 'bits',
    title: 'Bits per byte',
    unit: 'bits per byte of text',
    about: 'The same by bytes of text, so that runs with other tokenizers can be compared.',
    curves: [train('train_bits_per_byte', 'training'), validation('val_bits_per_byte', 'validation')],
    open: true,
  },
  {
    id: 'speed',
    title: 'Throughput',
    unit: 'tokens a second',
    about: 'A fall that stays is a machine that is hot or shared.',
    curves: [train('tok_s', 'tokens a second')],
    open: true,
    zero: true,
  },
  {
    id: 'gradient',
    title: 'Gradient norm',
    unit: 'before clipping',
    about: 'Spikes are batches that were surprising; above the line gradients are clipped.',
    curves: [train('grad_norm', 'gradient norm')],
    open: true,
    clip: true,
    spikes: true,
  },
  {
    id: 'gap',
    title: 'Generalisation gap',
    unit: 'nats per token',
    about: 'Validation less smoothed training loss. It widens as a run begins to memorise.',
    curves: [validation('gap', 'validation − training')],
    open: false,
  },
  {
    id: 'parts',
    title: 'Parts of the loss',
    unit: 'nats per token',
    about: 'The root of the next token, and its form given the root; both are learned apart.',
    curves: [
      train('loss_root', 'root, training'),
      validation('val_root', 'root, validation'),
      train('loss_form', 'form, training'),
      validation('val_form', 'form, validation'),
    ],
    open: false,
  },
  {
    id: 'crystalline',
    title: 'Crystalline loss',
    unit: 'nats per token',
    about: 'What training lowers: the token with a part of root and form.',
    curves: [train('loss', 'training')],
    open: false,
  },
  {
    id: 'rate',
    title: 'Learning rate',
    unit: 'of the matrices',
    about: 'Warm-up, then down to a tenth.',
    curves: [train('lr', 'learning rate')],
    open: false,
    zero: true,
  },
  {
    id: 'peak',
    title: 'Share of peak',
    unit: "of the machine's arithmetic",
    about: 'How much of what the processor could compute it does compute.',
    curves: [train('peak_share', 'share of peak')],
    open: false,
    zero: true,
    percent: true,
  },
  {
    id: 'split',
    title: 'Where the time goes',
    unit: 'seconds a step',
    about: 'Forward and backward of the items; reduction; update of the weights; packing of the new ones.',
    curves: [
      train('items_s', 'items'),
      train('reduce_s', 'reduce'),
      train('update_s', 'update'),
      train('pack_s', 'pack'),
    ],
    open: false,
    zero: true,
  },
  {
    id: 'exchange',
    title: 'Exchange between ranks',
    unit: 'seconds a step',
    about: "Of the first rank, in which no worker works: messages, and the other ranks' items where these take longer.",
    curves: [train('messages_s', 'messages'), train('peers_s', "others' items")],
    open: false,
    zero: true,
    ranks: true,
  },
  {
    id: 'traffic',
    title: 'Bytes between ranks',
    unit: 'bytes a step',
    about: 'What the first rank sends and receives: gradients and weights, packed without loss.',
    curves: [train('sent_bytes', 'sent'), train('received_bytes', 'received')],
    open: false,
    zero: true,
    ranks: true,
  },
];

// Of the panels those that a filter lets through; with a filter all of these are open. ranks: some run has several.
export function panelsOf(matches: (text: string) => boolean, ranks: boolean): readonly Panel[] {
  const told = (panel: Panel): string[] => [
    panel.id,
    panel.title,
    ...panel.curves.flatMap((curve) => [curve.name, curve.label]),
  ];
  return kPanels.filter((panel) => (ranks || panel.ranks !== true) && told(panel).some(matches));
}

export const isOpen = (panel: Panel, open: readonly string[] | null): boolean =>
  open === null ? panel.open : open.includes(panel.id);

export function toggled(open: readonly string[] | null, id: string): string[] {
  const now = open ?? kPanels.filter((panel) => panel.open).map((panel) => panel.id);
  return now.includes(id) ? now.filter((each) => each !== id) : [...now, id];
}
