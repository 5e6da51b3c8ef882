/** What the parser's recovery knows of the library's calls: written to `src/syntax/known_calls.ts`, which imports no library. */
import type { KindRow, Parameters } from '../library/contract.ts';
import { past, splits } from '../model/data_kinds.ts';
import { library } from '../model/library.ts';
import { weightedTasks } from '../model/resolve/objective.ts';
import { stopParameters } from '../model/resolve/train.ts';

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
      if (type.is === 'kind') visit(type.of);
    }
  };
  const visit = (table: Readonly<Record<string, KindRow>>, also: Parameters = {}): void => {
    for (const [name, row] of Object.entries(table)) add(name, { ...row.parameters, ...also });
  };
  for (const table of Object.values(library)) visit(table);
  visit(library.metrics, stopParameters);
  visit(library.weightings, weightedTasks);
  visit(splits);
  visit({ past });
  return calls;
}

export function knownCallsFile(): string {
  const lines = [...knownCalls()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { takes, flags, numbers, flow }]) => {
      const words = [...takes].map((word) => `${word}${flags.has(word) ? '?' : ''}`).join(' ');
      return `  ${name}: '${[...(numbers ? ['#'] : []), ...(flow ? ['->'] : []), words].filter((part) => part !== '').join(' ')}',`;
    });
  return `/**
 * Written by \`npm run generate\` from the library: change \`src/reference/known_calls.ts\`, not this. Each call and the names of its
 * arguments: \`?\` marks a word that is an argument by itself, \`#\` a call of plain numbers, \`->\` a call of a flow. Only recovery reads
 * it, to choose between two mends; the language itself does not depend on it.
 */
export const callWords: Readonly<Record<string, string>> = {
${lines.join('\n')}
};
`;
}
