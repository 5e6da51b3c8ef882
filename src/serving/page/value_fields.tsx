/** Shows a field for each feature that the query tower reads. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DescribedFeature } from '../../retrieval/prepare.ts';
import type { ErrorDetail } from '../server/schemas.ts';
import { Chips, MistakeText, mistakesAt, segment } from './chips.tsx';
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
      {features.map((feature, index) => {
        const ownErrors = mistakesAt(mistakes, `/values/${segment(feature.name)}`);
        const id = `value-${index}`;
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
        chips={value.map((text, index) => {
          const shownTitle = titles.get(text) ?? text;
          const remove = (): void => set(value.filter((_, other) => other !== index));
          return {
            id: `${index} ${text}`,
            text: shownTitle,
            action: `Remove ${shownTitle} from ${feature.name}`,
            remove,
          };
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

/** A field that finds choices that begin with, or contain, the typed text: a combobox as described by WAI-ARIA. */
interface ComboChoice {
  readonly key: string;
  readonly name: string;
  readonly fact: string;
}

interface ComboProps {
  readonly id: string;
  readonly label: ComponentChildren;
  readonly list: string;
  readonly placeholder: string;
  /** Label of the button that empties the field. */
  readonly clear: string;
  /** The text of the field until the user types. */
  readonly value: string;
  readonly mistakes: readonly ErrorDetail[];
  /** True if any text can be chosen, even if nothing was found. */
  readonly takesText?: boolean;
  find(typed: string): Promise<readonly ComboChoice[] | undefined>;
  onChoice(choice: ComboChoice | undefined): void;
}

/** Milliseconds in which a later keystroke replaces the one before. */
const pause = 120;

/** The function is long because WAI-ARIA requires many behaviours of this field. */
export function Combo(props: ComboProps) {
  const { id, label, list, placeholder, clear, value, mistakes, takesText = false, find, onChoice } = props;
  const [typed, setTyped] = useState(value);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  // Reset together with the list, so that a key that is pressed as soon as the list appears is not lost.
  const foundChoices = useFound(find, isOpen ? typed : undefined, () => setAt(-1));
  useEffect(() => setTyped(value), [value]);

  const chooseItem = (choice: ComboChoice | undefined): void => {
    setOpen(false);
    setTyped(choice?.name ?? '');
    if ((choice?.name ?? '') !== value) onChoice(choice);
  };
  /** Closes the field with its current or its previous value. */
  const leaveField = (): void => {
    if (typed === '') chooseItem(undefined);
    else if (takesText) chooseItem({ key: typed, name: typed, fact: '' });
    else {
      setOpen(false);
      setTyped(value);
    }
  };
  const moveBy = (by: number): void => {
    setOpen(true);
    if (foundChoices.length > 0)
      setAt((before) => (Math.max(before, by > 0 ? -1 : 0) + by + foundChoices.length) % foundChoices.length);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => moveBy(1),
    ArrowUp: () => moveBy(-1),
    Enter: () => (isOpen && at >= 0 ? chooseItem(foundChoices[at]) : leaveField()),
    Escape: () => setOpen(false),
  };
  const isShown = isOpen && foundChoices.length > 0;

  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="combo">
        <input
          id={id}
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          placeholder={placeholder}
          aria-expanded={isShown}
          aria-controls={`${id}s`}
          aria-autocomplete="list"
          aria-activedescendant={isShown && at >= 0 ? `${id}s-${at}` : undefined}
          aria-describedby={`${id}-mistake`}
          value={typed}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setOpen(true);
          }}
          onClick={() => setOpen(true)}
          onBlur={leaveField}
          onKeyDown={(event) => {
            const keyAction = keys[event.key];
            if (!keyAction) return;
            event.preventDefault();
            keyAction();
          }}
        />
        {typed !== '' && (
          <button type="button" class="clear" aria-label={clear} onClick={() => chooseItem(undefined)}>
            ×
          </button>
        )}
        <div id={`${id}s`} role="listbox" aria-label={list} hidden={!isShown}>
          {foundChoices.map((choice, row) => (
            <div
              key={choice.key}
              id={`${id}s-${row}`}
              role="option"
              tabIndex={-1}
              aria-selected={row === at}
              // Before the field loses focus.
              onMouseDown={(event) => {
                event.preventDefault();
                chooseItem(choice);
              }}
            >
              <bdi>{choice.name}</bdi> <span class="soft">{choice.fact}</span>
            </div>
          ))}
        </div>
      </div>
      <MistakeText id={`${id}-mistake`} mistakes={mistakes} />
    </div>
  );
}

/** @param typed undefined if there is no search */
function useFound(find: ComboProps['find'], typed: string | undefined, onFound: () => void): readonly ComboChoice[] {
  const [found, setFound] = useState<readonly ComboChoice[]>([]);
  const latest = useRef(0);
  useEffect(() => {
    if (typed === undefined) return;
    const number = ++latest.current;
    const timer = setTimeout(async () => {
      const foundNext = await find(typed.slice(0, 1000));
      // Answers may arrive in a different order than their requests.
      if (number !== latest.current || !foundNext) return;
      onFound();
      setFound(foundNext);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed]);
  return found;
}
