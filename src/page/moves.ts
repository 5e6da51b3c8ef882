/** Moves the elements of a list from where they were to where they are, where the reader's system asks for no less motion. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

const milliseconds = 220;

/** @param change what may move them */
export function useMoves(list: RefObject<HTMLElement | null>, change: unknown): void {
  const places = useRef(new Map<string, number>());
  useLayoutEffect(() => {
    const before = places.current;
    const now = new Map<string, number>();
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (const element of list.current?.querySelectorAll<HTMLElement>(':scope > [data-key]') ?? []) {
      const key = element.dataset.key!;
      // Within the list, so that scrolling moves nothing; without the transform of a move that has not ended.
      const top = element.offsetTop;
      now.set(key, top);
      const from = before.get(key);
      if (isStill || from === top) continue;
      const frames =
        from === undefined
          ? [{ opacity: 0 }, { opacity: 1 }]
          : [{ transform: `translateY(${from - top}px)` }, { transform: 'none' }];
      if (before.size > 0) element.animate(frames, { duration: milliseconds, easing: 'ease-out' });
    }
    places.current = now;
  }, [change]);
}
