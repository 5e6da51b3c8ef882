/** Parses the text of a setting, such as `dense.rate=1e-3`, by the rules of files. */

import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { isIdentifier } from '../../../base/text/names.ts';
import { makeSource, type Source, type Span } from '../../../base/text/source.ts';
import type { EntryNode, ExpressionNode } from '../../syntax/ast.ts';
import { parse } from '../../syntax/parse.ts';
import type { Report } from '../report.ts';

/** Settings by path: `{ width: 64, 'dense.rate': '1e-3', encoder: 'wide' }`. A text is parsed like the value in a file. */
export type Settings = Readonly<Record<string, number | string>>;

interface Setting {
  /** The parts of a path such as `task.watch.loss.temperature`. */
  readonly path: readonly string[];
  readonly at: Span;
  /** One value, or several separated by commas. */
  readonly values: readonly ExpressionNode[];
}

/** The name of a setting's source in messages. */
const sourceName = '--set';

/** Returns the settings that can be parsed. Settings of whole entries come before those of their arguments. */
export function readSettings(settings: Settings, report: Report, found: Diagnostic[]): readonly Setting[] {
  const read = Object.entries(settings).flatMap(([name, value]) => readSetting(name, value, report, found) ?? []);
  return read.sort((a, b) => a.path.length - b.path.length);
}

function readSetting(name: string, value: number | string, report: Report, found: Diagnostic[]): Setting | undefined {
  const valueText = String(value);
  const source = makeSource(sourceName, `${name}=${valueText}`);
  const nameSpan = { source, start: 0, end: name.length };
  if (typeof value === 'number' && !Number.isFinite(value))
    return report('not-finite', { ...nameSpan, end: source.text.length }, { text: source.text });
  const settingPath = name.split('.');
  const settingValues = readValues(settingPath.at(-1)!, valueText, source, found);
  if (settingValues === 'several') {
    const typeFacts = { of: name, expected: 'one value', found: 'more than one' };
    report('wrong-type', { source, start: name.length + 1, end: source.text.length }, typeFacts);
  }
  return Array.isArray(settingValues) ? { path: settingPath, at: nameSpan, values: settingValues } : undefined;
}

/** Parses the values of an entry. Their spans point to the end of `source`. Syntax errors are added to `found`. */
function readValues(
  entry: string,
  text: string,
  source: Source,
  found: Diagnostic[],
): readonly ExpressionNode[] | 'several' | undefined {
  // Parses an entry as in a file, so that lists have commas and errors have messages.
  const textBefore = `train{${isIdentifier(entry) ? entry : 'value'}=`;
  const { output, diagnostics } = parse(makeSource(sourceName, `${textBefore}${text}\n}`));
  const { length } = source.text;
  const offset = length - text.length;
  const inside = (place: number): number => Math.min(length, Math.max(offset, place - textBefore.length + offset));
  const move = ({ start, end }: Span): Span => ({ source, start: inside(start), end: inside(end) });
  if (diagnostics.length > 0) {
    for (const { fixes, ...one } of diagnostics) found.push({ ...respan(one, move), fixes: [] });
    return undefined;
  }
  const [train, ...others] = output.declarations;
  const entries: readonly EntryNode[] = train?.kind === 'Train' && others.length === 0 ? train.entries : [];
  const [first, ...rest] = entries;
  if (first === undefined || rest.length > 0) return 'several';
  return respan([first.value, ...(first.more ?? [])], move);
}

/** Caches expressions that no file contains, by their text. They are defaults of the library, so there are few, and a search needs them repeatedly. */
const unwritten = new Map<string, ExpressionNode | undefined>();

/** Parses an expression that is in no file, so that all of it has one span. Returns undefined if the text is not an expression. */
export function expressionAt(text: string, at: Span): ExpressionNode | undefined {
  if (!unwritten.has(text)) {
    const [found] = parse(makeSource(sourceName, `let value = ${text}`)).output.declarations;
    unwritten.set(text, found?.kind === 'Let' ? found.value : undefined);
  }
  const cachedValue = unwritten.get(text);
  return cachedValue && respan(cachedValue, () => at);
}

/** Returns a copy of a tree, or of a list of diagnostics, with every span mapped by `move`. */
export function respan<T>(node: T, move: (span: Span) => Span): T {
  if (Array.isArray(node)) return node.map((each) => respan(each, move)) as T;
  if (typeof node !== 'object' || node === null) return node;
  if (isSpan(node)) return move(node) as T;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, respan(value, move)])) as T;
}

function isSpan(node: object): node is Span {
  return 'source' in node && 'start' in node && 'end' in node;
}
