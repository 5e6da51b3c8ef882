/** Writes rows of the library and words of the grammar as the text that hover and completion show. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import type { KindRow, Parameter, Parameters } from '../../compiler/library/contract.ts';
import { block } from '../../compiler/library/declarations/block_declaration.ts';
import { data } from '../../compiler/library/declarations/data_declaration.ts';
import type { DeclarationEntry } from '../../compiler/library/declarations/entry.ts';
import { search } from '../../compiler/library/declarations/search_declaration.ts';
import { declarations } from '../../compiler/library/declarations/table.ts';
import { tower } from '../../compiler/library/declarations/tower_declaration.ts';
import { describeType } from '../../compiler/model/describe.ts';
import { printDefault } from '../../compiler/model/print_model.ts';
import { isDeclarationWord, looksLikeDeclaration } from '../../compiler/syntax/layout.ts';
import { is, isAny } from '../../compiler/syntax/token.ts';

export const fence = (text: string): string => `\`\`\`tower\n${text}\n\`\`\``;

/** `mlp(units…: whole number, activation: relu, last: linear)` */
export function signatureOf(name: string, parameters: Parameters): string {
  return signatureParts(name, parameters).text;
}

interface SignatureText {
  readonly text: string;
  /** Offsets of each parameter in the text, by name. */
  readonly parameters: readonly { readonly name: string; readonly start: number; readonly end: number }[];
}

export function signatureParts(name: string, parameters: Parameters): SignatureText {
  let text = name;
  const parameterSpans: SignatureText['parameters'][number][] = [];
  const entries = Object.entries(parameters);
  if (entries.length > 0) text += '(';
  for (const [index, [parameter, row]] of entries.entries()) {
    if (index > 0) text += ', ';
    const start = text.length;
    text += parameterText(parameter, row);
    parameterSpans.push({ name: parameter, start, end: text.length });
  }
  if (entries.length > 0) text += ')';
  return { text, parameters: parameterSpans };
}

/** `dim: integer = 8`, `units…: integer`, `[standardize]` */
export function parameterText(name: string, parameter: Parameter): string {
  const { type, rest, required, default: value } = parameter;
  if (type.is === 'flag') return `[${name}]`;
  const typed = `${name}${rest ? '…' : required || value !== undefined ? '' : '?'}: ${shortType(parameter)}`;
  const shown = value === undefined || rest ? undefined : printDefault(value);
  return shown === undefined ? typed : `${typed} = ${shown}`;
}

function shortType({ type }: Parameter): string {
  switch (type.is) {
    case 'choice':
      return type.of.join(' | ');
    case 'kind':
      return Object.keys(type.of).join(' | ');
    case 'name':
      return type.of;
    case 'side':
      return 'tower';
    case 'number':
      return [type.is, ...Object.keys(type.or ?? {})].join(' | ');
    default:
      return type.is;
  }
}

/** Formats one line for each argument: type, default, description. */
export function parameterLines(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, parameter]) => `- \`${parameterText(name, parameter)}\` — ${parameter.doc}`)
    .join('\n');
}

export function parameterDoc(name: string, parameter: Parameter): string {
  return [fence(parameterText(name, parameter)), parameter.doc, `It is ${describeType(parameter.type)}.`].join('\n\n');
}

/** Describes what an entry does, what its value may be, and its default. */
export function entryDoc(name: string, { type, doc, example, default: value }: DeclarationEntry): string {
  const otherwise = value === undefined ? '' : ` Default: \`${printDefault(value)}\`.`;
  return [`**${name}** · ${doc}`, `It is ${describeType(type)}.${otherwise}`, fence(`${name} = ${example}`)].join(
    '\n\n',
  );
}

export function kindDoc(what: string, name: string, row: KindRow, extra: Parameters = {}): string {
  const parameters = { ...row.parameters, ...extra };
  return [
    fence(signatureOf(name, parameters)),
    `*${what}* · ${row.doc}`,
    row.formula === undefined ? '' : `\`\`\`text\n${row.formula.join('\n')}\n\`\`\``,
    parameterLines(parameters),
    row.paper === undefined ? '' : `*${row.paper}*`,
    `Example: \`${row.example}\``,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export const keywordDocs = {
  channel: tower.words.channel.brief,
  columns: data.words.columns.brief,
  keyed: tower.words.keyed.brief,
  by: tower.words.by.brief,
  one: search.words.one.brief,
  of: search.words.of.brief,
  log: search.words.log.brief,
  ...Object.fromEntries(Object.entries(block.words).map(([word, { brief }]) => [word, brief])),
};

/** True if the token is a word of the grammar and not a name. */
export function isKeyword(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at];
  const next = tokens[at + 1];
  if (isDeclarationWord(tokens, at)) return looksLikeDeclaration(tokens, at) || !isAny(next, [t.Equals, t.Colon]);
  if (is(token, t.Columns)) return is(next, t.LeftBrace);
  if (is(token, t.Channel)) return is(next, t.Name);
  if (is(token, t.One)) return is(next, t.Of);
  if (is(token, t.Of)) return is(tokens[at - 1], t.One) || is(next, t.LeftParenthesis);
  if (is(token, t.Log)) return is(tokens[at - 1], t.Colon) && isAny(next, [t.NumberToken, t.Minus, t.Name]);
  if (isAny(token, [t.Keyed, t.By])) return true;
  return isFormulaWord(tokens, at);
}

/** True for a word of a formula: a word follows it that is no sign, and before `over` and `as` stands a value. */
function isFormulaWord(tokens: readonly IToken[], at: number): boolean {
  const [previous, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (is(token, t.Flow)) return is(previous, t.Colon) && isAny(next, [t.Comma, t.RightParenthesis, t.Equals]);
  if (isAny(token, [t.Weights, t.Scan, t.Repeat, t.Shown, t.Any, t.Each])) return is(next, t.Name);
  if (is(token, t.Give)) return !isAny(next, [t.Equals, t.Colon, t.Comma]) && !isAny(previous, [t.Comma, t.Arrow]);
  if (isAny(token, [t.Over, t.As]))
    return is(next, t.Name) && isAny(previous, [t.Name, t.RightParenthesis, t.RightBracket, t.NumberToken]);
  return (
    isAny(token, [t.Where, t.And, t.Then]) &&
    isAny(previous, [t.Name, t.NumberToken, t.RightParenthesis, t.RightBracket])
  );
}

/** Explains the word of the grammar at an index; nothing if it is a name. */
export function keywordDocAt(tokens: readonly IToken[], at: number): string | undefined {
  if (!isKeyword(tokens, at)) return undefined;
  if (is(tokens[at], t.Of) && is(tokens[at + 1], t.LeftParenthesis)) return 'Begins the inputs of a formula.';
  const isKey = is(tokens[at], t.By) && is(tokens[at - 1], t.Keyed);
  const word = isKey ? 'keyed' : tokens[at]!.image;
  if (Object.hasOwn(keywordDocs, word)) return keywordDocs[word as keyof typeof keywordDocs];
  // The text for `shared` explains `shared block`.
  const declaration = is(tokens[at - 1], t.Shared) ? 'shared' : word;
  return isDeclaration(declaration) ? declarations[declaration].brief : undefined;
}

const isDeclaration = (word: string): word is keyof typeof declarations => Object.hasOwn(declarations, word);
