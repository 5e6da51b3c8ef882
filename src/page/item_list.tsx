/** The items of an answer, best first. Items that stay move to their new places. */
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import type { AnsweredItem } from '../server/schemas.ts';
import { columnText, digitsOf } from './figure.ts';
import { useMoves } from './moves.ts';
import { pictureOf } from './pictures.ts';
import type { AboutAnswer, Answer, Named, Question } from './question.ts';
import { ScoreBar } from './score_bar.tsx';
import { spanOf } from './shares.ts';

export interface ItemListProps {
  readonly about: AboutAnswer;
  readonly question: Question;
  readonly answer: Answer;
  /** It is that of an earlier question: the present one has none. */
  readonly isOld: boolean;
  /** Gets the focus when the item that has it leaves. */
  readonly heading: RefObject<HTMLHeadingElement | null>;
  change(part: Partial<Question>): void;
  showNear(item: Named): void;
}

export function ItemList({ about, question, answer, isOld, heading, change, showNear }: ItemListProps) {
  const list = useRef<HTMLOListElement>(null);
  const { items } = answer;
  useMoves(list, items);
  const picture = about.columns.find((column) => column.picture)?.name;
  const hasPictures = items.some(({ columns }) => pictureOf(columns?.[picture ?? ''], location.href) !== undefined);
  const names = about.objectives.map(({ name }) => name);
  const parts = items.map(({ score, shares }) => shares ?? { [scoreName]: score });
  const shown = items.some(({ shares }) => shares) ? names : [scoreName];
  const span = spanOf(parts);
  const digits = digitsOf(items.map(({ score }) => score));
  return (
    <>
      {shown.length > 1 && (
        <ul class="legend" aria-label="Shares of a score">
          {shown.map((name, at) => (
            <li key={name}>
              <span class={`dot c${at % 6}`} aria-hidden="true" /> {name}
            </li>
          ))}
        </ul>
      )}
      <ol class={`items${hasPictures ? ' pictures' : ''}${isOld ? ' old' : ''}`} ref={list}>
        {items.map((item, at) => {
          const { key, title = key } = item;
          return (
            <li key={key} data-key={key}>
              <span class="rank" aria-hidden="true">
                {at + 1}
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
              <ScoreBar score={item.score} parts={parts[at]!} names={shown} {...{ span, digits }} />
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
                ×
              </button>
            </li>
          );
        })}
      </ol>
    </>
  );
}

const scoreName = 'score';

/** The columns of an item that say more than its title and key. */
function Facts({ item, picture }: { readonly item: AnsweredItem; readonly picture: string | undefined }) {
  const { key, title, columns = {} } = item;
  const facts = Object.entries(columns)
    .filter(([name]) => name !== picture)
    .map(([name, value]) => [name, columnText(value)] as const)
    .filter(([, text]) => text !== '' && text !== key && text !== title);
  return (
    <dl class="facts">
      {facts.map(([name, text]) => (
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
