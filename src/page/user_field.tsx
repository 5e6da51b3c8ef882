/** A search for users by the beginning of their keys. A key that the data does not have is a choice too: the answer says so. */
import type { Mistake, UsersAnswer } from '../server/schemas.ts';
import type { Client } from './client.ts';
import { Combo } from './combo.tsx';
import { count } from './figure.ts';

export interface UserFieldProps {
  readonly client: Client;
  /** The feature that identifies users. */
  readonly name: string;
  readonly user: string;
  readonly mistakes: readonly Mistake[];
  onUser(user: string): void;
}

export function UserField({ client, name, user, mistakes, onUser }: UserFieldProps) {
  const find = async (prefix: string) => {
    const reply = await client.get<UsersAnswer>(`/v1/users?${new URLSearchParams({ limit: '8', prefix })}`);
    if (reply.kind !== 'answer') return undefined;
    return reply.value.users.map(({ key, seen }) => ({ key, name: key, fact: count(seen, 'item') }));
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
