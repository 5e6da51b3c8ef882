/** A hook that recommends in the page: it opens the export of a model that lies next to the page, once, and no server computes anything. */
import { type AnsweredItem, type Opened, open, type PageEvent, type RecommendRequest } from '@tower-lang/runtime';
import { useEffect, useState } from 'react';

export interface Recommendations {
  /** The items of the last answer stay until the next one is there. */
  readonly items: readonly AnsweredItem[];
  /** True until the first answer, or the first error. */
  readonly isLoading: boolean;
  readonly error?: Error;
}

/** All components of a page share the model of a folder. */
const models = new Map<string, Promise<Opened>>();

function openOnce(folder: string): Promise<Opened> {
  const known = models.get(folder);
  if (known) return known;
  const model = open(folder);
  models.set(folder, model);
  // The next component that asks fetches the folder again.
  model.catch(() => models.delete(folder));
  return model;
}

/**
 * @param folder address of the export, relative to the page
 * @param events what this visitor chose, the newest last
 */
export function useRecommendations(
  folder: string,
  events: readonly PageEvent[],
  request: RecommendRequest = {},
): Recommendations {
  const [state, setState] = useState<Recommendations>({ items: [], isLoading: true });
  // Components make new lists and objects each time that they render. The same text is the same question.
  const question = JSON.stringify({ events, request });

  useEffect(() => {
    let isCurrent = true;
    const answer = async (): Promise<void> => {
      const asked = JSON.parse(question);
      try {
        const model = await openOnce(folder);
        const { items } = await model.with(asked.events).recommend(asked.request);
        if (isCurrent) setState({ items, isLoading: false });
      } catch (error) {
        if (isCurrent) setState(({ items }) => ({ items, isLoading: false, error: error as Error }));
      }
    };
    answer();
    return () => {
      isCurrent = false;
    };
  }, [folder, question]);

  return state;
}
