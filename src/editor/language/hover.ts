/** What is shown for the word, or the arrow, under the pointer. */
import * as t from '../../../grammar/tokens.ts';
import { type Span, textOf } from '../../base/text/source.ts';
import { labelKinds } from '../../compiler/library/declarations/labels.ts';
import { makeConstants } from '../../compiler/model/constants.ts';
import { rows } from '../../compiler/model/rules/table_budget.ts';
import { endOf, spanOf } from '../../compiler/syntax/token.ts';
import { printCost, thousands } from './costs.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { keywordDocAt } from './keywords.ts';
import { entryDoc, fence, kindDoc, parameterDoc } from './markdown.ts';
import { type Occurrence, occurrenceAt } from './occurrences/occurrence.ts';
import type { NamedSymbol } from './symbols.ts';
import { validFeatures } from './valid_features.ts';

export interface Hover {
  readonly span: Span;
  /** Markdown. */
  readonly text: string;
}

export function hoverAt(facts: FileAnalysis, offset: number): Hover | undefined {
  return arrowAt(facts, offset) ?? wordAt(facts, offset) ?? keywordAt(facts, offset);
}

/** `->` carries what is before it. */
function arrowAt(facts: FileAnalysis, offset: number): Hover | undefined {
  const { lexed, source } = facts;
  const token = lexed.tokens.find((one) => one.startOffset <= offset && offset <= (one.endOffset ?? one.startOffset));
  if (!token || !t.isOf(token, t.Arrow)) return undefined;
  const previous = lexed.tokens[lexed.tokens.indexOf(token) - 1];
  if (!previous) return undefined;
  const end = (previous.endOffset ?? previous.startOffset) + 1;
  const types = facts.typeEnding(end);
  const span = { source, start: token.startOffset, end: (token.endOffset ?? token.startOffset) + 1 };
  return types === undefined ? undefined : { span, text: fence(types) };
}

function wordAt(facts: FileAnalysis, offset: number): Hover | undefined {
  const occurrence = occurrenceAt(facts.occurrences, facts.source, offset);
  return occurrence && { span: occurrence.span, text: describe(facts, occurrence) };
}

function keywordAt({ lexed: { tokens }, source }: FileAnalysis, offset: number): Hover | undefined {
  const at = tokens.findIndex((token) => token.startOffset <= offset && offset <= endOf(token));
  const doc = at === -1 ? undefined : keywordDocAt(tokens, at);
  return doc === undefined ? undefined : { span: spanOf(source, tokens[at]!), text: doc };
}

function describe(facts: FileAnalysis, occurrence: Occurrence): string {
  switch (occurrence.is) {
    case 'symbol':
      return describeSymbol(facts, occurrence.symbol, occurrence.span);
    case 'kind': {
      const { what, name, row } = occurrence;
      return [kindDoc(what, name, row), what === 'block' ? flowLine(facts, occurrence.span) : '']
        .filter(isSaid)
        .join('\n\n');
    }
    case 'parameter':
      return parameterDoc(occurrence.name, occurrence.parameter);
    case 'word':
      return parameterDoc(occurrence.name, occurrence.parameter);
    case 'entry':
      return entryDoc(occurrence.name, occurrence.row);
    case 'label type':
      return labelKinds[occurrence.name].doc;
  }
}

const isSaid = (text: string): boolean => text !== '';

/** What a step gives, and what it costs: `→ vector[64] · 16,640 weights`. */
function flowLine(facts: FileAnalysis, word: Span): string {
  const given = facts.typeStarting(word.start);
  const cost = facts.costs.steps.get(word.start);
  return [given === undefined ? '' : `→ \`${given}\``, cost ? printCost(cost) : ''].filter(isSaid).join(' · ');
}

function describeSymbol(facts: FileAnalysis, symbol: NamedSymbol, at: Span): string {
  const { node } = symbol;
  return [fence(headOf(symbol)), node.doc ?? '', ...details(facts, symbol, at)].filter(isSaid).join('\n\n');
}

/** The declaration in one line, without its body. */
export function headOf({ kind, node, name, tower }: NamedSymbol): string {
  const text = textOf(node.span).replace(/\s+/g, ' ');
  switch (node.kind) {
    case 'TypedName':
      return `${kind} ${name} : ${textOf(node.value.span)}`;
    case 'Entry':
      return `column ${name} = ${textOf(node.value.span)}`;
    case 'TowerEntry':
      return `${tower} { ${cut(text)} }`;
    case 'Tower':
    case 'Task':
    case 'Data':
      return text.slice(0, text.indexOf('{') === -1 ? undefined : text.indexOf('{')).trim();
    case 'BlockParameter':
      return `parameter ${text}`;
    case 'Let':
    case 'Group':
    case 'Block':
    case 'ModelName':
      return cut(text);
  }
}

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)} …` : text);

function details(facts: FileAnalysis, symbol: NamedSymbol, at: Span): string[] {
  const { checked } = facts;
  const { resolution } = checked;
  switch (symbol.kind) {
    case 'feature':
      return [featureLine(facts, symbol.name)];
    case 'group': {
      const members = resolution.groups.get(symbol.name) ?? [];
      const carried = facts.typeStarting(at.start);
      const counted = `${members.length} ${members.length === 1 ? 'feature' : 'features'}`;
      return [carried === undefined ? counted : `${counted} · \`${carried}\``];
    }
    case 'constant': {
      const constants = makeConstants(resolution.scope.lets, () => {});
      const { node } = symbol;
      const value = node.kind === 'Let' ? constants.number(node.value, symbol.name, 'a number') : undefined;
      return value === undefined ? [] : [`= ${value}`];
    }
    case 'block':
      return [`${takenBefore(facts, at)}${flowLine(facts, at)}`];
    case 'parameter':
      return [`of block \`${symbol.block}\``];
    case 'tower': {
      const part = resolution.towers.find(({ name }) => name === symbol.name);
      const cost = facts.costs.towers.get(symbol.name);
      const channels = (part?.steps ?? []).filter(({ channel }) => channel);
      const lines = channels.map(({ name, node }) => `- \`${name}\`${endType(facts, node.flow.span)}`);
      return [cost ? printCost(cost) : '', lines.length > 0 ? `Channels:\n${lines.join('\n')}` : ''];
    }
    case 'channel':
    case 'step': {
      const flow = symbol.node.kind === 'TowerEntry' ? symbol.node.flow.span : undefined;
      const cost = facts.costs.towers.get(`${symbol.tower}.${symbol.name}`);
      return [[flow ? endType(facts, flow).trim() : '', cost ? printCost(cost) : ''].filter(isSaid).join(' · ')];
    }
    default:
      return [];
  }
}

/** `fields[9 × 16] `, of what the arrow before a step carries. */
function takenBefore(facts: FileAnalysis, at: Span): string {
  const { tokens } = facts.lexed;
  const word = at.source === facts.source ? tokens.findIndex(({ startOffset }) => startOffset === at.start) : -1;
  const [value, arrow] = word < 2 ? [] : tokens.slice(word - 2, word);
  if (!value || !arrow || !t.isOf(arrow, t.Arrow)) return '';
  const type = facts.typeEnding(endOf(value));
  return type === undefined ? '' : `\`${type}\` `;
}

/** ` → vector[64]`, of what a flow ends in. */
function endType(facts: FileAnalysis, flow: Span): string {
  const type = flow.source === facts.source ? facts.typeEnding(flow.end) : undefined;
  return type === undefined ? '' : ` → \`${type}\``;
}

function featureLine({ checked }: FileAnalysis, name: string): string {
  const lowered = validFeatures(checked.resolution).byName.get(name);
  if (!lowered) return '';
  const { plan, use } = lowered;
  const { encoder } = plan;
  const carried =
    plan.width === 0
      ? 'a key: no field'
      : use.pool === 'none' && use.max !== undefined
        ? `\`sequence[${use.max} × ${plan.width}]\``
        : `\`field[${plan.width}]\``;
  if (plan.through) {
    const { tower, channel } = plan.through;
    return `${carried} · each element is what \`${tower}.${channel}\` makes of its item`;
  }
  const file = 'file' in encoder ? encoder.file : undefined;
  const count = file === undefined ? rows(encoder) : 0;
  const shared = plan.encoderOf === name ? '' : `shares the table of \`${plan.encoderOf}\``;
  const table =
    plan.table === undefined || shared !== ''
      ? shared
      : count === 0
        ? `a table of width ${plan.width}, a row for each ${file === undefined ? 'value of the training part' : `line of \`${file}\``}`
        : `a table of ${thousands(count)} × ${plan.width} = ${thousands(count * plan.width)} numbers`;
  return [carried, table].filter(isSaid).join(' · ');
}
