/** A search for users by the beginning of their keys: a combobox as WAI-ARIA describes it. */
import { useEffect, useState } from 'preact/hooks';
import type { Mistake, UsersAnswer } from '../server/schemas.ts';
import type { Client } from './client.ts';
import { count } from './figure.ts';
import { MistakeText } from './mistakes.tsx';
import { useUsers } from './users.ts';

export interface UserFieldProps {
  readonly client: Client;
  /** The feature that identifies users. */
  readonly name: string;
  readonly user: string;
  readonly mistakes: readonly Mistake[];
  onUser(user: string): void;
}

export function UserField({ client, name, user, mistakes, onUser }: UserFieldProps) {
  const [typed, setTyped] = useState(user);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const found = useUsers(client, isOpen ? typed : undefined);
  useEffect(() => setTyped(user), [user]);
  useEffect(() => setAt(-1), [found]);

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
        <Options {...{ found, at, choose }} isShown={shows} />
      </div>
      <MistakeText id="user-mistake" mistakes={mistakes} />
    </div>
  );
}

interface OptionsProps {
  readonly found: UsersAnswer['users'];
  readonly isShown: boolean;
  /** The one that the keyboard is at. */
  readonly at: number;
  choose(key: string): void;
}

function Options({ found, isShown, at, choose }: OptionsProps) {
  return (
    <div id="users" role="listbox" aria-label="Users" hidden={!isShown}>
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
  );
}
