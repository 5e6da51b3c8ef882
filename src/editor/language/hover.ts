/** Explains the word, or the arrow, under the pointer. */
import * as t from '../../../grammar/tokens.ts';
import { type Span, spanText } from '../../base/text/source.ts';
import { labelKinds } from '../../compiler/library/declarations/labels_declaration.ts';
import { formulaWords } from '../../compiler/library/formula_functions.ts';
import { lowerParts } from '../../compiler/lower/lower.ts';
import { withoutBroken } from '../../compiler/model/complete.ts';
import { makeConstants } from '../../compiler/model/constants.ts';
import type { NamedSymbol, Occurrence } from '../../compiler/model/occurrences.ts';
import { rows } from '../../compiler/model/rules/embedding_tables.ts';
import { endOf, spanOf } from '../../compiler/syntax/token.ts';
import { printCost, thousands } from './costs.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { entryDoc, fence, keywordDocAt, kindDoc, parameterDoc } from './markdown.ts';

export interface Hover {
  readonly span: Span;
  /** Markdown. */
  readonly text: string;
}

export function hoverAt(facts: FileAnalysis, offset: number): Hover | undefined {
  return arrowAt(facts, offset) ?? wordAt(facts, offset) ?? keywordAt(facts, offset);
}

/** Shows for `->` the type that it carries. */
function arrowAt(facts: FileAnalysis, offset: number): Hover | undefined {
  const { lexed, source } = facts;
  const index = facts.tokenIndexAt(offset);
  const token = lexed.tokens[index];
  const previous = lexed.tokens[index - 1];
  if (!token || !previous || !t.isOf(token, t.Arrow)) return undefined;
  const type = facts.typeEnding(endOf(previous));
  return type === undefined ? undefined : { span: spanOf(source, token), text: fence(type) };
}

function wordAt(facts: FileAnalysis, offset: number): Hover | undefined {
  const occurrence = facts.occurrenceAt(offset);
  return occurrence && { span: occurrence.span, text: describe(facts, occurrence) };
}

function keywordAt(facts: FileAnalysis, offset: number): Hover | undefined {
  const { tokens } = facts.lexed;
  const index = facts.tokenIndexAt(offset);
  const doc = index === -1 ? undefined : keywordDocAt(tokens, index);
  return doc === undefined ? undefined : { span: spanOf(facts.source, tokens[index]!), text: doc };
}

function describe(facts: FileAnalysis, occurrence: Occurrence): string {
  switch (occurrence.is) {
    case 'symbol':
      return describeSymbol(facts, occurrence.symbol, occurrence.span);
    case 'kind': {
      const { what, name, row } = occurrence;
      return joined([kindDoc(what, name, row), what === 'block' ? flowLine(facts, occurrence.span) : ''], '\n\n');
    }
    case 'parameter':
    case 'word':
      return parameterDoc(occurrence.name, occurrence.parameter);
    case 'entry':
      return entryDoc(occurrence.name, occurrence.row);
    case 'label type':
      return labelKinds[occurrence.name].doc;
    case 'function': {
      const { form, doc } = formulaWords[occurrence.name];
      return `${fence(form)}\n\n${doc}`;
    }
  }
}

const joined = (parts: readonly string[], separator = ' · '): string =>
  parts.filter((text) => text !== '').join(separator);

/** Formats the output type and the size of a step: `→ vector[64] · 16,640 weights`. */
function flowLine(facts: FileAnalysis, word: Span): string {
  const typeText = facts.typeStarting(word.start);
  const cost = facts.costs.steps.get(word.start);
  return joined([typeText === undefined ? '' : `→ \`${typeText}\``, cost ? printCost(cost) : '']);
}

function describeSymbol(facts: FileAnalysis, symbol: NamedSymbol, at: Span): string {
  const { node } = symbol;
  return joined([fence(headOf(symbol)), node.doc ?? '', ...details(facts, symbol, at)], '\n\n');
}

/** Returns the declaration in one line, without its body. */
export function headOf({ kind, node, name, tower }: NamedSymbol): string {
  const nodeText = spanText(node.span).replace(/\s+/g, ' ');
  switch (node.kind) {
    case 'TypedName':
      return `${kind} ${name} : ${spanText(node.value.span)}`;
    case 'Entry':
      return `column ${name} = ${spanText(node.value.span)}`;
    case 'TowerEntry':
      return `${tower} { ${cut(nodeText)} }`;
    case 'Tower':
    case 'Task':
    case 'Data':
      return nodeText.slice(0, nodeText.indexOf('{') === -1 ? undefined : nodeText.indexOf('{')).trim();
    case 'BlockParameter':
      return `parameter ${nodeText}`;
    case 'Value':
      return kind === 'letter' ? `axis ${name}` : cut(nodeText);
    case 'Block':
    case 'Loss':
      return node.formula ? nodeText.slice(0, nodeText.indexOf('{')).trim() : cut(nodeText);
    case 'Let':
    case 'Group':
    case 'ModelName':
      return cut(nodeText);
  }
}

const isOfLoss = ({ checked }: FileAnalysis, { block, node }: NamedSymbol): boolean =>
  checked.resolution.scope.losses.get(block!)?.parameters.some((parameter) => parameter === node) === true;

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)} …` : text);

function details(facts: FileAnalysis, symbol: NamedSymbol, at: Span): string[] {
  const { checked } = facts;
  const { resolution } = checked;
  switch (symbol.kind) {
    case 'value':
    case 'letter':
      return [axesLine(facts, symbol)];
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
      const constantValue = node.kind === 'Let' ? constants.number(node.value, symbol.name, 'a number') : undefined;
      return constantValue === undefined ? [] : [`= ${constantValue}`];
    }
    case 'block':
      return [`${takenBefore(facts, at)}${flowLine(facts, at)}`];
    case 'parameter':
      return [`of ${isOfLoss(facts, symbol) ? 'loss' : 'block'} \`${symbol.block}\``];
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
      return [joined([flow ? endType(facts, flow).trim() : '', cost ? printCost(cost) : ''])];
    }
    default:
      return [];
  }
}

/** Formats the axes of a value of a formula, and their sizes at its uses: ``axes `[t, d]` · at its uses `[20, 64]`, `[50, 64]` ``. */
function axesLine(facts: FileAnalysis, { axes, block, kind }: NamedSymbol): string {
  if (!axes) return '';
  const ofUses = facts.usesOf(block!).map((sizes) => axes.map((letter) => sizes.get(letter) ?? 'any').join(', '));
  const texts = [...new Set(ofUses)].slice(0, mostUses).map((text) => (kind === 'letter' ? text : `\`[${text}]\``));
  const uses =
    axes.length === 0 || texts.length === 0
      ? ''
      : `${texts.length === 1 ? 'at its use' : 'at its uses'} ${texts.join(', ')}`;
  return joined([kind === 'letter' ? '' : axes.length === 0 ? 'a number' : `axes \`[${axes.join(', ')}]\``, uses]);
}

const mostUses = 4;

/** Returns the type that the arrow before a step carries, with a trailing space: `fields[9 × 16] `. */
function takenBefore(facts: FileAnalysis, at: Span): string {
  const { tokens } = facts.lexed;
  const word = at.source === facts.source ? tokens.findIndex(({ startOffset }) => startOffset === at.start) : -1;
  const [value, arrow] = word < 2 ? [] : tokens.slice(word - 2, word);
  if (!value || !arrow || !t.isOf(arrow, t.Arrow)) return '';
  const type = facts.typeEnding(endOf(value));
  return type === undefined ? '' : `\`${type}\` `;
}

/** Returns the type that a flow ends in: ` → vector[64]`. */
function endType(facts: FileAnalysis, flow: Span): string {
  const type = flow.source === facts.source ? facts.typeEnding(flow.end) : undefined;
  return type === undefined ? '' : ` → \`${type}\``;
}

function featureLine({ checked }: FileAnalysis, name: string): string {
  const lowered = lowerParts(withoutBroken(checked.resolution), false).features.byName.get(name);
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
  const rowCount = file === undefined ? rows(encoder) : 0;
  const shared = plan.encoderOf === name ? '' : `shares the table of \`${plan.encoderOf}\``;
  const table =
    plan.table === undefined || shared !== ''
      ? shared
      : rowCount === 0
        ? `a table of width ${plan.width}, a row for each ${file === undefined ? 'value of the training part' : `line of \`${file}\``}`
        : `a table of ${thousands(rowCount)} × ${plan.width} = ${thousands(rowCount * plan.width)} numbers`;
  return joined([carried, table]);
}
