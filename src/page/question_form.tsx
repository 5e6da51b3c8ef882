/** The left side: the user, what is known of them, the weights, and the limits of the answer. */
import type { Mistake } from '../server/schemas.ts';
import type { Client } from './client.ts';
import { ItemField } from './item_field.tsx';
import { Limits } from './limits.tsx';
import { MistakeText, mistakesAt } from './mistakes.tsx';
import type { AboutAnswer, Question } from './question.ts';
import { typing } from './typing.ts';
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

export function QuestionForm({ client, about, question, mistakes, change }: QuestionFormProps) {
  const { query, objectives } = about;
  const { user, values } = question;
  const given = query.features.filter(({ name }) => (values[name]?.length ?? 0) > 0).length;
  return (
    <form class="question" aria-label="Question" onSubmit={(event) => event.preventDefault()}>
      <section aria-labelledby="query">
        <h2 id="query">Query</h2>
        {query.key !== undefined && (
          <UserField
            client={client}
            name={query.key}
            user={user}
            mistakes={mistakesAt(mistakes, '/user')}
            onUser={(chosen) => change({ user: chosen, near: undefined })}
          />
        )}
        <ItemField
          client={client}
          near={question.near}
          mistakes={mistakesAt(mistakes, '/item')}
          onItem={(near) => change({ near })}
        />
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

      <Limits {...{ about, question, mistakes, change }} />
    </form>
  );
}
