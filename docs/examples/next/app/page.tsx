'use client';

import type { AnsweredItem } from '@tower-lang/runtime';
import { useEffect, useState } from 'react';

export default function Page() {
  const [items, setItems] = useState<readonly AnsweredItem[]>([]);
  const ask = async (options?: RequestInit) => setItems((await (await fetch('/api/recommend', options)).json()).items);
  const choose = (item?: string) => ask({ method: 'POST', body: JSON.stringify({ item }) });
  useEffect(() => void ask(), []);

  return (
    <main>
      <h1>What do you like?</h1>
      <ol>
        {items.map(({ key, title }) => (
          <li key={key}>
            <button type="button" onClick={() => choose(key)}>
              {title ?? key}
            </button>
          </li>
        ))}
      </ol>
      <button type="button" onClick={() => choose()}>
        Begin again
      </button>
    </main>
  );
}
