/** A search for items by what their titles contain: the one that is chosen shows the items near it. */
import type { Mistake, SearchAnswer } from '../server/schemas.ts';
import type { Client } from './client.ts';
import { Combo } from './combo.tsx';
import type { Named } from './question.ts';

export interface ItemFieldProps {
  readonly client: Client;
  readonly near: Named | undefined;
  readonly mistakes: readonly Mistake[];
  onItem(near: Named | undefined): void;
}

export function ItemField({ client, near, mistakes, onItem }: ItemFieldProps) {
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
