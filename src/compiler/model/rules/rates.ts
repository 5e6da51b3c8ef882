import type { Rule } from '../resolution.ts';

/** A rate far outside of the range of its optimizer trains nothing. */
export const rateExtreme: Rule = ({ train, library, file }, report) => {
  if (!train) return;
  const node = file.declarations.find((declaration) => declaration.kind === 'Train');
  const check = (kind: string, rate: unknown, entry: string): void => {
    const [least, most] = library.optimizers[kind]!.rates;
    if (typeof rate !== 'number' || (rate >= least && rate <= most)) return;
    const at = node?.entries.find(({ name }) => name.name === entry)?.span ?? train.span;
    report('rate-extreme', at, { optimizer: kind, rate, least, most });
  };
  check(train.dense.kind, train.dense.arguments.rate, 'dense');
  check(train.embeddings.kind, train.embeddings.arguments.rate, 'embeddings');
  for (const {
    kind,
    arguments: { rate },
  } of train.overrides ?? [])
    check((kind === 'table' ? train.embeddings : train.dense).kind, rate, 'overrides');
};
