/** Writes the grammar as text from the parser itself, so that they cannot differ. */

import {
  Alternation,
  type Alternative,
  type IProduction,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  Terminal,
  type TokenType,
} from 'chevrotain';
import { namePattern } from '../src/base/text/names.ts';
import { TowerParser } from './parser.ts';
import { DocComment, Name, NumberToken, Text } from './tokens.ts';

/** Returns each rule with its production, in the order of the parser: `let` → `"let" Name "=" expression`. */
export function productions(): ReadonlyMap<string, string> {
  const rules = new TowerParser().getGAstProductions();
  return new Map(Object.values(rules).map((rule) => [rule.name, sequence(rule.definition)]));
}

/** Returns the text of `tower.ebnf`. */
export function ebnf(): string {
  const lines = [...productions()].map(([name, production]) => wrap(`${name} = ${production} ;`));
  return `${preface}\n${lines.join('\n')}\n\n${lexical()}`;
}

const preface = `(* The grammar of Tower. Written by \`npm run generate\` from grammar/parser.ts: change that, not this.

   { x }  any number of times     [ x ]  once or not at all     x | y  either     "x"  as it is

   Words of the grammar are names too: a feature may be called channel. Blanks and newlines only separate. Entries need no
   separator: each begins with a word, \`name =\` or \`name :\`. *)
`;

function lexical(): string {
  const named: readonly (readonly [TokenType, string])[] = [
    [NumberToken, '30_000, 0.05, 1e-3, 10%'],
    [Text, String.raw`"movies.csv"; inside: \" \\ \n \t \r \u{1F600}`],
    [DocComment, 'belongs to what follows'],
  ];
  const rows = named.map(([type, doc]) => `${type.name} = ${pattern(type)} ;  (* ${doc} *)`);
  return `${[`${Name.name} = ? ${namePattern.source.slice(1, -1)} ? ;`, ...rows, 'Comment = ? // up to the end of the line ? ;'].join('\n')}\n`;
}

function pattern(type: TokenType): string {
  return `? ${String(type.PATTERN).slice(1, -1)} ?`;
}

function sequence(parts: readonly IProduction[]): string {
  return parts.map((part) => production(part, parts.length > 1)).join(' ');
}

function production(part: IProduction, among: boolean): string {
  if (part instanceof Terminal) {
    const { PATTERN, name } = part.terminalType;
    return typeof PATTERN === 'string' ? `"${PATTERN}"` : name;
  }
  if (part instanceof NonTerminal) return part.nonTerminalName;
  if (part instanceof Option) return `[ ${sequence(part.definition)} ]`;
  if (part instanceof Repetition) return `{ ${sequence(part.definition)} }`;
  if (part instanceof RepetitionMandatory) {
    const once = sequence(part.definition);
    return `${once} { ${once} }`;
  }
  if (part instanceof Alternation) {
    const alternatives = part.definition.map((one) => sequence((one as Alternative).definition)).join(' | ');
    return among ? `( ${alternatives} )` : alternatives;
  }
  throw new Error(`invariant: no words for ${part.constructor.name}`);
}

/** Wraps long productions; continuation lines are indented to the first alternative. */
function wrap(line: string): string {
  if (line.length <= 120) return line;
  const indent = ' '.repeat(line.indexOf('=') + 2);
  let column = 0;
  return line
    .split(' ')
    .map((word) => {
      const breaks = column + word.length > 110;
      column = breaks ? indent.length + word.length : column + word.length + 1;
      return breaks ? `\n${indent}${word}` : word;
    })
    .join(' ')
    .replaceAll(' \n', '\n');
}
