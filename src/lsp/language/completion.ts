// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** What may be written at a place. */
import * as t from '../../../grammar/tokens.ts';
import type { KindRow, Parameter, Parameters } from '../../library/contract.ts';
import { past, splits } from '../../model/data_kinds.ts';
import { describeType } from '../../model/describe.ts';
import { dataEntries } from '../../model/resolve/data.ts';
import { weightedTasks } from '../../model/resolve/objective.ts';
import { taskEntries } from '../../model/resolve/tasks.ts';
import { stopParameters, trainEntries } from '../../model/resolve/train.ts';
import { is } from '../../syntax/token.ts';
import type { Span } from '../../text/source.ts';
import type { Facts } from './facts.ts';
import { headOf, sorts } from './hover.ts';
import { kindDoc, parameterText, signatureOf } from './markdown.ts';
import { type CallPlace, type Place, placeAt } from './place.ts';
import { snippets } from './snippets.ts';
import { type LookupSort, type NamedSymbol, Symbols } from './symbols.ts';

export type CompletionSort = 'word' | 'kind' | 'argument' | 'choice' | 'name' | 'column' | 'file' | 'entry' | 'snippet';

export interface Completion {
  readonly label: string;
  readonly sort: CompletionSort;
  /** One line beside the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly doc?: string;
  /** What is written, where it is not the label; `$1` and `${1:name}` are places to fill in when `snippet`. */
  readonly insert?: string;
  readonly snippet?: true;
}

export interface Completions {
  /** What is replaced. */
  readonly span: Span;
  readonly items: readonly Completion[];
}

/** What lies outside the file: none of it need be there. */
export interface Surroundings {
  /** Columns of the data's files, as their headers say. */
  readonly columns?: readonly string[];
  /** Paths that may follow `use`, from the folder of the file. */
  readonly towerFiles?: readonly string[];
  /** Paths that `events`, `items` and `users` may name. */
  readonly dataFiles?: readonly string[];
}

export function completionsAt(facts: Facts, offset: number, around: Surroundings = {}): Completions {
  const place = placeAt(facts, offset);
  if (!place) return { span: { source: facts.source, start: offset, end: offset }, items: [] };
  const start = place.text?.start ?? place.start;
  const span = { source: facts.source, start, end: place.text ? place.text.end : offset };
  return { span, items: new Completer(facts, place, around).items() };
}

/** What `completionsAt` looks up, once it is known where it stands. */
class Completer {
  readonly #facts: Facts;
  readonly #place: Place;
  readonly #around: Surroundings;
  readonly #symbols: Symbols;

  constructor(facts: Facts, place: Place, around: Surroundings) {
    this.#facts = facts;
    this.#place = place;
    this.#around = around;
    this.#symbols = new Symbols(facts.checked.resolution);
  }

  items(): readonly Completion[] {
    const { text, declaration, body, value } = this.#place;
    if (text) return this.#texts();
    if (!declaration) return declarations;
    if (!value) return body ? this.#entries(body) : this.#header();
    return this.#values();
  }

  #texts(): readonly Completion[] {
    const { declaration, entry, body } = this.#place;
    const { towerFiles = [], dataFiles = [] } = this.#around;
    const files = (paths: readonly string[]): Completion[] => paths.map((label) => ({ label, sort: 'file' }));
    if (declaration?.word === 'use') return files(towerFiles);
    if (declaration?.word !== 'data' || !entry) return [];
    if (body === 'entries' && ['events', 'items', 'users'].includes(entry.name)) return files(dataFiles);
    return this.#columns();
  }

  #columns(): readonly Completion[] {
    return (this.#around.columns ?? []).map((label) => ({ label, sort: 'column', detail: 'column of the data' }));
  }

  /** Before the sign of an entry. */
  #entries(body: 'entries' | 'columns'): readonly Completion[] {
    const { declaration, before, start } = this.#place;
    const last = before.at(-1);
    switch (declaration!.word) {
      case 'features':
        return this.#columns().map((column) => ({
          ...column,
          insert: `${column.label} : `,
          detail: 'a column of the data',
        }));
      case 'tower': {
        if (is(last, t.Channel)) return this.#otherChannels();
        return [
          {
            label: 'channel',
            sort: 'word',
            insert: 'channel ${1:main} = $0',
            snippet: true,
            doc: 'An output of the tower.',
          },
        ];
      }
      case 'task':
        return this.#missing(taskEntries);
      case 'train':
        return this.#missing(
          Object.fromEntries(Object.entries(trainEntries(this.#library)).map(([name, { doc }]) => [name, doc])),
        );
      case 'data': {
        if (body === 'columns') return this.#names('feature').map((item) => ({ ...item, insert: `${item.label} = ` }));
        const columns: Completion = {
          label: 'columns',
          sort: 'word',
          insert: 'columns {\n  ${1:name} = "${2:expression}"\n}',
          snippet: true,
          doc: 'Columns whose name differs, or that are computed: DuckDB SQL.',
        };
        const history: Completion = {
          label: 'history',
          sort: 'snippet',
          insert: '${1:history} = past(${2:item_id}, ${3:50})',
          snippet: true,
          doc: past.doc,
        };
        return start === undefined ? [] : [...this.#missing(dataEntries), columns, history];
      }
      default:
        return [];
    }
  }

  /** Entries that the body does not have yet. */
  #missing(entries: Readonly<Record<string, string>>): Completion[] {
    const { tokens } = this.#place.declaration!;
    const written = new Set(tokens.filter((_, at) => is(tokens[at + 1], t.Equals)).map((token) => token.image));
    return Object.entries(entries)
      .filter(([name]) => !written.has(name))
      .map(([label, doc]) => ({ label, sort: 'entry', insert: `${label} = `, doc }));
  }

  /** Channels of the other tower that this one lacks. */
  #otherChannels(): Completion[] {
    const own = this.#place.declaration!.name ?? '';
    const has = new Set(this.#symbols.steps(own).map(({ name }) => name));
    return this.#symbols
      .all('tower')
      .filter(({ name }) => name !== own)
      .flatMap(({ name }) => this.#symbols.steps(name))
      .filter(({ sort, name }) => sort === 'channel' && !has.has(name))
      .map((symbol) => ({ ...item(symbol), insert: `${symbol.name} = ` }));
  }

  /** Between the declaration's word and its sign or brace. */
  #header(): readonly Completion[] {
    const { declaration, before } = this.#place;
    const last = before.at(-1);
    if (declaration!.word === 'shared' || is(last, t.Shared)) return [{ label: 'block', sort: 'word' }];
    if (declaration!.word !== 'tower') return [];
    const open = before.findLastIndex((token) => is(token, t.LeftParenthesis));
    const closed = before.findLastIndex((token) => is(token, t.RightParenthesis));
    if (open > closed) {
      const taken = new Set(before.slice(open).map((token) => token.image));
      return this.#names('group', 'feature').filter(({ label }) => !taken.has(label));
    }
    if (is(last, t.RightParenthesis))
      return [{ label: 'keyed by', sort: 'word', doc: 'The feature that tells one from another.' }];
    if (is(last, t.Keyed)) return [{ label: 'by', sort: 'word' }];
    if (is(last, t.By)) return this.#names('feature');
    return [];
  }

  #values(): readonly Completion[] {
    const { declaration, calls, entry } = this.#place;
    const inner = calls.at(-1);
    if (inner) return this.#arguments(inner, calls.slice(0, -1));
    switch (declaration!.word) {
      case 'let':
        return this.#names('constant');
      case 'features':
        return this.#kinds('kind of feature', this.#library.features);
      case 'labels':
        return Object.entries(sorts).map(([label, doc]) => ({ label, sort: 'kind', doc }));
      case 'group': {
        const taken = new Set(declaration!.tokens.map((token) => token.image));
        return this.#names('feature').filter(({ label }) => !taken.has(label));
      }
      case 'block':
        return this.#blocks();
      case 'tower':
        return this.#place.arrows === 0 ? this.#beginnings() : this.#blocks();
      case 'task':
        return this.#taskValue(entry?.name);
      case 'objective':
        return [
          ...this.#names('task'),
          ...this.#kinds('weighting', this.#library.weightings),
          ...this.#names('constant'),
        ];
      case 'retrieve':
        return [...this.#names('task'), ...this.#names('constant')];
      case 'train':
        return this.#trainValue(entry?.name ?? '');
      case 'data':
        return this.#dataValue(entry?.name ?? '');
      default:
        return [];
    }
  }

  #blocks(): Completion[] {
    const own = this.#place.declaration!.word === 'block' ? this.#place.declaration!.name : undefined;
    const declared = this.#names('block').filter(({ label }) => label !== own);
    const hidden = new Set(declared.map(({ label }) => label));
    return [...declared, ...this.#kinds('block', this.#library.blocks).filter(({ label }) => !hidden.has(label))];
  }

  /** After a dot the outputs of a block that gives several, which are called as the tasks. */
  #beginnings(): Completion[] {
    return is(this.#place.before.at(-1), t.Dot) ? this.#names('task') : this.#sources();
  }

  /** Where a flow may begin: the tower's inputs, what is in them, the steps above. */
  #sources(): Completion[] {
    const { declaration, entry, start } = this.#place;
    const tower = this.#facts.checked.resolution.towers.find(({ name }) => name === declaration!.name);
    const above = this.#symbols
      .steps(declaration!.name ?? '')
      .filter(({ span, name }) => span.end <= start && name !== entry?.name);
    const inputs = (tower?.inputs ?? []).flatMap(({ name }) => this.#symbols.find(name, 'group', 'feature') ?? []);
    const features = (tower?.features ?? []).flatMap((name) => this.#symbols.find(name, 'feature') ?? []);
    return unique([...above, ...inputs, ...features].map(item));
  }

  #taskValue(entry: string | undefined): readonly Completion[] {
    switch (entry) {
      case 'score':
        return [...this.#scores(), ...this.#names('constant')];
      case 'loss':
        return this.#kinds('loss', this.#library.losses);
      case 'label':
      case 'only':
        return this.#names('label');
      case 'weight':
        return this.#names('label', 'feature');
      default:
        return [];
    }
  }

  #scores(): Completion[] {
    const [query = 'user', answer = 'item'] = this.#symbols.all('tower').map(({ name }) => name);
    return this.#kinds('score', this.#library.scores).map((kind) => ({
      ...kind,
      insert: `${kind.label}(\${1:${query}}, \${2:${answer}})`,
      snippet: true,
    }));
  }

  #trainValue(entry: string): readonly Completion[] {
    const { library } = this.#facts.checked.resolution;
    if (entry === 'dense' || entry === 'embeddings') return this.#kinds('optimizer', library.optimizers);
    if (entry === 'stop') return this.#kinds('metric', library.metrics, stopParameters);
    return this.#names('constant');
  }

  #dataValue(entry: string): readonly Completion[] {
    const last = this.#place.before.at(-1);
    if (is(last, t.By)) return unique([...this.#names('feature'), ...this.#columns()]);
    if (is(last, t.Text)) {
      return entry === 'items' || entry === 'users'
        ? [{ label: 'by', sort: 'word', insert: 'by ', doc: 'The column that it is joined by.' }]
        : [];
    }
    if (entry === 'split') return this.#kinds('split', splits);
    if (Object.hasOwn(dataEntries, entry)) return [];
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

  #arguments(call: CallPlace, outer: readonly CallPlace[]): readonly Completion[] {
    const name = call.callee.image;
    const place = this.#rowOf(call, outer);
    if (!place) return [];
    if (place.what === 'score' && call.argument === undefined) {
      const last = this.#place.before.at(-1);
      const tower = is(last, t.Dot) ? this.#place.before.at(-2)?.image : undefined;
      if (tower !== undefined)
        return this.#symbols
          .steps(tower)
          .filter(({ sort }) => sort === 'channel')
          .map(item);
      if (call.index < 2) return this.#names('tower');
    }
    if (place.what === 'history' && call.index === 0) return unique([...this.#names('feature'), ...this.#columns()]);
    const { parameters } = place;
    // A flow may begin with a block of several values: `concat(deep, wide)`.
    const begins =
      place.what === 'block' && this.#place.declaration?.word === 'tower' && call.arrows === 0 && outer.length === 0;
    if (begins && is(this.#place.before.at(-1), t.Dot)) return this.#names('task');
    const known = call.argument === undefined ? undefined : parameters[call.argument];
    if (call.argument !== undefined) return known ? this.#valuesOf(call.argument, known) : [];
    const free = Object.entries(parameters).filter(
      ([parameter, { rest }]) => !call.named.includes(parameter) && (rest || !given(call, parameter)),
    );
    const values = free.flatMap(([parameter, row]) => this.#byPlace(parameter, row));
    return unique([
      ...values,
      ...free.filter(([, row]) => row.type.is !== 'flag').map(([parameter, row]) => argument(name, parameter, row)),
    ]);
  }

  /** What may stand without its parameter's name. */
  #byPlace(name: string, parameter: Parameter): readonly Completion[] {
    const { type, positional } = parameter;
    if (type.is === 'choice' || type.is === 'kind') return this.#valuesOf(name, parameter);
    if (type.is === 'flag') return [{ label: name, sort: 'choice', detail: 'flag', doc: parameter.doc }];
    return positional ? this.#valuesOf(name, parameter) : [];
  }

  #valuesOf(name: string, parameter: Parameter): readonly Completion[] {
    const { type } = parameter;
    switch (type.is) {
      case 'choice':
        return type.of.map((label) => {
          const usual = label === parameter.default ? ' (default)' : '';
          return { label, sort: 'choice', detail: `${name}${usual}`, doc: parameter.doc };
        });
      case 'flag':
        return ['true', 'false'].map((label) => ({ label, sort: 'choice', detail: name }));
      case 'kind':
        return this.#kinds(name, type.of);
      case 'name':
        return this.#names(type.of);
      case 'feature':
        return [...this.#names('feature'), ...this.#kinds('kind of feature', this.#library.features)];
      case 'flow':
        return this.#blocks();
      case 'integer':
      case 'number':
      case 'numbers':
        return this.#names('constant');
      default:
        return [];
    }
  }

  /** The row that a call is of, as its place tells. */
  #rowOf(call: CallPlace, outer: readonly CallPlace[]): CalledRow | undefined {
    return calledRow(this.#facts, this.#place, call, outer);
  }

  get #library() {
    return this.#facts.checked.resolution.library;
  }

  #names(...among: readonly LookupSort[]): Completion[] {
    return among.flatMap((sort) => this.#symbols.all(sort).map(item));
  }

  #kinds(what: string, table: Readonly<Record<string, KindRow>>, extra: Parameters = {}): Completion[] {
    return Object.entries(table).map(([label, row]) => ({
      label,
      sort: 'kind',
      detail: signatureOf('', { ...row.parameters, ...extra }),
      doc: kindDoc(what, label, row, extra),
      ...(Object.values(row.parameters).some(({ required }) => required)
        ? { insert: `${label}($1)`, snippet: true as const }
        : {}),
    }));
  }
}

export interface CalledRow {
  readonly what: string;
  readonly row: KindRow;
  /** With those that the place adds. */
  readonly parameters: Parameters;
}

/** The row that a call at a place is of: the table follows from the declaration, the entry, and the calls around it. */
export function calledRow(
  facts: Facts,
  place: Place,
  call: CallPlace,
  outer: readonly CallPlace[],
): CalledRow | undefined {
  const { library } = facts.checked.resolution;
  const parent = outer.at(-1);
  const name = call.callee.image;
  const look = (
    what: string,
    table: Readonly<Record<string, KindRow>>,
    extra: Parameters = {},
  ): CalledRow | undefined => {
    const row = Object.hasOwn(table, name) ? table[name]! : undefined;
    return row && { what, row, parameters: { ...extra, ...row.parameters } };
  };
  if (parent) {
    const above = calledRow(facts, place, parent, outer.slice(0, -1));
    const nested = Object.entries(above?.parameters ?? {}).flatMap(([parameter, { type }]) =>
      type.is === 'kind'
        ? (look(parameter, type.of) ?? [])
        : type.is === 'feature'
          ? (look('kind of feature', library.features) ?? [])
          : [],
    );
    return nested[0];
  }
  const entry = place.entry?.name;
  switch (place.declaration?.word) {
    case 'features':
      return look('kind of feature', library.features);
    case 'block':
      return look('block', library.blocks);
    case 'tower':
      return look('block', library.blocks);
    case 'task':
      return entry === 'score' ? look('score', library.scores) : look('loss', library.losses);
    case 'objective':
      return look('weighting', library.weightings, weightedTasks);
    case 'train':
      return entry === 'stop' ? look('metric', library.metrics, stopParameters) : look('optimizer', library.optimizers);
    case 'data':
      return entry === 'split' ? look('split', splits) : look('history', { past });
    default:
      return undefined;
  }
}

/** Whether an earlier argument is this flag, or a word that only this parameter has. */
function given({ given: earlier }: CallPlace, parameter: string): boolean {
  return earlier.some((tokens) => tokens.length === 1 && tokens[0]!.image === parameter);
}

function argument(kind: string, name: string, parameter: Parameter): Completion {
  return {
    label: `${name}:`,
    sort: 'argument',
    insert: `${name}: `,
    detail: parameterText(name, parameter),
    doc: `${parameter.doc}\n\nOf \`${kind}\`: ${describeType(parameter.type)}.`,
  };
}

function item(symbol: NamedSymbol): Completion {
  const { name, node } = symbol;
  return { label: name, sort: 'name', detail: headOf(symbol), ...(node.doc === undefined ? {} : { doc: node.doc }) };
}

function unique(items: readonly Completion[]): Completion[] {
  const seen = new Set<string>();
  return items.filter(({ label }) => !seen.has(label) && seen.add(label));
}

const declarations: readonly Completion[] = snippets.map(({ prefix, doc, body }) => ({
  label: prefix,
  sort: 'snippet',
  doc,
  insert: body.join('\n'),
  snippet: true,
}));
