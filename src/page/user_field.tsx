/** A search for users by the beginning of their keys: a combobox as WAI-ARIA describes it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Mistake, UsersAnswer } from '../server/schemas.ts';
import type { Client } from './client.ts';
import { count } from './figure.ts';
import { MistakeText } from './mistakes.tsx';

export interface UserFieldProps {
  readonly client: Client;
  /** The feature that identifies users. */
  readonly name: string;
  readonly user: string;
  readonly mistakes: readonly Mistake[];
  onUser(user: string): void;
}

const pause = 120;

export function UserField({ client, name, user, mistakes, onUser }: UserFieldProps) {
  const [typed, setTyped] = useState(user);
  const [found, setFound] = useState<UsersAnswer['users']>([]);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const latest = useRef(0);
  useEffect(() => setTyped(user), [user]);
  useEffect(() => {
    if (!isOpen) return;
    const number = ++latest.current;
    const timer = setTimeout(async () => {
      const reply = await client.get<UsersAnswer>(
        `/v1/users?limit=8&prefix=${encodeURIComponent(typed.slice(0, 1000))}`,
      );
      // Answers may come in another order than they were asked for.
      if (number !== latest.current || reply.kind !== 'answer') return;
      setFound(reply.value.users);
      setAt(-1);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed, isOpen]);

  const choose = (key: string): void => {
    setOpen(false);
    setTyped(key);
    if (key !== user) onUser(key);
  };
  const move = (by: number): void => {
    setOpen(true);
    if (found.length > 0) setAt((before) => (Math.max(before, by > 0 ? -1 : 0) + by + found.length) % found.length);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => choose(isOpen && at >= 0 ? found[at]!.key : typed),
    Escape: () => setOpen(false),
  };
  const shows = isOpen && found.length > 0;

  return (
    <div class="field">
      <label for="user">
        User <span class="soft">by {name}</span>
      </label>
      <div class="combo">
        <input
          id="user"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          placeholder="type the beginning of a key"
          aria-expanded={shows}
          aria-controls="users"
          aria-autocomplete="list"
          aria-activedescendant={shows && at >= 0 ? `users-${at}` : undefined}
          aria-describedby="user-mistake"
          value={typed}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setOpen(true);
          }}
          onClick={() => setOpen(true)}
          onBlur={() => choose(typed)}
          onKeyDown={(event) => {
            const act = keys[event.key];
            if (!act) return;
            event.preventDefault();
            act();
          }}
        />
        {typed !== '' && (
          <button type="button" class="clear" aria-label="Remove the user" onClick={() => choose('')}>
            ×
          </button>
        )}
        <div id="users" role="listbox" aria-label="Users" hidden={!shows}>
          {found.map(({ key, seen }, row) => (
            <div
              key={key}
              id={`users-${row}`}
              role="option"
              tabIndex={-1}
              aria-selected={row === at}
              // Before the field loses its focus.
              onMouseDown={(event) => {
                event.preventDefault();
                choose(key);
              }}
            >
              <bdi>{key}</bdi> <span class="soft">{count(seen, 'item')}</span>
            </div>
          ))}
        </div>
      </div>
      <MistakeText id="user-mistake" mistakes={mistakes} />
    </div>
  );
}
