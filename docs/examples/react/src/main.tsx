import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useRecommendations } from './useRecommendations.ts';

const stored = 'chosen';

function Shelf() {
  const [chosen, setChosen] = useState<readonly string[]>(() => JSON.parse(localStorage.getItem(stored) ?? '[]'));
  const events = chosen.map((item) => ({ item }));
  const { items, isLoading, error } = useRecommendations('./model', events, { k: 10 });
  const keep = (keys: readonly string[]) => {
    localStorage.setItem(stored, JSON.stringify(keys));
    setChosen(keys);
  };

  if (error) return <p role="alert">{error.message}</p>;
  if (isLoading) return <p>The model opens …</p>;
  return (
    <main>
      <h1>What do you like?</h1>
      <ol>
        {items.map(({ key, title }) => (
          <li key={key}>
            <button type="button" onClick={() => keep([...chosen, key])}>
              {title ?? key}
            </button>
          </li>
        ))}
      </ol>
      <p>
        You chose {chosen.length}.{' '}
        <button type="button" onClick={() => keep([])}>
          Begin again
        </button>
      </p>
    </main>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Shelf />
  </StrictMode>,
);
