// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** After the sign of a declaration or an entry, outside any call: what its value may be made of. */
import * as t from '../../../../grammar/tokens.ts';
import type { KindRow } from '../../../compiler/library/contract.ts';
import type { EntryType } from '../../../compiler/library/declarations/entry.ts';
import { entriesOf } from '../../../compiler/library/declarations/table.ts';
import { biasWords } from '../../../compiler/library/scores/biases.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { typeAt } from '../entry_type.ts';
import { keywordDocs } from '../keywords.ts';
import { kindDoc } from '../markdown.ts';
import { searchedSlot } from '../searched_slot.ts';
import type { CompletionContext } from './context.ts';
import { entriesAt } from './entries.ts';
import { beginningsAt, blocksAt } from './flows.ts';
import { type Completion, kindItems, symbolItem, unique } from './item.ts';
import { domainsAt } from './search.ts';
import { quotedAt } from './texts.ts';

export function valuesAt(here: CompletionContext): readonly Completion[] {
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
      return kindItems(type.what ?? entry, type.of, type.also);
    case 'kinds':
      // After a comma the next entry may begin as well.
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
      const taken = new Set(place.declaration.tokens.map((token) => token.image));
      return here.inputs('feature', 'group').filter(({ label }) => !taken.has(label));
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

/** A score; after a sign also what is added to one. */
function scoreParts(here: CompletionContext): readonly Completion[] {
  const { place, symbols } = here;
  const last = place.before.at(-1);
  const added = (label: 'mean' | 'bias'): Completion => ({ label, kind: 'word', doc: biasWords[label].doc });
  if (is(last, t.Dot)) {
    const channels = symbols.steps(place.before.at(-2)?.image ?? '').filter(({ kind }) => kind === 'channel');
    return unique([...channels.map(symbolItem), added('bias')]);
  }
  const begun = is(last, t.Plus) || is(last, t.Minus) || is(last, t.Times);
  const factors = is(last, t.Plus) || is(last, t.Minus) ? [] : here.names('task');
  const others = factors.filter(({ label }) => label !== place.declaration.name);
  return [
    ...scores(here),
    ...others,
    ...(begun ? [...here.names('tower'), added('mean')] : []),
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
  const last = here.place.before.at(-1);
  if (is(last, t.By)) return unique([...here.names('feature'), ...here.columns()]);
  if (!is(last, t.Text)) return quotedAt(here);
  return type.is === 'file' && type.by ? [{ label: 'by', kind: 'word', insert: 'by ', doc: keywordDocs.by }] : [];
}

const historyItem = (label: string, row: KindRow): Completion => ({
  label,
  kind: 'kind',
  insert: `${label}(\${1:item_id}, \${2:${row.parameters.max!.default}})`,
  snippet: true,
  doc: kindDoc('history', label, row),
});
