/** Laws over every entry of every declaration: the checker, the editor and `tower explain` all say what its row says. */
import { describe, expect, it } from 'vitest';
import type { DeclarationRow } from '../../../../src/compiler/library/declarations/entry.ts';
import { declarations, type EntryPlace, entryTables } from '../../../../src/compiler/library/declarations/table.ts';
import { completionsAt } from '../../../../src/editor/language/completion.ts';
import { hoverAt } from '../../../../src/editor/language/hover.ts';
import { wordsNamed } from '../../../../src/editor/reference/reference_page.ts';
import { defaultMeasures } from '../../../../src/training/evaluation/figures.ts';
import { factsOf } from '../../../editor/lsp/marked.ts';
import { checkText, model } from '../../model/check_text.ts';

const rows = (Object.keys(entryTables) as EntryPlace[]).flatMap((place) =>
  Object.entries(entryTables[place]).map(([name, row]) => ({ place, name, row })),
);

/** A whole program with one entry more, or one in place of its own. */
function programWith(place: EntryPlace, name: string, value: string): string {
  const usual: Readonly<Record<EntryPlace, Readonly<Record<string, string>>>> = {
    task: {
      score: 'cosine(user, item)',
      loss: 'softmax(in_batch, temperature: 0.1)',
      ...(name === 'label' ? { score: '10 * cosine(user, item)', loss: 'bce' } : {}),
    },
    train: {},
    data: { events: '"a.csv"', time: '"t"', split: 'by_time' },
  };
  const entries = Object.entries({ ...usual[place], [name]: value }).map(([key, text]) => `  ${key} = ${text}`);
  const body = `{\n${entries.join('\n')}\n}`;
  if (place === 'data') return `data d ${body}\n`;
  const labels = 'labels { clicked: binary, seconds: number }';
  const task = place === 'task' ? entries.join('\n') : undefined;
  return model({
    before: labels,
    ...(task === undefined ? {} : { task }),
    after: place === 'train' ? `train ${body}` : '',
  });
}

describe('an entry', () => {
  it.each(rows)('$name of $place has an example that checks', ({ place, name, row }) => {
    const { diagnostics } = checkText(programWith(place, name, row.example));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it.each(rows)('$name of $place refuses what is of no type, at its value', ({ place, name, row }) => {
    const wrong = row.type.is === 'sql' || row.type.is === 'file' ? '1' : '"x" ';
    const errors = checkText(programWith(place, name, wrong)).diagnostics.filter(
      ({ severity }) => severity === 'error',
    );
    expect(errors.length).toBeGreaterThan(0);
    expect(errors[0]!.message.length).toBeGreaterThan(0);
  });

  it.each(rows)('$name of $place is offered, and is not once it is there', ({ place, name }) => {
    const text = programWith(place, 'zzz', '1');
    const offered = (written: string): readonly string[] =>
      completionsAt(factsOf(written), written.indexOf('zzz')).items.map(({ label }) => label);
    const own = new RegExp(`(?<=^|[{ ]) *${name} = .*\n`, 'm');
    expect(offered(text.replace(own, ''))).toContain(name);
    expect(offered(text.replace('  zzz', `  ${name} = 1\n  zzz`))).not.toContain(name);
  });

  it.each(rows)('$name of $place has its doc where the pointer is, and in `tower explain`', ({ place, name, row }) => {
    const text = programWith(place, name, row.example);
    const at = text.lastIndexOf(`  ${name} = `) + 3;
    expect(hoverAt(factsOf(text), at)?.text).toContain(row.doc);
    expect(wordsNamed(name).map(({ what }) => what)).toContain(`entry of \`${place}\``);
    expect(row.doc).toMatch(/\.$/);
  });
});

it('names the usual metrics as evaluation has them', () => {
  const written = defaultMeasures.map(({ metric, k }) => (k === undefined ? metric : `${metric}(${k})`));
  expect(entryTables.train.metrics!.doc).toContain(`${written.join(', ')}.`);
});

describe('a declaration', () => {
  it.each(Object.entries<DeclarationRow>(declarations))(
    '%s is documented',
    (word, { brief, doc, example, snippet }) => {
      for (const text of [brief, doc]) expect(text).toMatch(/^[A-Z`].*\.$/);
      expect(example).toContain(word);
      expect(snippet.join('\n')).toContain(word);
    },
  );
});
