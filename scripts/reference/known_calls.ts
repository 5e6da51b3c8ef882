/** What the parser's recovery knows of the library's calls: written to `src/compiler/syntax/known_calls.ts`, which imports no library. */
import { callsOf, type KindRow, type Parameters } from '../../src/compiler/library/contract.ts';
import { allTypes, entryTables } from '../../src/compiler/library/declarations/table.ts';
import { library } from '../../src/compiler/model/library.ts';

interface Known {
  readonly takes: Set<string>;
  readonly flags: Set<string>;
  numbers: boolean;
  flow: boolean;
}

function knownCalls(): ReadonlyMap<string, Known> {
  const calls = new Map<string, Known>();
  const add = (name: string, parameters: Parameters): void => {
    const call = calls.get(name) ?? { takes: new Set<string>(), flags: new Set<string>(), numbers: false, flow: false };
    calls.set(name, call);
    for (const [parameter, { type, positional }] of Object.entries(parameters)) {
      call.takes.add(parameter);
      if (type.is === 'flag') call.flags.add(parameter);
      if (positional && (type.is === 'integer' || type.is === 'number')) call.numbers = true;
      if (type.is === 'flow') call.flow = true;
      visit(callsOf(type));
    }
  };
  const visit = (table: Readonly<Record<string, KindRow>>, also: Parameters = {}): void => {
    for (const [name, row] of Object.entries(table)) add(name, { ...row.parameters, ...also });
  };
  for (const table of Object.values(library)) visit(table);
  for (const { type } of allTypes()) {
    if (type.is === 'kind') visit(type.of, type.also);
    if (type.is === 'kinds') visit(type.of);
    if (type.is === 'tasks') visit(type.weightings ?? {}, type.also);
    if (type.is === 'history') visit(type.of);
  }
  return calls;
}

const listEntries = allTypes().flatMap(({ name, type }) => (type.is === 'kinds' ? [name] : []));

export function knownCallsFile(): string {
  const lines = [...knownCalls()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { takes, flags, numbers, flow }]) => {
      const words = [...takes].map((word) => `${word}${flags.has(word) ? '?' : ''}`).join(' ');
      const marks = [...(numbers ? ['#'] : []), ...(flow ? ['->'] : []), words];
      return callLine(name, marks.filter((part) => part !== '').join(' '));
    });
  return `/**
 * Written by \`npm run generate\` from the library: change \`scripts/reference/known_calls.ts\`, not this. Each call and the names of its
 * arguments: \`?\` marks a word that is an argument by itself, \`#\` a call of plain numbers, \`->\` a call of a flow. Only recovery reads
 * it, to choose between two fixes; the language itself does not depend on it.
 */
export const callWords: Readonly<Record<string, string>> = {
${lines.join('\n')}
};

/** The entries of each declaration that has entries with names of the language. */
export const entryWords: Readonly<Record<'task' | 'train' | 'data', readonly string[]>> = {
${Object.entries(entryTables)
  .map(([word, rows]) => entryLine(word, Object.keys(rows)))
  .join('\n')}
};

/** Entries whose value is a list, with commas between its items. */
export const listEntries: readonly string[] = [${listEntries.map((name) => `'${name}'`).join(', ')}];
`;
}

/** On one line, or on two past the width of the formatter. */
function callLine(name: string, words: string): string {
  const line = `  ${name}: '${words}',`;
  return line.length <= 120 ? line : `  ${name}:\n    '${words}',`;
}

/** On one line, or a name a line past the width of the formatter. */
function entryLine(word: string, names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  const line = `  ${word}: [${quoted.join(', ')}],`;
  return line.length <= 120 ? line : `  ${word}: [\n${quoted.map((name) => `    ${name},\n`).join('')}  ],`;
}
