/** The right side: whose answer it is, the history, the items with their scores, and the request as a command. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { MistakeText, prose } from './chips.tsx';
import type { AskingState } from './client.ts';
import { countText, shortVersion } from './figure.ts';
import { ItemList } from './item_list.tsx';
import {
  type AboutAnswer,
  curlOf,
  type NamedChoice,
  type PageAnswer,
  type PageRequest,
  type QueryForm,
} from './question.ts';

/** What a user has had, the latest first: some of it, until a person wants all. */
interface HistoryProps {
  readonly history: readonly NamedChoice[];
  showNear(item: NamedChoice): void;
}

/** On a phone, each takes a line of its own. */
const few = matchMedia('(min-width: 40rem)').matches ? 5 : 3;

function History({ history, showNear }: HistoryProps) {
  const [isWhole, setWhole] = useState(false);
  const shownHistory = isWhole ? history : history.slice(0, few);
  const hiddenCount = history.length - shownHistory.length;
  return (
    <section class="history" aria-labelledby="history">
      <h3 id="history">History, latest first</h3>
      <ul>
        {shownHistory.map(({ key, title }, at) => (
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
        {hiddenCount > 0 && (
          <li>
            <button type="button" class="more" onClick={() => setWhole(true)}>
              {hiddenCount} more
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

export interface AnswerViewProps {
  readonly about: AboutAnswer;
  readonly question: QueryForm;
  readonly asking: AskingState<PageAnswer>;
  readonly asked: PageRequest;
  readonly hasToken: boolean;
  change(part: Partial<QueryForm>): void;
}

export function AnswerView({ about, question, asking, asked, hasToken, change }: AnswerViewProps) {
  const { answer, trouble, mistakes = [] } = asking;
  const heading = useRef<HTMLHeadingElement>(null);
  const showNear = (near: NamedChoice): void => {
    change({ near });
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: 'nearest' });
  };
  const ofUser = answer && !('item' in answer.value) ? answer.value : undefined;
  const nearItem = answer && 'item' in answer.value ? question.near : undefined;
  const isOld = trouble !== undefined || mistakes.length > 0;
  const history = ofUser?.history ?? [];
  return (
    <main id="answer" aria-labelledby="whose">
      <div class="heading">
        <h2 id="whose" tabIndex={-1} ref={heading}>
          {nearItem ? (
            <>
              Near <bdi>{nearItem.title ?? nearItem.key}</bdi>
            </>
          ) : (
            <Whose user={ofUser?.user} />
          )}
        </h2>
        {question.near && (
          <button type="button" class="quiet" onClick={() => change({ near: undefined })}>
            ← back
          </button>
        )}
        {answer && (
          <p class="state">
            {isOld && 'an earlier question: '}
            {countText(answer.value.items.length, 'item')} · {Math.max(1, Math.round(answer.milliseconds))} ms
            {answer.value.version !== about.version && ` · version ${shortVersion(answer.value.version)}`}
          </p>
        )}
      </div>
      <Spoken asking={asking} />
      {trouble && (
        <div class="trouble" role="alert">
          <p>
            {prose(trouble.reason)} {trouble.retries && 'The page tries again.'}
          </p>
          {!trouble.retries && (
            <button type="button" class="main" onClick={() => change({})}>
              Try again
            </button>
          )}
        </div>
      )}
      <MistakeText id="answer-mistake" mistakes={mistakes.filter(({ at }) => !shownElsewhere.test(at))} />
      {history.length > 0 && <History key={ofUser?.user} {...{ history, showNear }} />}
      {answer && answer.value.notes.length > 0 && (
        <ul class="notes" aria-label="Notes">
          {answer.value.notes.map((note) => (
            <li key={note}>{prose(note)}</li>
          ))}
        </ul>
      )}
      {answer && answer.value.items.length === 0 && (
        <p class="empty">No item is left: the filter, what is left out, and what the user has had keep none.</p>
      )}
      {answer && <ItemList {...{ about, question, change, showNear, heading, isOld }} answer={answer.value} />}
      <Command asked={asked} hasToken={hasToken} />
    </main>
  );
}

/** Errors at these pointers are shown at their fields. */
const shownElsewhere = /^\/(?:user|values|weights|filter|k|exclude|columns)(?:\/|$)/;

function Whose({ user }: { readonly user: string | undefined }) {
  if (user === undefined) return <>For these values</>;
  return (
    <>
      For user <bdi>{user}</bdi>
    </>
  );
}

/** Announces an answer to a screen reader once answers rest: a slider that moves has many. */
function Spoken({ asking: { answer, waits } }: { readonly asking: AskingState<PageAnswer> }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (answer === undefined || waits) return;
    const [first] = answer.value.items;
    const firstTitle = first ? `, first ${first.title ?? first.key}` : '';
    const timer = setTimeout(() => setSaid(`${countText(answer.value.items.length, 'item')}${firstTitle}`), 500);
    return () => clearTimeout(timer);
  }, [answer, waits]);
  return (
    <p class="spoken" role="status">
      {said}
    </p>
  );
}

function Command({ asked, hasToken }: { readonly asked: PageRequest; readonly hasToken: boolean }) {
  const [said, setSaid] = useState('');
  const command = curlOf(asked, location.origin, hasToken);
  const copy = async (): Promise<void> => {
    const isCopied = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    );
    setSaid(isCopied ? 'Copied.' : 'The browser does not allow copying here: select the text.');
    setTimeout(() => setSaid(''), 3000);
  };
  return (
    <details class="command">
      <summary>This question as a command</summary>
      <div class="row">
        <button type="button" class="quiet" onClick={copy}>
          Copy
        </button>
        <span role="status" class="soft">
          {said}
        </span>
      </div>
      <pre>{command}</pre>
    </details>
  );
}
