/** The left side: who asks, what is known of them, the weights, and the limits of the answer. */
import type { Mistake } from '../server/schemas.ts';
import type { Client } from './client.ts';
import { FilterField } from './filter_field.tsx';
import { MistakeText, mistakesAt } from './mistakes.tsx';
import type { AboutAnswer, Question } from './question.ts';
import { UserField } from './user_field.tsx';
import { ValueFields } from './value_fields.tsx';
import { Weights } from './weights.tsx';

export interface QuestionFormProps {
  readonly client: Client;
  readonly about: AboutAnswer;
  readonly question: Question;
  readonly mistakes: readonly Mistake[];
  /** @param delay milliseconds in which a later change takes the place of this one */
  change(part: Partial<Question>, delay?: number): void;
}

/** Where the answer is next to the question. On a phone it comes after it, so the question begins short. */
const isWide = matchMedia('(min-width: 58rem)').matches;

/** While a person types. */
const typing = 250;

export function QuestionForm({ client, about, question, mistakes, change }: QuestionFormProps) {
  const { query, objectives, mostItems } = about;
  const { user, values, k, exclude, removeSeen } = question;
  const isLimited = question.filter !== '' || exclude.length > 0;
  const given = query.features.filter(({ name }) => (values[name]?.length ?? 0) > 0).length;
  return (
    <form class="question" aria-label="Question" onSubmit={(event) => event.preventDefault()}>
      <section aria-labelledby="who">
        <h2 id="who">Who asks</h2>
        {query.key !== undefined && (
          <UserField
            client={client}
            name={query.key}
            user={user}
            mistakes={mistakesAt(mistakes, '/user')}
            onUser={(chosen) => change({ user: chosen, near: undefined })}
          />
        )}
        {query.features.length > 0 && (
          <details open={query.key === undefined || user === ''}>
            <summary>Feature values {given > 0 && <span class="badge">{given} given</span>}</summary>
            <p class="soft">
              {user === ''
                ? 'All that is known of somebody whom the data does not have.'
                : 'They replace what the data has of this user.'}
            </p>
            <ValueFields
              features={query.features}
              values={values}
              mistakes={mistakes}
              onValue={(name, value) => change({ values: { ...values, [name]: value }, near: undefined }, typing)}
            />
            <MistakeText id="values-mistake" mistakes={mistakes.filter(({ at }) => at === '/values')} />
          </details>
        )}
      </section>

      {objectives.length > 1 && (
        <Weights
          objectives={objectives}
          weights={question.weights}
          mistakes={mistakesAt(mistakes, '/weights')}
          onWeights={(weights) => change({ weights, near: undefined }, 40)}
        />
      )}

      <details class="part" open={isWide || isLimited}>
        <summary>
          <h2>Which items</h2>
        </summary>
        <FilterField
          columns={about.columns}
          filter={question.filter}
          mistakes={mistakesAt(mistakes, '/filter')}
          onFilter={(filter) => change({ filter }, typing)}
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
              max={mostItems}
              value={k}
              onInput={({ currentTarget }) => {
                const number = Math.floor(currentTarget.valueAsNumber);
                if (number >= 1) change({ k: Math.min(number, mostItems) }, typing);
              }}
            />
          </label>
        </div>
        {exclude.length > 0 && (
          <div class="field">
            <p class="label" id="excluded">
              Left out
            </p>
            <ul class="chips" aria-labelledby="excluded">
              {exclude.map(({ key, title = key }) => (
                <li key={key}>
                  <button
                    type="button"
                    class="chip"
                    aria-label={`Take back ${title}`}
                    onClick={() => change({ exclude: exclude.filter((each) => each.key !== key) })}
                  >
                    <bdi>{title}</bdi> <span aria-hidden="true">×</span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        )}
        <MistakeText
          id="limits-mistake"
          mistakes={['/k', '/exclude', '/columns'].flatMap((at) => mistakesAt(mistakes, at))}
        />
      </details>
    </form>
  );
}
