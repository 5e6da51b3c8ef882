// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** In a body, before the sign of an entry: the entries that may begin there. */
import * as t from '../../../../grammar/tokens.ts';
import { histories } from '../../../compiler/library/declarations/histories.ts';
import { entriesOf } from '../../../compiler/library/declarations/table.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { keywordDocs } from '../keywords.ts';
import type { CompletionContext } from './context.ts';
import { type Completion, symbolItem, unique } from './item.ts';
import { pathsAt } from './search.ts';

export function entriesAt(here: CompletionContext): readonly Completion[] {
  const { declaration, before } = here.place;
  switch (declaration.word) {
    case 'features':
      return here.columns().map((column) => ({
        ...column,
        insert: `${column.label} : `,
        detail: 'a column of the data',
      }));
    case 'search':
      return pathsAt(here);
    case 'tower':
      return is(before.at(-1), t.Channel) ? otherChannels(here) : [channel];
    case 'data':
      if (here.place.body === 'columns') {
        return here.names('feature').map((item) => ({ ...item, insert: `${item.label} = ` }));
      }
      return [...missing(here), columns, history];
    default:
      return missing(here);
  }
}

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
  return Object.entries(entriesOf(word))
    .filter(([name]) => !written.has(name))
    .map(([label, { doc }]) => ({ label, kind: 'entry', insert: `${label} = `, doc }));
}

/** Channels of the other tower that this one does not have. */
function otherChannels({ place, symbols }: CompletionContext): Completion[] {
  const own = place.declaration.name ?? '';
  const has = new Set(symbols.steps(own).map(({ name }) => name));
  const channels = symbols
    .all('tower')
    .filter(({ name }) => name !== own)
    .flatMap(({ name }) => symbols.steps(name))
    .filter(({ kind, name }) => kind === 'channel' && !has.has(name))
    .map((symbol) => ({ ...symbolItem(symbol), insert: `${symbol.name} = ` }));
  return unique(channels);
}
