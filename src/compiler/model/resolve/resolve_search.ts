/** Resolves `search { … }`, the parameters of a study, and checks the model with each of their values, so that errors of a trial appear in the file. */
import { type Diagnostic, diagnose } from '../../../base/diagnostics/diagnostic.ts';
import { type Span, spanText } from '../../../base/text/source.ts';
import type * as Ast from '../../syntax/ast.ts';
import { describeType } from '../describe.ts';
import { flatText, stepsOf } from '../expressions.ts';
import type { Meaning } from '../occurrences.ts';
import { removal, repeats } from '../report.ts';
import type { ParameterDomain, ResolvedTower, SearchParameter } from '../resolution.ts';
import type { Scope, Workspace } from '../scope.ts';
import { respan, type Settings } from '../settings/setting_text.ts';
import { findSlot, type Slot } from '../settings/slots.ts';
import type { Files } from '../source_files.ts';
import { resolveBlocks } from './resolve_blocks.ts';
import { resolveEntry } from './resolve_entries.ts';

/** Returns the values to try when a file is checked: each choice, or the ends of a range. */
function triedValues({ domain }: SearchParameter): readonly { readonly text: string; readonly span: Span }[] {
  if (domain.kind === 'choices') return domain.choices;
  const { from, to, ends } = domain;
  return [
    { text: String(from), span: ends[0] },
    { text: String(to), span: ends[1] },
  ];
}

/** Returns the valid entries in the order of the file. */
export function resolveSearch(
  workspace: Workspace,
  files: Files,
  towers: ReadonlyMap<string, ResolvedTower>,
  { entries }: Ast.SearchNode,
): readonly SearchParameter[] {
  const { report } = workspace;
  const seen = new Map<string, Ast.SearchEntryNode>();
  // Unknown tasks and features, which only the first entry reports.
  const lost = new Set<string>();
  return entries.flatMap((entry): SearchParameter[] => {
    const entryName = nameOf(entry);
    const firstEntry = seen.get(entryName);
    if (firstEntry) {
      const noteAndFix = repeats(entryName, firstEntry.span, entry.span);
      report('repeated-entry', pathSpan(entry), { of: '`search`', name: entryName }, noteAndFix);
      return [];
    }
    seen.set(entryName, entry);
    const reason = refusal(entry, workspace.scope);
    if (reason !== undefined) {
      report('not-searchable', pathSpan(entry), { name: entryName, reason }, { fixes: [[removal(entry.span)]] });
      return [];
    }
    const pathNames = entry.path.map((part) => part.name);
    const { scope, library } = workspace;
    const note = (index: number, meaning: Meaning): void => workspace.note(entry.path[index]!.span, meaning);
    const slot = lost.has(ownerOf(pathNames))
      ? undefined
      : findSlot({ scope, files, library, report, note }, { parts: pathNames, at: pathSpan(entry) });
    if (!slot && isLost(pathNames, scope)) lost.add(ownerOf(pathNames));
    if (slot) readValues(workspace, slot, towers, entry);
    const domain = slot && domainOf(workspace, entry, slot);
    if (!slot || !domain) return [];
    const usual = usualOf(workspace, slot, domain);
    return [{ name: entryName, span: pathSpan(entry), domain, ...(usual === undefined ? {} : { usual }) }];
  });
}

/** Returns the first two parts of a path: `task.watch` for `task.watch.loss.temperature`. */
const ownerOf = (parts: readonly string[]): string => parts.slice(0, 2).join('.');

function isLost([first, second]: readonly string[], { tasks, features }: Scope): boolean {
  const allNames = first === 'task' ? tasks : first === 'features' ? features : undefined;
  return second !== undefined && allNames !== undefined && !allNames.has(second);
}

const nameOf = ({ path }: Ast.SearchEntryNode): string => path.map(({ name }) => name).join('.');

function pathSpan({ path }: Ast.SearchEntryNode): Span {
  return { ...path[0]!.span, end: path.at(-1)!.span.end };
}

/** Returns the reason why trials with different values could not be compared; undefined if they can. */
function refusal({ path }: Ast.SearchEntryNode, { lets, blocks }: Scope): string | undefined {
  const pathNames = path.map(({ name }) => name);
  const [first, second, ...rest] = pathNames[0] === 'train' ? pathNames.slice(1) : pathNames;
  const isConstant = lets.some(({ name }) => name.name === pathNames[0]);
  if (pathNames.length === 1 && (isConstant || blocks.has(pathNames[0]!))) return undefined;
  if (first === 'seed') return 'a study would choose by luck';
  if (first === 'metrics' || first === 'validate') return 'all trials are measured alike';
  const patience = second === 'patience' && rest.length === 0;
  return first === 'stop' && !patience ? 'all trials are compared by one metric' : undefined;
}

function domainOf(workspace: Workspace, entry: Ast.SearchEntryNode, slot: Slot): ParameterDomain | undefined {
  const { domain } = entry;
  return domain.kind === 'Choices'
    ? choicesOf(workspace, domain)
    : rangeOf(workspace, domain, { slot, of: nameOf(entry) });
}

function choicesOf({ report }: Workspace, { items }: Ast.ChoicesNode): ParameterDomain | undefined {
  const seen = new Map<string, Ast.ExpressionNode>();
  for (const item of items) {
    const choiceText = flatText(item.span);
    const firstItem = seen.get(choiceText);
    if (firstItem) {
      const noteAndFix = repeats(choiceText, firstItem.span, item.span);
      return report('repeated-name', item.span, { what: 'choice', name: choiceText, other: 'choice' }, noteAndFix);
    }
    seen.set(choiceText, item);
  }
  return { kind: 'choices', choices: [...seen].map(([text, { span }]) => ({ text, span })) };
}

function rangeOf(
  { report, constants }: Workspace,
  node: Ast.RangeNode,
  { slot: { type }, of }: { readonly slot: Slot; readonly of: string },
): ParameterDomain | undefined {
  if (type.is !== 'integer' && type.is !== 'number' && type.is !== 'constant')
    return report('wrong-type', node.span, { of, expected: describeType(type), found: 'a range of numbers' });
  const lowerBound = constants.number(node.from, of, 'a number');
  const upperBound = constants.number(node.to, of, 'a number');
  if (lowerBound === undefined || upperBound === undefined) return undefined;
  if (lowerBound >= upperBound) return report('empty-range', node.span, { of, from: lowerBound, to: upperBound });
  if (node.log && lowerBound <= 0) return report('log-range', node.span, { of, from: lowerBound });
  // A constant has no type: its range is whole if both ends are written without a fraction.
  const whole = type.is === 'integer' || (type.is === 'constant' && isWhole(node.from) && isWhole(node.to));
  return {
    kind: 'range',
    from: lowerBound,
    to: upperBound,
    log: node.log,
    whole,
    ends: [node.from.span, node.to.span],
  };
}

function isWhole(node: Ast.ExpressionNode): boolean {
  if (node.kind === 'Unary') return isWhole(node.operand);
  return node.kind === 'Number' && /^[0-9_]+$/.test(spanText(node.span));
}

/** Returns the file's own value as a number of a range or the index of a choice; undefined if it is neither. */
function usualOf(
  { constants }: Workspace,
  { values, default: otherwise }: Slot,
  domain: ParameterDomain,
): number | undefined {
  const [value, second] = values;
  if (second) return undefined;
  const silent = constants.within(new Map(), () => {});
  const number = value ? (silent.isNumeric(value) ? silent.number(value, '', '') : undefined) : otherwise;
  if (domain.kind === 'range') {
    return typeof number === 'number' && number >= domain.from && number <= domain.to ? number : undefined;
  }
  const usualText = value ? flatText(value.span) : String(otherwise);
  const choiceIndex = domain.choices.findIndex((choice) => choice.text === usualText || Number(choice.text) === number);
  return choiceIndex === -1 ? undefined : choiceIndex;
}

/** Reads the values of an entry, because trials read what they name. Their errors are those of the trials. */
function readValues(
  workspace: Workspace,
  { type, argument }: Slot,
  towers: ReadonlyMap<string, ResolvedTower>,
  { path, domain }: Ast.SearchEntryNode,
): void {
  const report = (): undefined => {};
  const constants = workspace.constants.within(new Map(), report, new Map());
  const silent: Workspace = { ...workspace, report, constants, uncertain: new Set() };
  const name = path.at(-1)!.name;
  for (const value of domain.kind === 'Choices' ? domain.items : [domain.from, domain.to]) {
    if (type.is === 'constant') constants.number(value, name, '');
    else if (type.is === 'flow') {
      const { readStep } = resolveBlocks(silent);
      for (const step of stepsOf(value)) readStep(step);
    } else resolveEntry(silent, name, { type, doc: argument?.parameter.doc ?? '' }, { value }, towers);
  }
}

/** Maximum number of checked values. The others are checked before their trials. */
const mostTried = 256;

/**
 * @param check returns the errors of the file with settings @returns the errors: within the value if it is wrong itself, otherwise at the value, with
 * a note about the conflict
 */
export function tryChoices(
  parameters: readonly SearchParameter[],
  check: (settings: Settings) => readonly Diagnostic[],
): readonly Diagnostic[] {
  const allTried = parameters.flatMap((parameter) => triedValues(parameter).map((value) => ({ parameter, value })));
  return allTried.slice(0, mostTried).flatMap(({ parameter: { name }, value: { text, span } }) => {
    const errors = check({ [name]: text }).filter(({ severity }) => severity === 'error');
    const ownErrors = errors.filter(({ at }) => isWithin(at, name));
    // Moves spans in the text of the setting to the value in the file.
    const move = (at: Span): Span => (isWithin(at, name) ? moved(at, name, span) : at);
    if (ownErrors.length > 0) return ownErrors.map((one) => respan(one, move));
    const [first] = errors;
    if (!first) return [];
    const notes = first.at ? [{ message: `here, ${first.message}`, at: first.at }] : [];
    return [diagnose('search-choice', span, { name, value: text, message: first.message }, { notes })];
  });
}

/** True if a span is within the value of the setting of this name. */
const isWithin = (at: Span | undefined, name: string): boolean =>
  at !== undefined && at.source.name === '--set' && at.source.text.startsWith(`${name}=`) && at.start > name.length;

function moved({ start, end }: Span, name: string, value: Span): Span {
  const inside = (at: number): number => Math.min(value.end, value.start + at - name.length - 1);
  return { source: value.source, start: inside(start), end: inside(end) };
}
