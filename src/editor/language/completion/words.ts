// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** Completes what is not yet a value: headers of declarations, names of entries, paths of a search, texts in quotes. */
import * as t from '../../../../grammar/tokens.ts';
import { histories } from '../../../compiler/library/declarations/histories.ts';
import { search } from '../../../compiler/library/declarations/search.ts';
import { entriesOf } from '../../../compiler/library/declarations/table.ts';
import { task } from '../../../compiler/library/declarations/task.ts';
import { train } from '../../../compiler/library/declarations/train.ts';
import { parametersOf } from '../../../compiler/model/settings/slots.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { pathEndingAt, searchedSlot, slotAt, typeAt } from '../callee.ts';
import { keywordDocs } from '../markdown.ts';
import { type Completion, type CompletionContext, symbolItem, unique } from './context.ts';

export function headerAt(here: CompletionContext): readonly Completion[] {
  const { declaration, before } = here.place;
  const last = before.at(-1);
  if (declaration.word === 'shared' || is(last, t.Shared)) return [{ label: 'block', kind: 'word' }];
  if (declaration.word === 'use') return is(last, t.Text) ? [] : quotedAt(here);
  if (declaration.word === 'block' && is(last, t.Equals)) return here.names('constant');
  if (declaration.word !== 'tower') return [];
  const open = before.findLastIndex((token) => is(token, t.LeftParenthesis));
  const closed = before.findLastIndex((token) => is(token, t.RightParenthesis));
  if (open > closed) {
    const taken = new Set(before.slice(open).map((token) => token.image));
    return here.inputs('group', 'feature').filter(({ label }) => !taken.has(label));
  }
  if (is(last, t.RightParenthesis)) return [{ label: 'keyed by', kind: 'word', doc: keywordDocs.keyed }];
  if (is(last, t.Keyed)) return [{ label: 'by', kind: 'word' }];
  if (is(last, t.By)) return here.inputs('feature');
  return [];
}

export function entriesAt(here: CompletionContext): readonly Completion[] {
  const { declaration, before } = here.place;
  switch (declaration.word) {
    case 'features':
      return followedBy(' : ', here.columns()).map((item) => ({ ...item, detail: 'a column of the data' }));
    case 'search':
      return pathsAt(here);
    case 'tower':
      return is(before.at(-1), t.Channel) ? otherChannels(here) : [channel];
    case 'data':
      if (here.place.body === 'columns') return followedBy(' = ', here.names('feature'));
      return [...missing(here), columns, history];
    default:
      return missing(here);
  }
}

const followedBy = (sign: string, items: readonly Completion[]): Completion[] =>
  items.map((item) => ({ ...item, insert: `${item.label}${sign}` }));

const channel: Completion = {
  label: 'channel',
  kind: 'word',
  insert: 'channel ${1:main} = $0',
  snippet: true,
  doc: keywordDocs.channel,
};

const columns: Completion = {
  label: 'columns',
  kind: 'word',
  insert: 'columns {\n  ${1:name} = "${2:expression}"\n}',
  snippet: true,
  doc: keywordDocs.columns,
};

const history: Completion = {
  label: 'history',
  kind: 'snippet',
  insert: '${1:history} = past(${2:item_id}, ${3:50})',
  snippet: true,
  doc: histories.past.doc,
};

/** Entries that the body does not have yet. */
function missing({ place }: CompletionContext): Completion[] {
  const { tokens, word } = place.declaration;
  const written = new Set(tokens.filter((_, at) => is(tokens[at + 1], t.Equals)).map((token) => token.image));
  const unwritten = Object.entries(entriesOf(word)).filter(([name]) => !written.has(name));
  return followedBy(' = ', entryItems(Object.fromEntries(unwritten)));
}

/** Channels of the other tower that this one does not have. */
function otherChannels({ place, symbols }: CompletionContext): Completion[] {
  const own = place.declaration.name ?? '';
  const has = new Set(symbols.steps(own).map(({ name }) => name));
  const channels = symbols
    .all('tower')
    .filter(({ name }) => name !== own)
    .flatMap(({ name }) => symbols.steps(name))
    .filter(({ kind, name }) => kind === 'channel' && !has.has(name));
  return unique(followedBy(' = ', channels.map(symbolItem)));
}

/** Paths, or the next part of one after its dot. */
function pathsAt(here: CompletionContext): readonly Completion[] {
  const { before } = here.place;
  const parts = is(before.at(-1), t.Dot) ? pathEndingAt(before, before.length - 1) : [];
  const trainEntries = followedBy(' : ', searchable(train.entries));
  if (parts.length === 0) {
    const prefixes = ['task', 'features'].map((label): Completion => ({ label, kind: 'word', insert: `${label}.` }));
    return [...followedBy(' : ', here.names('constant', 'block')), ...trainEntries, ...prefixes];
  }
  const [first, second] = parts;
  if (parts.length === 1 && first === 'task') return followedBy('.', here.names('task'));
  if (parts.length === 1 && first === 'features') return followedBy('.', here.names('feature'));
  if (parts.length === 1 && first === 'train') return trainEntries;
  if (parts.length === 2 && first === 'task' && second) return followedBy(' : ', searchable(task.entries));
  const slot = slotAt(here.facts, parts);
  return Object.entries((slot && parametersOf(slot, here.library)) ?? {}).map(([label, { doc }]) => ({
    ...{ label, kind: 'argument', doc },
    insert: `${label} : `,
  }));
}

type Documented = Readonly<Record<string, { readonly doc: string }>>;

const entryItems = (rows: Documented): Completion[] =>
  Object.entries(rows).map(([label, { doc }]) => ({ label, kind: 'entry', doc }));

/** The metric and the seed are the same for all trials. */
const searchable = (rows: Documented): Completion[] =>
  entryItems(rows).filter(({ label }) => !['seed', 'metrics', 'validate'].includes(label));

/** After the colon: how an entry begins. Within its choices: nothing, since values follow. */
export function domainsAt(here: CompletionContext): readonly Completion[] | undefined {
  const { before } = here.place;
  const last = before.at(-1);
  if (is(last, t.One)) return [{ label: 'of', kind: 'word', insert: 'of ', doc: search.words.of.doc }];
  if (!is(last, t.Colon)) return undefined;
  const words: Completion[] = [{ label: 'one of', kind: 'word', insert: 'one of ', doc: search.words.one.doc }];
  const slot = searchedSlot(here.facts, here.place);
  const numeric = slot && ['integer', 'number', 'constant'].includes(slot.type.is);
  return numeric ? [...words, { label: 'log', kind: 'word', insert: 'log ', doc: search.words.log.doc }] : words;
}

export function textCompletions(here: CompletionContext): readonly Completion[] {
  const { towerFiles = [], dataFiles = [] } = here.around;
  const files = (paths: readonly string[]): Completion[] => paths.map((label) => ({ label, kind: 'file' }));
  switch (typeAt(here.place)?.is) {
    case 'path':
      return files(towerFiles);
    case 'file':
      return here.place.entry ? files(dataFiles) : [];
    case 'sql':
    case 'kind':
    case 'history':
      return here.place.declaration.word === 'data' && here.place.entry ? here.columns() : [];
    default:
      return [];
  }
}

/** The same before a quote is typed: the items bring it. */
export const quotedAt = (here: CompletionContext): readonly Completion[] =>
  textCompletions(here).map((item) => ({ ...item, label: `"${item.label}"` }));
