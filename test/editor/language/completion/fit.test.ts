import { describe, expect, it } from 'vitest';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import type { Arrow } from '../../../../src/compiler/lower/flow.ts';
import { type Fit, fitOf } from '../../../../src/editor/language/completion/fitting_blocks.ts';
import { factsOf } from '../../lsp/marked.ts';

const model = (flow: string): string => `
features {
  a: id(dim: 4), b: id(dim: 4), c: id(dim: 4), wide: id(dim: 6)
  movie_id: id(dim: 4), seen: list(movie_id, max: 5, pool: none)
}
labels { clicked: binary }
group same = a, b, c
group mixed = a, wide
tower user(same, mixed, seen) keyed by a { channel main = ${flow} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> mlp(8, 6) }
task click { score = dot(user, item), loss = bce, label = clicked }
`;

const flows = {
  'fields of one width': 'same',
  'fields of two widths': 'mixed',
  'a single field': 'a',
  'a sequence': 'seen',
  interests: 'seen -> multi_interest',
  'a vector': 'same -> flatten',
};

/** What a flow ends in, as the checker says: nothing where a block refuses. */
function carried(flow: string): Arrow | undefined {
  const text = model(flow);
  return factsOf(text).arrowsEnding(text.indexOf(' }\ntower item'))[0];
}

const fits = (flow: string): Record<string, Fit> => {
  const { type, span } = carried(flow)!;
  return Object.fromEntries(Object.entries(blocks).map(([name, row]) => [name, fitOf(name, row, type, span)]));
};

describe('whether a block fits', () => {
  it.each(Object.entries(flows))('%s: what the checker takes is not refused here', (_, flow) => {
    const found = Object.entries(fits(flow));
    const taken = found.filter(([name]) => carried(`${flow} -> ${blocks[name]!.example}`));
    expect(taken.filter(([, fit]) => fit === 'refused')).toEqual([]);
    // No type of value is taken by all blocks.
    expect(taken.length).toBeGreaterThan(0);
    expect(found.some(([, fit]) => fit === 'refused')).toBe(true);
  });

  it('refuses a vector where fields are needed, and fields where a vector is', () => {
    const refused = { cross: 'refused', mmoe: 'refused', multi_interest: 'refused' };
    expect(fits(flows['fields of one width'])).toMatchObject({ ...refused, senet: 'fits', bilinear: 'fits' });
    expect(fits(flows['a vector'])).toMatchObject({ senet: 'refused', fm: 'refused', mean: 'refused', mlp: 'fits' });
  });

  it('refuses several outputs everywhere: one of them has to be named', () => {
    expect(new Set(Object.values(fits('same -> flatten -> mmoe(click)')))).toEqual(new Set(['refused']));
  });

  it('calls a block idle that gives back the vector that it got', () => {
    expect(fits(flows['a vector'])).toMatchObject({ flatten: 'idle', concat: 'idle', dropout: 'fits' });
    expect(fits(flows['a single field'])).toMatchObject({ flatten: 'fits' });
  });

  it('asks no more of a value than the least arguments do: fields of two widths have maps, and some f keeps their shape', () => {
    expect(fits('mixed')).toMatchObject({ ffm: 'fits', residual: 'fits', bilinear: 'refused' });
  });

  it('is as quick for very many fields', () => {
    const fields = Array.from({ length: 100_000 }, (_, at) => ({ name: `f${at}`, width: 4 }));
    const { span } = carried('same')!;
    expect(fitOf('bilinear', blocks.bilinear!, { kind: 'fields', fields }, span)).toBe('fits');
  });
});
