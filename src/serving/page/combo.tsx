/** A field that finds what begins with, or contains, what is typed: a combobox as WAI-ARIA describes it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorDetail } from '../server/schemas.ts';
import { MistakeText } from './mistakes.tsx';

export interface ComboChoice {
  readonly key: string;
  readonly name: string;
  readonly fact: string;
}

export interface ComboProps {
  readonly id: string;
  readonly label: ComponentChildren;
  readonly list: string;
  readonly placeholder: string;
  /** Label of the button that empties the field. */
  readonly clear: string;
  /** The text of the field, until somebody types. */
  readonly value: string;
  readonly mistakes: readonly ErrorDetail[];
  /** True if a text is a choice although nothing was found. */
  readonly takesText?: boolean;
  find(typed: string): Promise<readonly ComboChoice[] | undefined>;
  onChoice(choice: ComboChoice | undefined): void;
}

/** Milliseconds in which a later key takes the place of the one before. */
const pause = 120;

/** Long because one field has all that WAI-ARIA asks of it. */
export function Combo(props: ComboProps) {
  const { id, label, list, placeholder, clear, value, mistakes, takesText = false, find, onChoice } = props;
  const [typed, setTyped] = useState(value);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  // Together with the list: a key that is pressed as soon as the list is there must not be lost.
  const foundChoices = useFound(find, isOpen ? typed : undefined, () => setAt(-1));
  useEffect(() => setTyped(value), [value]);

  const chooseItem = (choice: ComboChoice | undefined): void => {
    setOpen(false);
    setTyped(choice?.name ?? '');
    if ((choice?.name ?? '') !== value) onChoice(choice);
  };
  /** Leaves the field as it is, or as it was. */
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
              // Before the field loses its focus.
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

/** @param typed undefined: nobody searches */
function useFound(find: ComboProps['find'], typed: string | undefined, onFound: () => void): readonly ComboChoice[] {
  const [found, setFound] = useState<readonly ComboChoice[]>([]);
  const latest = useRef(0);
  useEffect(() => {
    if (typed === undefined) return;
    const number = ++latest.current;
    const timer = setTimeout(async () => {
      const foundNext = await find(typed.slice(0, 1000));
      // Answers may come in another order than they were asked for.
      if (number !== latest.current || !foundNext) return;
      onFound();
      setFound(foundNext);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed]);
  return found;
}
