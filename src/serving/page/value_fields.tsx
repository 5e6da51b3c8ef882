/** A field for each feature that the query tower reads. */
import { useState } from 'preact/hooks';
import type { DescribedFeature } from '../serve/describe.ts';
import type { ErrorDetail } from '../server/schemas.ts';
import { Chips } from './chips.tsx';
import { MistakeText, mistakesAt, segment } from './mistakes.tsx';
import type { QueryForm } from './question.ts';

export interface ValueFieldsProps {
  readonly features: readonly DescribedFeature[];
  readonly values: QueryForm['values'];
  readonly mistakes: readonly ErrorDetail[];
  onValue(name: string, value: string | readonly string[]): void;
}

export function ValueFields({ features, values, mistakes, onValue }: ValueFieldsProps) {
  return (
    <>
      {features.map((feature, at) => {
        const ownErrors = mistakesAt(mistakes, `/values/${segment(feature.name)}`);
        const id = `value-${at}`;
        const sharedProps = { id, feature, isWrong: ownErrors.length > 0 };
        const value = values[feature.name];
        const setValue = (given: string | readonly string[]): void => onValue(feature.name, given);
        const isList = feature.list && feature.kind !== 'vector';
        return (
          <div class="field" key={feature.name}>
            <label for={id}>
              {feature.name} <span class="soft">{kindWords(feature)}</span>
            </label>
            {isList ? (
              <ListInput {...sharedProps} value={typeof value === 'object' ? value : []} set={setValue} />
            ) : (
              <OneInput {...sharedProps} value={typeof value === 'string' ? value : ''} set={setValue} />
            )}
            <MistakeText id={`${id}-mistake`} mistakes={ownErrors} />
          </div>
        );
      })}
    </>
  );
}

const words: Readonly<Record<DescribedFeature['kind'], readonly [one: string, several: string]>> = {
  category: ['category', 'categories'],
  item: ['key of an item', 'keys of items'],
  number: ['number', 'numbers'],
  moment: ['date or time, UTC', 'dates or times, UTC'],
  text: ['text', 'texts'],
  vector: ['numbers', 'vectors'],
};

function kindWords({ kind, list, size, along, each }: DescribedFeature): string {
  const said = words[kind][list ? 1 : 0];
  const sizedWords = kind === 'vector' ? `${size} ${said}` : said;
  if (along === undefined) return sizedWords;
  return `${each ? 'a list of ' : ''}${sizedWords}, one for each of ${along}`;
}

interface InputProps<T> {
  readonly id: string;
  readonly feature: DescribedFeature;
  readonly isWrong: boolean;
  readonly value: T;
  set(value: T): void;
}

const types: Partial<Record<DescribedFeature['kind'], 'number' | 'datetime-local'>> = {
  number: 'number',
  moment: 'datetime-local',
};

function OneInput({ id, feature: { kind, examples }, isWrong, value, set }: InputProps<string>) {
  const [first] = examples;
  return (
    <>
      <input
        id={id}
        type={types[kind] ?? 'text'}
        step="any"
        autocomplete="off"
        spellcheck={false}
        list={`${id}-examples`}
        placeholder={first === undefined ? '' : `such as ${first.value}`}
        aria-invalid={isWrong}
        aria-describedby={`${id}-mistake`}
        value={value}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
      <Examples {...{ id, examples }} />
    </>
  );
}

function ListInput({ id, feature, isWrong, value, set }: InputProps<readonly string[]>) {
  const { kind, examples } = feature;
  const [typed, setTyped] = useState('');
  const titles = new Map(examples.map(({ value: key, title }) => [String(key), title]));
  const add = (texts: readonly string[]): void => {
    const given = texts.map((text) => text.trim()).filter(Boolean);
    if (given.length > 0) set([...value, ...given]);
    setTyped('');
  };
  return (
    <div class="list">
      <Chips
        label={feature.name}
        chips={value.map((text, at) => {
          const shownTitle = titles.get(text) ?? text;
          const remove = (): void => set(value.filter((_, other) => other !== at));
          return { id: `${at} ${text}`, text: shownTitle, action: `Remove ${shownTitle} from ${feature.name}`, remove };
        })}
      />
      <input
        id={id}
        autocomplete="off"
        spellcheck={false}
        list={`${id}-examples`}
        placeholder={kind === 'item' ? 'type a key, press Enter' : 'type, press Enter'}
        aria-invalid={isWrong}
        aria-describedby={`${id}-mistake`}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        // A choice among the examples.
        onChange={({ currentTarget }) => add([currentTarget.value])}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            add([typed]);
          }
          if (event.key === 'Backspace' && typed === '' && value.length > 0) set(value.slice(0, -1));
        }}
        onPaste={(event) => {
          const lines = event.clipboardData?.getData('text').split(/\r?\n/) ?? [];
          if (lines.length < 2) return;
          event.preventDefault();
          add(lines);
        }}
      />
      <Examples {...{ id, examples }} />
    </div>
  );
}

function Examples({ id, examples }: { readonly id: string; readonly examples: DescribedFeature['examples'] }) {
  return (
    <datalist id={`${id}-examples`}>
      {examples.map(({ value, title }) => (
        <option key={value} value={String(value)} label={title} />
      ))}
    </datalist>
  );
}
