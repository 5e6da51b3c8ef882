// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** Completes at an offset: values, arguments of calls and steps of flows. `context.ts` completes everything else. */
import * as t from '../../../grammar/tokens.ts';
import { codes } from '../../base/diagnostics/codes.ts';
import type { Span } from '../../base/text/source.ts';
import { type KindRow, kindsWithin, type Parameter } from '../../compiler/library/contract.ts';
import type { EntryType } from '../../compiler/library/declarations/entry.ts';
import { entriesOf } from '../../compiler/library/declarations/table.ts';
import { biasWords } from '../../compiler/library/scores/table.ts';
import { aboutIgnores } from '../../compiler/lint/ignores.ts';
import { endOf, is } from '../../compiler/syntax/token.ts';
import { calleeAt, kindsOfEntry, searchedSlot, typeAt } from './callee.ts';
import {
  argumentItem,
  type Completion,
  CompletionContext,
  type CompletionSurroundings,
  declarationSnippets,
  domainsAt,
  entriesAt,
  headerAt,
  kindItems,
  quotedAt,
  snippetItem,
  symbolItem,
  textCompletions,
  unique,
} from './completion/context.ts';
import { fittingFirst } from './completion/fitting_blocks.ts';
import { formulaItems, valuesOfFormula } from './completion/formula_items.ts';
import { type CallAtCursor, cursorAt, type EditorCursor, mayHaveFormula } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { keywordDocs, kindDoc } from './markdown.ts';

function valueCompletions(here: CompletionContext): readonly Completion[] {
  if (here.place.declaration.word === 'search') return searchedAt(here);
  const type = typeAt(here.place);
  return type ? valuesOf(here, type) : [];
}

function searchedAt(here: CompletionContext): readonly Completion[] {
  const type = searchedSlot(here.facts, here.place)?.type;
  return domainsAt(here) ?? (!type || type.is === 'constant' ? here.names('constant') : valuesOf(here, type));
}

function valuesOf(here: CompletionContext, type: EntryType): readonly Completion[] {
  const { place } = here;
  const entry = place.entry?.name ?? '';
  switch (type.is) {
    case 'integer':
    case 'number':
      return here.names('constant');
    case 'choice':
      return type.of.map((label) => ({ label, kind: 'word', ...docOf(here, entry) }));
    case 'kind':
      return kindItems(type.what ?? entry, kindsOfEntry(here.library, type), type.also);
    case 'kinds':
      // After a comma, the next entry may also begin.
      return [...kindItems(type.what, type.of), ...(is(place.before.at(-1), t.Comma) ? entriesAt(here) : [])];
    case 'reference':
      return here.names(...[...type.of].reverse());
    case 'score':
      return scoreParts(here);
    case 'tasks':
      return [
        ...here.names('task'),
        ...(type.weightings ? kindItems('weighting', type.weightings) : []),
        ...here.names('constant'),
      ];
    case 'features': {
      const writtenNames = new Set(place.declaration.tokens.map((token) => token.image));
      return here.inputs('feature', 'group').filter(({ label }) => !writtenNames.has(label));
    }
    case 'flow':
      return blocksAt(here);
    case 'channel':
      return place.arrows === 0 ? beginningsAt(here) : blocksAt(here);
    case 'file':
    case 'path':
    case 'sql':
      return fileOrColumn(here, type);
    case 'history':
      return Object.entries(type.of).map(([name, row]) => historyItem(name, row));
    default:
      return [];
  }
}

function docOf({ place }: CompletionContext, entry: string): Pick<Completion, 'doc'> {
  const row = entriesOf(place.declaration.word)[entry];
  return row ? { doc: row.doc } : {};
}

/** Completes a score; after a sign also what may be added to a score. */
function scoreParts(here: CompletionContext): readonly Completion[] {
  const { place } = here;
  const lastToken = place.before.at(-1);
  const addedWord = (label: 'mean' | 'bias'): Completion => ({ label, kind: 'word', doc: biasWords[label].doc });
  if (is(lastToken, t.Dot)) return unique([...sidesAt(here), addedWord('bias')]);
  const isBegun = is(lastToken, t.Plus) || is(lastToken, t.Minus) || is(lastToken, t.Times);
  const factors = is(lastToken, t.Plus) || is(lastToken, t.Minus) ? [] : here.names('task');
  const otherTasks = factors.filter(({ label }) => label !== place.declaration.name);
  return [
    ...scores(here),
    ...otherTasks,
    ...(isBegun ? [...here.names('tower'), addedWord('mean')] : []),
    ...here.names('constant'),
  ];
}

function scores({ symbols, library }: CompletionContext): Completion[] {
  const [query = 'user', answer = 'item'] = symbols.all('tower').map(({ name }) => name);
  return kindItems('score', library.scores).map((kind) => ({
    ...kind,
    insert: `${kind.label}(\${1:${query}}, \${2:${answer}})`,
    snippet: true,
  }));
}

function fileOrColumn(here: CompletionContext, type: EntryType): readonly Completion[] {
  const lastToken = here.place.before.at(-1);
  if (is(lastToken, t.By)) return unique([...here.names('feature'), ...here.columns()]);
  if (!is(lastToken, t.Text)) return quotedAt(here);
  return type.is === 'file' && type.by ? [{ label: 'by', kind: 'word', insert: 'by ', doc: keywordDocs.by }] : [];
}

function historyItem(label: string, row: KindRow): Completion {
  const insert = `${label}(\${1:item_id}, \${2:${row.parameters.max!.default}})`;
  return snippetItem('kind', label, insert, kindDoc('history', label, row));
}

/** @param outer the calls around this one, outermost first */
function argumentsAt(
  here: CompletionContext,
  call: CallAtCursor,
  outer: readonly CallAtCursor[],
): readonly Completion[] {
  const { facts, place } = here;
  const lastToken = place.before.at(-1);
  const calledKind = calleeAt(facts, place, call, outer);
  if (!calledKind) return [];
  if (calledKind.what === 'score' && call.argument === undefined && (is(lastToken, t.Dot) || call.index < 2)) {
    return sidesAt(here);
  }
  if (calledKind.what === 'history' && call.index === 0) return unique([...here.names('feature'), ...here.columns()]);
  const { parameters } = calledKind;
  // A flow may begin with a block that takes several values: `concat(deep, wide)`.
  const beginsFlow =
    calledKind.what === 'block' && place.declaration.word === 'tower' && call.arrows === 0 && outer.length === 0;
  if (beginsFlow && is(lastToken, t.Dot)) return here.names('task');
  if (call.argument !== undefined && calledKind.inputs?.includes(call.argument))
    return mayHaveFormula(place.declaration.word) ? valuesOfFormula(here) : beginningsAt(here);
  const namedParameter = call.argument === undefined ? undefined : parameters[call.argument];
  if (call.argument !== undefined) return namedParameter ? argumentValues(here, call.argument, namedParameter) : [];
  const givenTexts = call.given.map((tokens) => tokens.map(({ image }) => image).join(''));
  const givenFlags = givenTexts.filter((text) => parameters[text]?.type.is === 'flag');
  const byPlaces = Object.keys(parameters).filter((name) => isByPlace(parameters[name]!));
  const takenNames = new Set([
    ...call.named,
    ...givenFlags,
    ...byPlaces.slice(0, givenTexts.length - givenFlags.length - namedBefore(call)),
  ]);
  const freeParameters = Object.entries(parameters).filter(([parameter]) => !takenNames.has(parameter));
  // In the order of the library, which is by importance. Words of a choice are unclear without the name of their argument, so they come later.
  const freeChoices = freeParameters.filter(([, { type, positional }]) => isChoice(type) && !positional);
  return unique([
    ...(beginsFlow ? beginningsAt(here).filter(({ label }) => !givenTexts.includes(label)) : []),
    ...freeParameters.flatMap(([parameter, row]) => [
      ...byPlace(here, parameter, row),
      ...(row.type.is === 'flag' ? [] : [argumentItem(call.callee.image, parameter, row)]),
    ]),
    ...freeChoices.flatMap(([parameter, row]) => argumentValues(here, parameter, row)),
  ]);
}

const isByPlace = ({ positional, rest, type }: Parameter): boolean =>
  positional === true && !rest && type.is !== 'flag';

const namedBefore = ({ given }: CallAtCursor): number => given.filter((tokens) => is(tokens[1], t.Colon)).length;

const isChoice = ({ is }: Parameter['type']): boolean => is === 'choice' || is === 'kind';

/** Completes towers; after a dot the channels of one. */
function sidesAt(here: CompletionContext): readonly Completion[] {
  const { before } = here.place;
  const tower = is(before.at(-1), t.Dot) ? before.at(-2)?.image : undefined;
  if (tower === undefined) return here.names('tower');
  return here.symbols
    .steps(tower)
    .filter(({ kind }) => kind === 'channel')
    .map(symbolItem);
}

/** Completes an argument that is given by its position. */
function byPlace(here: CompletionContext, name: string, parameter: Parameter): readonly Completion[] {
  const { type, positional } = parameter;
  if (type.is === 'flag') return [{ label: name, kind: 'choice', detail: 'flag', doc: parameter.doc }];
  return positional ? argumentValues(here, name, parameter) : [];
}

function argumentValues(here: CompletionContext, name: string, parameter: Parameter): readonly Completion[] {
  const { type } = parameter;
  switch (type.is) {
    case 'choice':
      return type.of.map((label) => {
        const defaultNote = label === parameter.default ? ' (default)' : '';
        return { label, kind: 'choice', detail: `${name}${defaultNote}`, doc: parameter.doc };
      });
    case 'flag':
      return ['true', 'false'].map((label) => ({ label, kind: 'choice', detail: name }));
    case 'kind':
      return kindItems(name, type.of);
    case 'name':
      return here.names(type.of);
    case 'column':
      return unique([...here.names('column'), ...here.columns()]);
    case 'side':
      return sidesAt(here);
    case 'feature':
      return [...here.names('feature'), ...kindItems('kind of feature', here.library.features)];
    case 'flow':
      return blocksAt(here);
    case 'number':
      return [...kindItems(name, kindsWithin(type)), ...here.names('constant')];
    case 'integer':
    case 'numbers':
      return here.names('constant');
    default:
      return [];
  }
}

function blocksAt(here: CompletionContext): Completion[] {
  const declaredBlocks = here.names('block');
  const declaredNames = new Set(declaredBlocks.map(({ label }) => label));
  const libraryBlocks = kindItems('block', here.library.blocks).filter(({ label }) => !declaredNames.has(label));
  return fittingFirst(here, [...declaredBlocks, ...libraryBlocks]);
}

/** Completes the beginning of a flow; after a dot the outputs of a block that gives several, which have the names of tasks. */
function beginningsAt(here: CompletionContext): Completion[] {
  return is(here.place.before.at(-1), t.Dot) ? here.names('task') : sources(here);
}

/** Completes the beginning of a flow: earlier steps, the tower's inputs and their features; outside a call also blocks that join several values. */
function sources({ facts, library, place, symbols }: CompletionContext): Completion[] {
  const { declaration, entry, start, calls } = place;
  const tower = facts.checked.resolution.towers.find(({ name }) => name === declaration.name);
  const stepsAbove = symbols
    .steps(declaration.name ?? '')
    .filter(({ span, name }) => span.end <= start && name !== entry?.name);
  const towerInputs = (tower?.inputs ?? [])
    .flatMap(({ name, groups }) => [name, ...groups])
    .flatMap((name) => symbols.find(name, 'group', 'feature') ?? []);
  const towerFeatures = (tower?.features ?? []).flatMap((name) => symbols.find(name, 'feature') ?? []);
  const joinBlocks = kindItems('block', library.blocks).filter(({ label }) => library.blocks[label]!.join);
  return unique([
    ...[...stepsAbove, ...towerInputs, ...towerFeatures].map(symbolItem),
    ...(calls.length > 0 ? [] : joinBlocks),
  ]);
}

/** Returns the items, and the span of the text that each replaces. */
export function completionsAt(
  facts: FileAnalysis,
  offset: number,
  around: CompletionSurroundings = {},
): { readonly span: Span; readonly items: readonly Completion[] } {
  const editorCursor = cursorAt(facts, offset);
  if (!editorCursor) {
    const { start, items } = ignoresAt(facts, offset) ?? { start: offset, items: [] };
    return { span: { source: facts.source, start, end: offset }, items };
  }
  const wordStart = editorCursor.text?.start ?? editorCursor.start;
  const span = { source: facts.source, start: wordStart, end: editorCursor.text ? editorCursor.text.end : offset };
  return { span, items: itemsAt(facts, editorCursor, around) };
}

function itemsAt(facts: FileAnalysis, place: EditorCursor, around: CompletionSurroundings): readonly Completion[] {
  const { text, declaration, body, value, calls } = place;
  if (!declaration) return text ? [] : declarationSnippets;
  const here = new CompletionContext(facts, { ...place, declaration }, around);
  if (text) return textCompletions(here);
  const call = calls.at(-1);
  const inFormula = call ? undefined : formulaItems(here, () => blocksAt(here));
  if (inFormula) return inFormula;
  if (!value) return body ? entriesAt(here) : headerAt(here);
  return call ? argumentsAt(here, call, calls.slice(0, -1)) : valueCompletions(here);
}

/** Completes the code in a comment that ignores it: returns where its typed part begins, and the codes that fit. Undefined elsewhere. */
function ignoresAt(
  { checked, lexed, source }: FileAnalysis,
  offset: number,
): { readonly start: number; readonly items: readonly Completion[] } | undefined {
  const comment = lexed.comments.find((one) => one.startOffset < offset && offset <= endOf(one));
  const typedCode = comment && /^\/\/\s*tower-ignore\s+([a-z-]*)$/.exec(source.text.slice(comment.startOffset, offset));
  if (!typedCode) return undefined;
  const foundCodes = checked.diagnostics.filter(({ severity }) => severity === 'warning').map(({ code }) => code);
  const offeredCodes = [...new Set([...foundCodes, ...warnings])].filter((code) => !aboutIgnores.has(code));
  return {
    start: offset - typedCode[1]!.length,
    items: offeredCodes.map((label) => ({ label, kind: 'word', insert: `${label}: ` })),
  };
}

const warnings = (Object.keys(codes) as (keyof typeof codes)[]).filter((code) => codes[code].severity === 'warning');
