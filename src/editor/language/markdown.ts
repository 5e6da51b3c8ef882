/** Rows of the library as the text that hover and completion show. */
import type { BoundKind, KindRow, Parameter, Parameters } from '../../compiler/library/contract.ts';
import type { DeclarationEntry } from '../../compiler/library/declarations/entry.ts';
import { describeEntry, describeType } from '../../compiler/model/describe.ts';
import { printCall } from '../../compiler/model/print.ts';

export const fence = (text: string): string => `\`\`\`tower\n${text}\n\`\`\``;

/** `mlp(units…: whole number, activation: relu, last: linear)` */
export function signatureOf(name: string, parameters: Parameters): string {
  return signatureParts(name, parameters).text;
}

export interface SignatureText {
  readonly text: string;
  /** Offsets of each parameter in the text, by name. */
  readonly parameters: readonly { readonly name: string; readonly start: number; readonly end: number }[];
}

export function signatureParts(name: string, parameters: Parameters): SignatureText {
  let text = name;
  const places: SignatureText['parameters'][number][] = [];
  const entries = Object.entries(parameters);
  if (entries.length > 0) text += '(';
  for (const [at, [parameter, row]] of entries.entries()) {
    if (at > 0) text += ', ';
    const start = text.length;
    text += parameterText(parameter, row);
    places.push({ name: parameter, start, end: text.length });
  }
  if (entries.length > 0) text += ')';
  return { text, parameters: places };
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
    case 'numbers':
      return 'numbers';
    case 'number':
      return [type.is, ...Object.keys(type.or ?? {})].join(' | ');
    default:
      return type.is;
  }
}

export function printDefault(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printDefault).join(', ')}]`;
  if (typeof value === 'object' && value !== null && 'kind' in value) {
    return printCall(value as BoundKind);
  }
  return String(value);
}

/** One line for each argument: what it may be, its default, what it does. */
export function parameterLines(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, parameter]) => `- \`${parameterText(name, parameter)}\` — ${parameter.doc}`)
    .join('\n');
}

export function parameterDoc(name: string, parameter: Parameter): string {
  return [fence(parameterText(name, parameter)), parameter.doc, `It is ${describeType(parameter.type)}.`].join('\n\n');
}

/** What an entry does, what its value may be, and what it is where nothing is written. */
export function entryDoc(name: string, { type, doc, example, default: value }: DeclarationEntry): string {
  const otherwise = value === undefined ? '' : ` Default: \`${printDefault(value)}\`.`;
  return [`**${name}** · ${doc}`, `It is ${describeEntry(type)}.${otherwise}`, fence(`${name} = ${example}`)].join(
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
