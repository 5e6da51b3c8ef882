/** Shows the left side: the user, known values, the weights, and the limits of the answer. */
import { useRef } from 'preact/hooks';
import type { Item } from '../../retrieval/top_request.ts';
import type { About, AboutColumn } from '../server/about.ts';
import type { ErrorDetail, SearchAnswer, UsersAnswer } from '../server/schemas.ts';
import { Chips, countText, figure, MistakeText, mistakesAt, typing } from './chips.tsx';
import type { AboutAnswer, PageClient, QueryForm } from './question.ts';
import { Combo, ValueFields } from './value_fields.tsx';

/** The filter field, with errors underlined. The same text lies behind the field, invisible except for the underline. */
interface FilterFieldProps {
  readonly columns: readonly AboutColumn[];
  readonly filter: string;
  readonly mistakes: readonly ErrorDetail[];
  onFilter(filter: string): void;
}

function FilterField({ columns, filter, mistakes, onFilter }: FilterFieldProps) {
  const behind = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [mistake] = mistakes;
  const insert = (text: string): void => {
    const field = input.current!;
    const [from, to] = [field.selectionStart ?? filter.length, field.selectionEnd ?? filter.length];
    onFilter(filter.slice(0, from) + text + filter.slice(to));
    field.focus();
    requestAnimationFrame(() => field.setSelectionRange(from + text.length, from + text.length));
  };
  return (
    <div class="field">
      <label for="filter">Filter</label>
      <div class="filter">
        <div class="behind" aria-hidden="true" ref={behind}>
          {mistake?.start !== undefined && (
            <Underlined text={filter} start={mistake.start} end={mistake.end ?? filter.length} />
          )}
        </div>
        <input
          id="filter"
          ref={input}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={10_000}
          placeholder={exampleOf(columns)}
          aria-invalid={mistake !== undefined}
          aria-describedby="filter-mistake"
          value={filter}
          onInput={({ currentTarget }) => onFilter(currentTarget.value)}
          onScroll={({ currentTarget }) => {
            behind.current!.scrollLeft = currentTarget.scrollLeft;
          }}
        />
      </div>
      <MistakeText id="filter-mistake" mistakes={mistakes} />
      <ul class="names" aria-label="Columns of the items">
        {columns
          .filter(({ picture }) => !picture)
          .map((column) => (
            <li key={column.name}>
              <button type="button" class="name" title={titleOf(column)} onClick={() => insert(column.name)}>
                {column.name}
              </button>
            </li>
          ))}
      </ul>
    </div>
  );
}

/** Shows an error at the end of the text after the text. */
function Underlined({ text, start, end }: { readonly text: string; readonly start: number; readonly end: number }) {
  return (
    <>
      {text.slice(0, start)}
      <span class="wrong">{text.slice(start, end) || '\u00a0'}</span>
      {text.slice(end)}
    </>
  );
}

const kinds: Readonly<Record<AboutColumn['kind'], string>> = {
  number: 'a number',
  text: 'a text',
  texts: 'a list of texts',
  truth: 'true or false',
};

const titleOf = ({ kind, example }: AboutColumn): string =>
  example === undefined ? kinds[kind] : `${kinds[kind]}, such as ${example}`;

function exampleOf(columns: readonly AboutColumn[]): string {
  const quoted = (value: unknown): string => `'${String(value).replaceAll("'", "''")}'`;
  const [first] = columns.flatMap(({ name, kind, example }) =>
    example === undefined
      ? []
      : kind === 'number'
        ? [`${name} >= ${example}`]
        : kind === 'texts'
          ? [`${quoted(example)} in ${name}`]
          : [],
  );
  return first ?? 'a condition on columns';
}

interface LimitsProps {
  readonly about: AboutAnswer;
  readonly question: QueryForm;
  readonly mistakes: readonly ErrorDetail[];
  change(part: Partial<QueryForm>, delay?: number): void;
}

/** True if the answer is next to the query. On a phone it comes after the query, which therefore begins short. */
const isWide = matchMedia('(min-width: 58rem)').matches;

function Limits({ about, question, mistakes, change }: LimitsProps) {
  const { k, filter, exclude, removeSeen } = question;
  // While this section is closed, active filters and errors in it must still be visible.
  const isWrong = ['/filter', '/k', '/exclude', '/columns'].some((at) => mistakesAt(mistakes, at).length > 0);
  const isLimited = filter !== '' || exclude.length > 0;
  return (
    <details class="part" open={isWide}>
      <summary>
        <h2>Which items</h2>
        {(isWrong || isLimited) && (
          <span class={isWrong ? 'badge bad' : 'badge'}>{isWrong ? 'a mistake' : 'limited'}</span>
        )}
      </summary>
      <FilterField
        columns={about.columns}
        filter={filter}
        mistakes={mistakesAt(mistakes, '/filter')}
        onFilter={(typed) => change({ filter: typed }, typing)}
      />
      <div class="row ends">
        <label class="check">
          <input
            type="checkbox"
            checked={removeSeen}
            onChange={({ currentTarget }) => change({ removeSeen: currentTarget.checked })}
          />
          leave out what the user has had
        </label>
        <label class="small">
          at most{' '}
          <input
            type="number"
            min={1}
            max={about.mostItems}
            value={k}
            onInput={({ currentTarget }) => {
              const number = Math.floor(currentTarget.valueAsNumber);
              if (number >= 1) change({ k: Math.min(number, about.mostItems) }, typing);
            }}
          />
        </label>
      </div>
      {exclude.length > 0 && (
        <div class="field">
          <p class="label">Left out</p>
          <Chips
            label="Left out"
            chips={exclude.map(({ key, title = key }) => ({
              id: key,
              text: title,
              action: `Take back ${title}`,
              remove: () => change({ exclude: exclude.filter((each) => each.key !== key) }),
            }))}
          />
        </div>
      )}
      <MistakeText
        id="limits-mistake"
        mistakes={['/k', '/exclude', '/columns'].flatMap((at) => mistakesAt(mistakes, at))}
      />
    </details>
  );
}

export interface QuestionFormProps {
  readonly client: PageClient;
  readonly about: AboutAnswer;
  readonly question: QueryForm;
  readonly mistakes: readonly ErrorDetail[];
  /** @param delay milliseconds in which a later change replaces this one */
  change(part: Partial<QueryForm>, delay?: number): void;
}

export function QuestionForm({ client, about, question, mistakes, change }: QuestionFormProps) {
  const { query, objectives } = about;
  const { user, values } = question;
  const givenCount = query.features.filter(({ name }) => (values[name]?.length ?? 0) > 0).length;
  return (
    <form class="question" aria-label="Question" onSubmit={(event) => event.preventDefault()}>
      <section aria-labelledby="query">
        <h2 id="query">Query</h2>
        {query.key !== undefined && (
          <UserField
            client={client}
            name={query.key}
            user={user}
            mistakes={mistakesAt(mistakes, '/user')}
            onUser={(chosen) => change({ user: chosen, near: undefined })}
          />
        )}
        <ItemField
          client={client}
          near={question.near}
          mistakes={mistakesAt(mistakes, '/item')}
          onItem={(near) => change({ near })}
        />
        {query.features.length > 0 && (
          <details open={query.key === undefined || user === ''}>
            <summary>Feature values {givenCount > 0 && <span class="badge">{givenCount} given</span>}</summary>
            <p class="soft">
              {user === ''
                ? 'All that is known of somebody whom the data does not have.'
                : 'They replace what the data has of this user.'}
            </p>
            <ValueFields
              features={query.features}
              values={values}
              mistakes={mistakes}
              onValue={(name, value) => change({ values: { ...values, [name]: value }, near: undefined }, typing)}
            />
            <MistakeText id="values-mistake" mistakes={mistakes.filter(({ at }) => at === '/values')} />
          </details>
        )}
      </section>

      {objectives.length > 1 && (
        <Weights
          objectives={objectives}
          weights={question.weights}
          mistakes={mistakesAt(mistakes, '/weights')}
          onWeights={(weights) => change({ weights, near: undefined }, 40)}
        />
      )}

      <Limits {...{ about, question, mistakes, change }} />
    </form>
  );
}

/** Searches items by title. Choosing one shows the items near it. */
interface ItemFieldProps {
  readonly client: PageClient;
  readonly near: Item | undefined;
  readonly mistakes: readonly ErrorDetail[];
  onItem(near: Item | undefined): void;
}

function ItemField({ client, near, mistakes, onItem }: ItemFieldProps) {
  const find = async (text: string) => {
    if (text.trim() === '') return [];
    const reply = await client.get<SearchAnswer>(`/v1/items?${new URLSearchParams({ limit: '8', text })}`);
    if (reply.kind !== 'answer') return undefined;
    return reply.value.items.map(({ key, title = key }) => ({ key, name: title, fact: title === key ? '' : key }));
  };
  return (
    <Combo
      id="item"
      label={
        <>
          Similar to <span class="soft">an item, in place of the query</span>
        </>
      }
      list="Items"
      placeholder="type some letters of a title"
      clear="Remove the item"
      value={near === undefined ? '' : (near.title ?? near.key)}
      mistakes={mistakes}
      find={find}
      onChoice={(choice) => onItem(choice && { key: choice.key, title: choice.name })}
    />
  );
}

/** Searches for users by the beginning of their keys. A key that is not in the data can also be chosen; the answer then says so. */
interface UserFieldProps {
  readonly client: PageClient;
  readonly name: string;
  readonly user: string;
  readonly mistakes: readonly ErrorDetail[];
  onUser(user: string): void;
}

function UserField({ client, name, user, mistakes, onUser }: UserFieldProps) {
  const find = async (prefix: string) => {
    const reply = await client.get<UsersAnswer>(`/v1/users?${new URLSearchParams({ limit: '8', prefix })}`);
    if (reply.kind !== 'answer') return undefined;
    return reply.value.users.map(({ key, seen }) => ({ key, name: key, fact: countText(seen, 'item') }));
  };
  return (
    <Combo
      id="user"
      label={
        <>
          User <span class="soft">by {name}</span>
        </>
      }
      list="Users"
      placeholder="type the beginning of a key"
      clear="Remove the user"
      value={user}
      mistakes={mistakes}
      takesText
      find={find}
      onChoice={(choice) => onUser(choice?.key ?? '')}
    />
  );
}

/** Shows a slider for the weight of each task of `retrieve`. */
interface WeightsProps {
  readonly objectives: About['objectives'];
  readonly weights: QueryForm['weights'];
  readonly mistakes: readonly ErrorDetail[];
  onWeights(weights: QueryForm['weights']): void;
}

function Weights({ objectives, weights, mistakes, onWeights }: WeightsProps) {
  const largestWeight = rangeOf(objectives.map(({ factor }) => factor));
  const smallestWeight = objectives.some(({ factor }) => factor < 0) ? -largestWeight : 0;
  const isMoved = Object.keys(weights).length > 0;
  return (
    <section aria-labelledby="weights">
      <div class="heading">
        <h2 id="weights">Weights</h2>
        <button type="button" class="quiet" disabled={!isMoved} onClick={() => onWeights({})}>
          as trained
        </button>
      </div>
      {objectives.map(({ name, factor }, index) => (
        <div class="weight" key={name}>
          <label for={`weight-${index}`}>
            <span class={`dot c${index % 6}`} aria-hidden="true" /> {name}
          </label>
          <output for={`weight-${index}`}>{figure(weights[name] ?? factor)}</output>
          <input
            id={`weight-${index}`}
            class={`c${index % 6}`}
            type="range"
            min={smallestWeight}
            max={largestWeight}
            step={largestWeight / 100}
            value={weights[name] ?? factor}
            onInput={({ currentTarget }) => onWeights(movedTo(weights, name, currentTarget.valueAsNumber))}
          />
        </div>
      ))}
      <MistakeText id="weights-mistake" mistakes={mistakes} />
    </section>
  );
}

const movedTo = (weights: QueryForm['weights'], name: string, weight: number): QueryForm['weights'] =>
  Object.fromEntries([...Object.entries(weights).filter(([other]) => other !== name), [name, weight]]);

/** Returns twice the largest factor, rounded up to 1, 2 or 5 times a power of ten. */
function rangeOf(factors: readonly number[]): number {
  const largestRange = 2 * Math.max(...factors.map(Math.abs));
  const power = 10 ** Math.floor(Math.log10(largestRange));
  return power * ([1, 2, 5, 10].find((step) => step * power >= largestRange) ?? 10);
}
