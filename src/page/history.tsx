/** What a user has had, the latest first: some of it, until a person wants all. */
import { useState } from 'preact/hooks';
import type { Named } from './question.ts';

export interface HistoryProps {
  readonly history: readonly Named[];
  showNear(item: Named): void;
}

/** On a phone, each takes a line of its own. */
const few = matchMedia('(min-width: 40rem)').matches ? 5 : 3;

export function History({ history, showNear }: HistoryProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? history : history.slice(0, few);
  const more = history.length - shown.length;
  return (
    <section class="history" aria-labelledby="history">
      <h3 id="history">History, latest first</h3>
      <ul>
        {shown.map(({ key, title }, at) => (
          <li key={`${at} ${key}`}>
            <button
              type="button"
              title={`Items near ${title ?? key}`}
              onClick={() => showNear({ key, ...(title === undefined ? {} : { title }) })}
            >
              <bdi>{title ?? key}</bdi>
            </button>
          </li>
        ))}
        {more > 0 && (
          <li>
            <button type="button" class="more" onClick={() => setWhole(true)}>
              {more} more
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
