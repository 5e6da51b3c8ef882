// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** Completes within a block or a loss of formulas: letters of axes, names of values, functions, and the words that begin and go on with a line. */
import type { IToken } from 'chevrotain';
import * as t from '../../../../grammar/tokens.ts';
import { block } from '../../../compiler/library/declarations/block_declaration.ts';
import { formulaWords, inputForms, lossInputForms } from '../../../compiler/library/formula_functions.ts';
import type { NamedSymbol } from '../../../compiler/model/occurrences.ts';
import { splitLines } from '../../../compiler/syntax/layout.ts';
import { depthOf, endsValue, is, isAny } from '../../../compiler/syntax/token.ts';
import { mayHaveFormula } from '../cursor.ts';
import { headOf } from '../hover.ts';
import { type Completion, type CompletionContext, snippetItem, symbolItem, unique } from './context.ts';

/** @param blocks completes a step of a flow. @returns undefined outside of formulas */
export function formulaItems(
  here: CompletionContext,
  blocks: () => readonly Completion[],
): readonly Completion[] | undefined {
  const { declaration, before, body } = here.place;
  if (!mayHaveFormula(declaration.word)) return undefined;
  const ofIndex = before.findIndex((token, index) => is(token, t.Of) && index > 1);
  if (!body) return headerItems(here, before, ofIndex);
  const open = before.findIndex((token) => is(token, t.LeftBrace));
  return lineItems(here, before.slice(open + 1), blocks);
}

const isLoss = ({ place }: CompletionContext): boolean => place.declaration.word === 'loss';

function headerItems(
  here: CompletionContext,
  before: readonly IToken[],
  ofIndex: number,
): readonly Completion[] | undefined {
  const lastToken = before.at(-1);
  if (ofIndex === -1) {
    const isNamed = is(lastToken, t.Name) && isAny(before.at(-2), [t.Block, t.Loss]);
    const input = isLoss(here) ? '${1:s}: ${2:scores[i, j]}' : '${1:x}: ${2:vector[d]}';
    const inputs = snippetItem('word', 'of', `of (${input}) {\n  give $0\n}`, block.words.give.brief);
    if (is(lastToken, t.Colon)) return isLoss(here) ? [] : [word('flow')];
    return isNamed || is(lastToken, t.RightParenthesis) ? [inputs] : undefined;
  }
  const openBracket = before.findLastIndex((token) => is(token, t.LeftBracket));
  const isWithin = openBracket > before.findLastIndex((token) => is(token, t.RightBracket));
  if (isWithin) {
    const isWidth = is(before[openBracket - 1], t.Name) && before[openBracket - 1]!.image === 'fields';
    return [...letters(here), ...(isWidth && is(lastToken, t.Comma) ? [word('any')] : [])];
  }
  return is(lastToken, t.Colon) ? forms(isLoss(here) ? lossInputForms : inputForms) : [];
}

/** @param tokens those of the body before the cursor */
function lineItems(
  here: CompletionContext,
  tokens: readonly IToken[],
  blocks: () => readonly Completion[],
): readonly Completion[] {
  const line = tokens.length === 0 ? [] : splitLines(tokens).at(-1)!;
  const isFresh = tokens.length === 0 || startsOther(here, tokens);
  if (isFresh && isLoss(here)) return [word('give')];
  if (isFresh) return isInScan(tokens) ? [] : lineWords;
  const [lastToken, previous] = [line.at(-1)!, line.at(-2)];
  const opened = openBracket(line);
  const isWeights = is(line[0], t.Weights);
  if (is(lastToken, t.Arrow) && !(isWeights && opened)) return blocks();
  if (is(opened, t.LeftBracket)) {
    if (isWeights && is(lastToken, t.Colon)) return [...numbers(here), ...letters(here), ...forms(sizeWords)];
    const isAfterLetter = is(lastToken, t.Name) && isWeights;
    return isAfterLetter ? [] : [...letters(here), ...(isWeights ? [word('each')] : [])];
  }
  if (is(lastToken, t.Over)) return letters(here);
  if (isAny(lastToken, [t.Where, t.And, t.Less, t.LessOrEqual])) return letters(here);
  const overIndex = line.findLastIndex((token) => is(token, t.Over));
  const isInLetters = overIndex !== -1 && line.slice(overIndex + 1).every((token) => isAny(token, [t.Name, t.Comma]));
  if (isInLetters && is(lastToken, t.Comma)) return letters(here);
  if (isInLetters) return isLoss(here) ? [] : [word('where')];
  const isTested = line.slice(Math.max(overIndex, 0)).findLastIndex((token) => is(token, t.Where)) > 0;
  if (isTested && !line.slice(overIndex).some((token) => is(token, t.LeftParenthesis)))
    return isAny(lastToken, [t.Equals, t.Plus, t.Minus]) ? letters(here) : [word('and')];
  if (is(lastToken, t.As)) return forms(inputForms);
  if (is(lastToken, t.LeftParenthesis) && isAxisWord(previous)) return letters(here);
  if (isWeights) {
    if (!is(lastToken, t.Equals)) return opened ? numbers(here) : [];
    return [...forms({ normal: formulaWords.normal, uniform: formulaWords.uniform }), ...numbers(here)];
  }
  const beginsValue = is(lastToken, t.Then) || (line.length === 1 && is(lastToken, t.Give));
  if (endsValue(lastToken) && !beginsValue) return wordsAfter(line, lastToken, here);
  return [...valuesOfFormula(here, is(lastToken, t.Inner)), ...forms(isLoss(here) ? lossWords : blockWords)];
}

/** The values that an expression may read at the cursor, parameters and constants. @param applies true after `@`: weights come first */
export function valuesOfFormula(here: CompletionContext, applies = false): readonly Completion[] {
  const { before } = here.place;
  const line = splitLines(before.slice(before.findIndex((token) => is(token, t.LeftBrace)) + 1)).at(-1);
  const lineStart = line?.[0]?.startOffset ?? here.place.start;
  // The states of a scan may read each other.
  const isState = isAny(line?.[0], [t.Scan, t.Repeat]);
  const isAbove = ({ span }: NamedSymbol): boolean => span.end < (isState ? here.place.start : lineStart);
  const above = symbolsOf(here, 'value').filter(isAbove);
  const isWeight = ({ node }: NamedSymbol): boolean => /^\w+\s*\[/.test(headText(node));
  const sorted = applies ? above.toSorted((a, b) => Number(isWeight(b)) - Number(isWeight(a))) : above;
  return unique([...sorted.map(valueItem), ...numbers(here)]);
}

const headText = ({ span }: NamedSymbol['node']): string => span.source.text.slice(span.start, span.end);

function valueItem(symbol: NamedSymbol): Completion {
  const axes = symbol.axes && symbol.axes.length > 0 ? `[${symbol.axes.join(', ')}]  ` : '';
  return { ...symbolItem(symbol), detail: `${axes}${headOf(symbol)}` };
}

const numbers = (here: CompletionContext): Completion[] => here.names('constant');

const letters = (here: CompletionContext): Completion[] =>
  unique(
    symbolsOf(here, 'letter')
      .filter(({ span, name }) => span.end < here.place.start && !(isLoss(here) && here.place.body && name === 'i'))
      .map((symbol) => ({ ...symbolItem(symbol), detail: symbol.node.doc ?? '' })),
  );

/** Returns the values or the letters that the block or the loss at the cursor declares. */
function symbolsOf({ facts, place }: CompletionContext, kind: 'value' | 'letter'): readonly NamedSymbol[] {
  const { name } = place.declaration;
  return facts.occurrences.flatMap((one) =>
    one.is === 'symbol' && one.declares && one.symbol.kind === kind && one.symbol.block === name ? [one.symbol] : [],
  );
}

type Forms = Readonly<Record<string, { readonly form: string; readonly doc: string }>>;

/** Returns words of expressions: those without the ones that a declaration may not have. */
const wordsWithout = (...names: readonly string[]): Forms => {
  const others = new Set([...Object.keys({ ...inputForms, ...lossInputForms }), 'normal', 'uniform', ...names]);
  return Object.fromEntries(Object.entries(formulaWords).filter(([name]) => !others.has(name)));
};
const blockWords = wordsWithout('own');
const lossWords = wordsWithout('floor', 'normalize', 'spread', 'size', 'place');
const sizeWords: Forms = {
  floor: formulaWords.floor,
  min: formulaWords.min,
  max: { ...formulaWords.max, form: 'max(a, b)' },
};

/** Completes words of formulas. The parts of a form are places to fill in: `sum over ${1:t} (${2:x})`. */
const forms = (rows: Forms): Completion[] =>
  Object.entries(rows).map(([label, { form, doc }]) => {
    let place = 0;
    const rest = form.slice(label.length).replace(/\d[\d.]*|\b(?!over\b)[a-z]\b/g, (part) => `\${${++place}:${part}}`);
    return { label, kind: 'kind', detail: form, doc, ...(place > 0 && { insert: `${label}${rest}`, snippet: true }) };
  });

const word = (label: keyof typeof block.words): Completion => ({
  label,
  kind: 'word',
  insert: `${label} `,
  doc: block.words[label].brief,
});

const lineWords: readonly Completion[] = [
  snippetItem('word', 'weights', 'weights ${1:A}[${2:d} -> ${3:u}: ${4:64}]', block.words.weights.brief),
  snippetItem('word', 'scan', 'scan over ${1:t} {\n  ${2:state}[${3:d}] = ${4:0} then $0\n}', block.words.scan.brief),
  word('shown'),
  word('give'),
  word('repeat'),
];

/** Completes the words that may follow a value. */
function wordsAfter(line: readonly IToken[], lastToken: IToken, here: CompletionContext): readonly Completion[] {
  const isGive = is(line[0], t.Give) && line.length > 1;
  const isState = isInScan(here.place.before) && line.some((token) => is(token, t.Equals));
  return [
    ...(is(lastToken, t.Name) && Object.hasOwn(formulaWords, lastToken.image) ? [word('over')] : []),
    ...(isGive && !isLoss(here) && !openBracket(line) ? [word('as')] : []),
    ...(isState && !line.some((token) => is(token, t.Then)) ? [word('then')] : []),
  ];
}

const isAxisWord = (token: IToken | undefined): boolean => ['size', 'count', 'place'].includes(token?.image ?? '');

/** True if a line may begin at the cursor: on a line of its own, after one that is complete. */
function startsOther({ facts, place }: CompletionContext, tokens: readonly IToken[]): boolean {
  const lastToken = tokens.at(-1)!;
  const { text } = facts.source;
  const isFirst = /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', place.start - 1) + 1, place.start));
  if (!isFirst) return is(lastToken, t.RightBrace);
  return (
    (endsValue(lastToken) || isAny(lastToken, [t.RightBrace, t.LeftBrace])) && !openBracket(splitLines(tokens).at(-1)!)
  );
}

const isInScan = (tokens: readonly IToken[]): boolean => {
  const scan = tokens.findLastIndex(
    (token, index) =>
      (is(token, t.Scan) && is(tokens[index + 1], t.Over)) ||
      (is(token, t.Repeat) && is(tokens[index + 2], t.LeftBrace)),
  );
  return (
    scan !== -1 && tokens.slice(scan).reduce((depth, token) => depth + (isBrace(token) ? depthOf(token) : 0), 0) > 0
  );
};

const isBrace = (token: IToken): boolean => isAny(token, [t.LeftBrace, t.RightBrace]);

/** Returns the innermost bracket of a line that is open, except braces. */
function openBracket(line: readonly IToken[]): IToken | undefined {
  const open: IToken[] = [];
  for (const token of line) {
    if (isBrace(token)) open.length = 0;
    else if (depthOf(token) > 0) open.push(token);
    else if (depthOf(token) < 0) open.pop();
  }
  return open.at(-1);
}
