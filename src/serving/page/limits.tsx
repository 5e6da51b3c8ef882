/** Which items may be in the answer, and how many. */
import { useRef } from 'preact/hooks';
import type { AboutColumn } from '../server/about.ts';
import type { ErrorDetail } from '../server/schemas.ts';
import { Chips, MistakeText, mistakesAt } from './chips.tsx';
import { typing } from './figure.ts';
import type { AboutAnswer, QueryForm } from './question.ts';

/** The filter, with its mistake underlined where it is. Behind the text of the field lies the same text, which nobody sees but for its underline. */
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

/** A mistake at the end of the text has the place after it. */
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

export interface LimitsProps {
  readonly about: AboutAnswer;
  readonly question: QueryForm;
  readonly mistakes: readonly ErrorDetail[];
  change(part: Partial<QueryForm>, delay?: number): void;
}

/** Where the answer is next to the question. On a phone it comes after it, so the question begins short. */
const isWide = matchMedia('(min-width: 58rem)').matches;

export function Limits({ about, question, mistakes, change }: LimitsProps) {
  const { k, filter, exclude, removeSeen } = question;
  // While these are closed, the answer must not seem to be of all items, nor a mistake to have no place.
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
