/** Shows the items of an answer, best first. Items that stay move to their new places. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Item } from '../../retrieval/top_request.ts';
import type { AnsweredItem } from '../server/schemas.ts';
import { columnText, digitsOf, fixed } from './chips.tsx';
import type { AboutAnswer, PageAnswer, QueryForm } from './question.ts';

export interface ItemListProps {
  readonly about: AboutAnswer;
  readonly question: QueryForm;
  readonly answer: PageAnswer;
  /** True if the answer belongs to an earlier query, because the current one failed. */
  readonly isOld: boolean;
  /** Receives the focus when the focused item is removed. */
  readonly heading: RefObject<HTMLHeadingElement | null>;
  change(part: Partial<QueryForm>): void;
  showNear(item: Item): void;
  /** Sends the event that the user has had an item. Absent: the server takes no events, or no user is chosen. */
  readonly addEvent?: ((item: Item) => void) | undefined;
}

export function ItemList({ about, question, answer, isOld, heading, change, showNear, addEvent }: ItemListProps) {
  const list = useRef<HTMLOListElement>(null);
  const { items } = answer;
  useMoves(list, items);
  const picture = about.columns.find((column) => column.picture)?.name;
  const hasPictures = items.some(({ columns }) => pictureOf(columns?.[picture ?? ''], location.href) !== undefined);
  const names = about.objectives.map(({ name }) => name);
  const itemParts = items.map(({ score, shares }) => shares ?? { [scoreName]: score });
  const shownNames = items.some(({ shares }) => shares) ? names : [scoreName];
  const bars = { names: shownNames, span: spanOfScores(itemParts), ...digitsAndBest(items.map(({ score }) => score)) };
  return (
    <>
      {shownNames.length > 1 && (
        <ul class="legend" aria-label="Shares of a score">
          {shownNames.map((name, index) => (
            <li key={name}>
              <span class={`dot c${index % 6}`} aria-hidden="true" /> {name}
            </li>
          ))}
        </ul>
      )}
      <ol class={`items${hasPictures ? ' pictures' : ''}${isOld ? ' old' : ''}`} ref={list}>
        {items.map((item, index) => {
          const { key, title = key } = item;
          return (
            <li key={key} data-key={key}>
              <span class="rank" aria-hidden="true">
                {index + 1}
              </span>
              {hasPictures && <Picture address={pictureOf(item.columns?.[picture!], location.href)} />}
              <div class="what">
                <h3>
                  <button type="button" class="title" onClick={() => showNear({ key, title })}>
                    <bdi>{title}</bdi>
                    <span class="spoken">, items near this one</span>
                  </button>
                </h3>
                <Facts item={item} picture={picture} />
              </div>
              <ScoreBar score={item.score} parts={itemParts[index]!} {...bars} />
              <span class="choices">
                {addEvent && (
                  <button
                    type="button"
                    class="had"
                    title="Send the event that the user has had it"
                    aria-label={`The user has had ${title}`}
                    onClick={() => {
                      addEvent({ key, title });
                      heading.current?.focus({ preventScroll: true });
                    }}
                  >
                    ✓ had it
                  </button>
                )}
                <button
                  type="button"
                  class="leave"
                  title="Leave out"
                  aria-label={`Leave out ${title}`}
                  onClick={() => {
                    change({ exclude: [...question.exclude, { key, title }] });
                    heading.current?.focus({ preventScroll: true });
                  }}
                >
                  × leave out
                </button>
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

const scoreName = 'score';

const digitsAndBest = (scores: readonly number[]) => ({ digits: digitsOf(scores), best: Math.max(...scores) });

function Facts({ item, picture }: { readonly item: AnsweredItem; readonly picture: string | undefined }) {
  const { key, title, columns = {} } = item;
  const shownColumns = Object.entries(columns)
    .filter(([name]) => name !== picture)
    .map(([name, value]) => [name, columnText(value)] as const)
    .filter(([, text]) => text !== '' && text !== key && text !== title);
  return (
    <dl class="facts">
      {shownColumns.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{text}</bdi>
          </dd>
        </div>
      ))}
      {title !== undefined && (
        <div>
          <dt>key</dt>
          <dd>
            <bdi>{key}</bdi>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Picture({ address }: { readonly address: string | undefined }) {
  return (
    <span class="picture">
      {address !== undefined && (
        <img
          src={address}
          alt=""
          loading="lazy"
          decoding="async"
          referrerpolicy="no-referrer"
          onError={({ currentTarget }) => {
            currentTarget.hidden = true;
          }}
        />
      )}
    </span>
  );
}

// Decides whether the page may load an address from the data as a picture. The content security policy also forbids all others.

/** Returns the address if it is a `data:image`, of this server, or https; otherwise undefined. */
export function pictureOf(value: unknown, base: string): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (/^data:image\//i.test(value)) return value;
  let url: URL;
  try {
    url = new URL(value, base);
  } catch {
    return undefined;
  }
  // A `blob:` address also has the origin of its page.
  const isOwn = url.protocol === 'http:' && url.origin === new URL(base).origin;
  return url.protocol === 'https:' || isOwn ? url.href : undefined;
}

/** Duration of moving an element to its new place. Nothing moves if the user's system asks for reduced motion. */
const milliseconds = 220;

/** @param change a value that changes when elements may move */
function useMoves(list: RefObject<HTMLElement | null>, change: unknown): void {
  const elementTops = useRef(new Map<string, number>());
  useLayoutEffect(() => {
    const topsBefore = elementTops.current;
    const topsNow = new Map<string, number>();
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (const element of list.current?.querySelectorAll<HTMLElement>(':scope > [data-key]') ?? []) {
      const key = element.dataset.key!;
      // Measured within the list, so that scrolling does not count as a move, and without the transform of a move in progress.
      const top = element.offsetTop;
      topsNow.set(key, top);
      const from = topsBefore.get(key);
      if (isStill || from === top) continue;
      const frames =
        from === undefined
          ? [{ opacity: 0 }, { opacity: 1 }]
          : [{ transform: `translateY(${from - top}px)` }, { transform: 'none' }];
      if (topsBefore.size > 0) element.animate(frames, { duration: milliseconds, easing: 'ease-out' });
    }
    elementTops.current = topsNow;
  }, [change]);
}

/** A score as a stacked bar of its tasks' shares, with the same numbers as text. */
interface ScoreBarProps {
  readonly score: number;
  readonly parts: ScoreParts;
  readonly names: readonly string[];
  readonly span: ScoreSpan;
  readonly digits: number;
  /** The highest score of the answer. Bars from 0 look alike where scores are high, so each says how far it is below. */
  readonly best: number;
}

function ScoreBar({ score, parts, names, span, digits, best }: ScoreBarProps) {
  const segments = segmentsOf(parts, span, names);
  // A single score does not belong to a task.
  const colour = (at: number): string => (names.length > 1 ? `c${at % 6}` : 'plain');
  return (
    <div class="score">
      <span class="number">
        <span class="spoken">score </span>
        {fixed(score, digits)}
      </span>
      <div class="bar" aria-hidden="true">
        {segments.map(({ name, at, left, width, value }) => (
          <span
            key={name}
            class={colour(at)}
            title={`${name}: ${fixed(value, digits)}`}
            style={{ left: `${left}%`, width: `${width}%` }}
          />
        ))}
        {span.low < 0 && <span class="zero" style={{ left: `${zeroOf(span)}%` }} />}
      </div>
      <span class="gap">{score === best ? 'the best score' : `${fixed(best - score, digits)} below the best`}</span>
      {names.length > 1 && (
        <ul class="shares">
          {segments.map(({ name, at, value }) => (
            <li key={name} class="share">
              <span class={`dot c${at % 6}`} aria-hidden="true" />
              <span class="spoken">{name} </span>
              {fixed(value, digits)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The range of all bars of an answer. */
interface ScoreSpan {
  readonly low: number;
  readonly high: number;
}

type ScoreParts = Readonly<Record<string, number>>;

const sumOf = (parts: ScoreParts, sign: 1 | -1): number =>
  Object.values(parts).reduce((sum, value) => sum + (value * sign > 0 ? value : 0), 0);

export function spanOfScores(all: readonly ScoreParts[]): ScoreSpan {
  const lowest = Math.min(0, ...all.map((parts) => sumOf(parts, -1)));
  const highest = Math.max(0, ...all.map((parts) => sumOf(parts, 1)));
  return { low: lowest, high: highest > lowest ? highest : lowest + 1 };
}

/** Returns the parts of a score's bar in percent: the share of each task, from zero to the right, or to the left if it is negative. */
export function segmentsOf(parts: ScoreParts, { low, high }: ScoreSpan, names: readonly string[]) {
  const percent = (value: number): number => (100 * value) / (high - low);
  let [below, above] = [0, 0];
  return names.map((name, index) => {
    const value = parts[name] ?? 0;
    const from = value < 0 ? (below += value) : above;
    if (value > 0) above += value;
    return { name, value, at: index, left: percent(from - low), width: percent(Math.abs(value)) };
  });
}

/** Returns the position of zero, in percent of the bar. */
export const zeroOf = ({ low, high }: ScoreSpan): number => (-100 * low) / (high - low);
