/** Which items may be in the answer, and how many. */
import type { Mistake } from '../server/schemas.ts';
import { Chips } from './chips.tsx';
import { FilterField } from './filter_field.tsx';
import { MistakeText, mistakesAt } from './mistakes.tsx';
import type { AboutAnswer, Question } from './question.ts';
import { typing } from './typing.ts';

export interface LimitsProps {
  readonly about: AboutAnswer;
  readonly question: Question;
  readonly mistakes: readonly Mistake[];
  change(part: Partial<Question>, delay?: number): void;
}

/** Where the answer is next to the question. On a phone it comes after it, so the question begins short. */
const isWide = matchMedia('(min-width: 58rem)').matches;

export function Limits({ about, question, mistakes, change }: LimitsProps) {
  const { k, filter, exclude, removeSeen } = question;
  // While these are closed, the answer must not seem to be of all items, nor a mistake to have no place.
  const isWrong = ['/filter', '/k', '/exclude', '/columns'].some((at) => mistakesAt(mistakes, at).length > 0);
  const isLimited = filter !== '' || exclude.length > 0;
  return (
    <details class="part" open={isWide}>
      <summary>
        <h2>Which items</h2>
        {(isWrong || isLimited) && (
          <span class={isWrong ? 'badge bad' : 'badge'}>{isWrong ? 'a mistake' : 'limited'}</span>
        )}
      </summary>
      <FilterField
        columns={about.columns}
        filter={filter}
        mistakes={mistakesAt(mistakes, '/filter')}
        onFilter={(typed) => change({ filter: typed }, typing)}
      />
      <div class="row ends">
        <label class="check">
          <input
            type="checkbox"
            checked={removeSeen}
            onChange={({ currentTarget }) => change({ removeSeen: currentTarget.checked })}
          />
          leave out what the user has had
        </label>
        <label class="small">
          at most{' '}
          <input
            type="number"
            min={1}
            max={about.mostItems}
            value={k}
            onInput={({ currentTarget }) => {
              const number = Math.floor(currentTarget.valueAsNumber);
              if (number >= 1) change({ k: Math.min(number, about.mostItems) }, typing);
            }}
          />
        </label>
      </div>
      {exclude.length > 0 && (
        <div class="field">
          <p class="label">Left out</p>
          <Chips
            label="Left out"
            chips={exclude.map(({ key, title = key }) => ({
              id: key,
              text: title,
              action: `Take back ${title}`,
              remove: () => change({ exclude: exclude.filter((each) => each.key !== key) }),
            }))}
          />
        </div>
      )}
      <MistakeText
        id="limits-mistake"
        mistakes={['/k', '/exclude', '/columns'].flatMap((at) => mistakesAt(mistakes, at))}
      />
    </details>
  );
}
