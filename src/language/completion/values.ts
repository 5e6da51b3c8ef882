// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** After the sign of a declaration or an entry, outside any call: what its value may be made of. */
import * as t from '../../../grammar/tokens.ts';
import { past, splits } from '../../model/data_kinds.ts';
import { dataEntries } from '../../model/entry_names.ts';
import { seenChoices } from '../../model/resolve/data.ts';
import { stopParameters } from '../../model/resolve/train.ts';
import { is } from '../../syntax/token.ts';
import { sorts } from '../hover.ts';
import { keywordDocs } from '../keywords.ts';
import { kindDoc } from '../markdown.ts';
import type { CompletionContext } from './context.ts';
import { beginningsAt, blocksAt } from './flows.ts';
import { type Completion, kindItems, unique } from './item.ts';
import { quotedAt } from './texts.ts';

export function valuesAt(here: CompletionContext): readonly Completion[] {
  const { library, place } = here;
  const { declaration, arrows } = place;
  const entry = place.entry?.name ?? '';
  switch (declaration.word) {
    case 'let':
      return here.names('constant');
    case 'features':
      return kindItems('kind of feature', library.features);
    case 'labels':
      return Object.entries(sorts).map(([label, doc]) => ({ label, sort: 'kind', doc }));
    case 'group': {
      const taken = new Set(declaration.tokens.map((token) => token.image));
      return here.names('feature', 'group').filter(({ label }) => !taken.has(label));
    }
    case 'block':
      return blocksAt(here);
    case 'tower':
      return arrows === 0 ? beginningsAt(here) : blocksAt(here);
    case 'task':
      return taskValue(here, entry);
    case 'objective':
      return [...here.names('task'), ...kindItems('weighting', library.weightings), ...here.names('constant')];
    case 'retrieve':
      return [...here.names('task'), ...here.names('constant')];
    case 'train':
      return trainValue(here, entry);
    case 'data':
      return dataValue(here, entry);
    default:
      return [];
  }
}

function taskValue(here: CompletionContext, entry: string): readonly Completion[] {
  switch (entry) {
    case 'score':
      return [...scores(here), ...here.names('constant')];
    case 'loss':
      return kindItems('loss', here.library.losses);
    case 'label':
    case 'only':
      return here.names('label');
    case 'weight':
      return here.names('label', 'feature');
    default:
      return [];
  }
}

function scores({ symbols, library }: CompletionContext): Completion[] {
  const [query = 'user', answer = 'item'] = symbols.all('tower').map(({ name }) => name);
  return kindItems('score', library.scores).map((kind) => ({
    ...kind,
    insert: `${kind.label}(\${1:${query}}, \${2:${answer}})`,
    snippet: true,
  }));
}

function trainValue(here: CompletionContext, entry: string): readonly Completion[] {
  const { optimizers, metrics } = here.library;
  if (entry === 'dense' || entry === 'embeddings') return kindItems('optimizer', optimizers);
  if (entry === 'stop') return kindItems('metric', metrics, stopParameters);
  return here.names('constant');
}

function dataValue(here: CompletionContext, entry: string): readonly Completion[] {
  const last = here.place.before.at(-1);
  if (is(last, t.By)) return unique([...here.names('feature'), ...here.columns()]);
  if (is(last, t.Text)) {
    return entry === 'items' || entry === 'users'
      ? [{ label: 'by', sort: 'word', insert: 'by ', doc: keywordDocs.by }]
      : [];
  }
  if (entry === 'split') return kindItems('split', splits);
  if (entry === 'seen') return seenChoices.map((label) => ({ label, sort: 'word', doc: dataEntries.seen }));
  if (here.place.body === 'columns' || Object.hasOwn(dataEntries, entry)) return quotedAt(here);
  return [
    {
      label: 'past',
      sort: 'kind',
      insert: 'past(${1:item_id}, ${2:50})',
      snippet: true,
      doc: kindDoc('history', 'past', past),
    },
  ];
}
