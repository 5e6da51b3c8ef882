/**
 * A fix is safe only if the rest of the file keeps its meaning: after a single mistake in a valid file, whatever is declared on other lines is
 * declared after the safe fixes as it was before the mistake. 150 fixes here; `TOWER_FUZZ=1000` makes more, and `TOWER_FUZZ_SEED` begins
 * elsewhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { applySafeFixes } from '../../src/base/diagnostics/fixes.ts';
import { makeSource, positionAt, type Source } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';
import type * as Ast from '../../src/compiler/syntax/ast.ts';
import { parse } from '../../src/compiler/syntax/parse.ts';
import { pick, randomOf } from './edits.ts';
import { mistake, mistakeKinds } from './mistakes.ts';

const total = Number(process.env.TOWER_FUZZ ?? 150);
const firstSeed = Number(process.env.TOWER_FUZZ_SEED ?? 1);
const programs = ['models', 'models/data'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.tower'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
);
const found = (source: Source) => checkSource(source).diagnostics;

it(`${total} safe fixes leave the rest of the file as it was`, { timeout: 3600_000 }, () => {
  const damaged: string[] = [];
  for (let seed = firstSeed, done = 0; done < total; seed++) {
    const random = randomOf(seed);
    const program = pick(random, programs);
    const made = mistake(program, pick(random, mistakeKinds), random);
    if (!made) continue;
    const { text, fixed } = applySafeFixes(makeSource('program.tower', made.text), found, (next) =>
      makeSource('program.tower', next),
    );
    if (text === made.text) continue;
    done++;
    const [first, last] = made.lines;
    const after = declaredIn(text);
    for (const [path, { meaning, lines }] of declaredIn(program)) {
      if (lines[0] <= last && first <= lines[1]) continue;
      if (after.get(path)?.meaning === meaning) continue;
      damaged.push(`seed ${seed}, ${made.kind} on line ${first}, fixed by ${fixed.map(({ code }) => code)}: ${path}`);
    }
  }
  if (process.env.TOWER_FUZZ) console.log(`${damaged.length} damaged`);
  expect(damaged).toEqual([]);
});

interface Declared {
  /** Its tree without places. */
  readonly meaning: string;
  readonly lines: readonly [first: number, last: number];
}

/** Every entry, and every declaration but for its entries, by its path: `Task 2/loss`. */
function declaredIn(text: string): ReadonlyMap<string, Declared> {
  const { output } = parse(makeSource('program.tower', text));
  const found = new Map<string, Declared>();
  const counts = new Map<string, number>();
  const add = (path: string, node: Ast.DeclarationNode | Ast.EntryNode | object): void => {
    const { span } = node as { span: Ast.FileNode['span'] };
    const lines = [positionAt(span.source, span.start).line, positionAt(span.source, span.end).line] as const;
    found.set(path, { meaning: meaningOf(node), lines });
  };
  for (const node of output.declarations) {
    const count = (counts.get(node.kind) ?? 0) + 1;
    counts.set(node.kind, count);
    const own = `${node.kind} ${count}`;
    if (!('entries' in node)) add(own, node);
    else {
      const { entries, ...head } = node;
      const start = head.span.start;
      const brace = head.span.source.text.indexOf('{', start);
      add(own, { ...head, span: { ...head.span, end: brace === -1 ? start : brace } });
      for (const entry of entries as readonly (
        | Ast.EntryNode
        | Ast.TypedEntryNode
        | Ast.TowerEntryNode
        | Ast.SearchEntryNode
        | Ast.ColumnsNode
      )[]) {
        if (entry.kind !== 'Columns') add(`${own}/${nameOf(entry)}`, entry);
        else for (const one of entry.entries) add(`${own}/columns/${nameOf(one)}`, one);
      }
    }
  }
  return found;
}

const nameOf = (entry: object): string =>
  JSON.stringify(entry, (key, value) => (['value', 'span', 'more', 'doc', 'domain'].includes(key) ? undefined : value));

const meaningOf = (node: object): string =>
  JSON.stringify(node, (key, value) => (key === 'span' || key === 'doc' ? undefined : value));
