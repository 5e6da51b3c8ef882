/** The filter, with its mistake underlined where it is. Behind the text of the field lies the same text, which nobody sees but for its underline. */
import { useRef } from 'preact/hooks';
import type { AboutColumn } from '../server/about.ts';
import type { Mistake } from '../server/schemas.ts';
import { MistakeText } from './mistakes.tsx';

export interface FilterFieldProps {
  readonly columns: readonly AboutColumn[];
  readonly filter: string;
  readonly mistakes: readonly Mistake[];
  onFilter(filter: string): void;
}

export function FilterField({ columns, filter, mistakes, onFilter }: FilterFieldProps) {
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
