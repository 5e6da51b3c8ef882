import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Item } from '../../retrieval/top_request.ts';
import type { UsersAnswer } from '../server/schemas.ts';
import { countText, MistakeText, prose, shortVersion } from './chips.tsx';
import { ItemList } from './item_list.tsx';
import {
  type AboutAnswer,
  type Asker,
  type AskingState,
  curlOf,
  firstQuestion,
  makeAsker,
  makePageClient,
  type PageAnswer,
  type PageClient,
  type PageRequest,
  type QueryForm,
  requestOf,
} from './question.ts';
import { QuestionForm } from './question_form.tsx';

/** Lists the items of a user, the latest first if the data has times. Shows a few until all are requested. */
interface HistoryProps {
  readonly history: readonly Item[];
  readonly hasTimes: boolean;
  showNear(item: Item): void;
}

/** Number of items at first. On a phone, each takes a line of its own. */
const few = matchMedia('(min-width: 40rem)').matches ? 5 : 3;

function History({ history, hasTimes, showNear }: HistoryProps) {
  const [isWhole, setWhole] = useState(false);
  const shownHistory = isWhole ? history : history.slice(0, few);
  const hiddenCount = history.length - shownHistory.length;
  return (
    <section class="history" aria-labelledby="history">
      <h3 id="history">{hasTimes ? 'History, latest first' : 'History'}</h3>
      <ul>
        {shownHistory.map(({ key, title }, index) => (
          <li key={`${index} ${key}`}>
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

interface AnswerViewProps {
  readonly about: AboutAnswer;
  readonly question: QueryForm;
  readonly asking: AskingState<PageAnswer>;
  readonly asked: PageRequest;
  readonly hasToken: boolean;
  change(part: Partial<QueryForm>): void;
  readonly addEvent?: ((item: Item) => void) | undefined;
}

function AnswerView({ about, question, asking, asked, hasToken, change, addEvent }: AnswerViewProps) {
  const { answer, trouble, mistakes = [] } = asking;
  const heading = useRef<HTMLHeadingElement>(null);
  const showNear = (near: Item): void => {
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
            {ofUser?.asOf !== undefined && ` · events up to ${String(ofUser.asOf).replace(/T.*/, '')}`}
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
      {history.length > 0 && (
        <History key={ofUser?.user} hasTimes={ofUser?.asOf !== undefined} {...{ history, showNear }} />
      )}
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
      {answer && (
        <ItemList {...{ about, question, change, showNear, heading, isOld, addEvent }} answer={answer.value} />
      )}
      <Command asked={asked} hasToken={hasToken} />
    </main>
  );
}

/** Pointers whose errors are shown at their fields. */
const shownElsewhere = /^\/(?:user|values|weights|filter|k|exclude|columns)(?:\/|$)/;

function Whose({ user }: { readonly user: string | undefined }) {
  if (user === undefined) return <>For these values</>;
  return (
    <>
      For user <bdi>{user}</bdi>
    </>
  );
}

/** Announces an answer to a screen reader after a pause, because a moving slider causes many answers. */
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls only what it can reach */}
      <pre tabIndex={0}>{command}</pre>
    </details>
  );
}

render(<App client={makePageClient()} />, document.getElementById('page')!);

type StartState =
  /** The server is starting or is busy: its reason, and the seconds to wait. */
  | { readonly state: 'loading'; readonly reason?: string; readonly seconds?: number }
  | { readonly state: 'token'; readonly refused: boolean }
  | { readonly state: 'lost'; readonly reason: string }
  | { readonly state: 'ready'; readonly about: AboutAnswer; readonly first: QueryForm };

function App({ client }: { readonly client: PageClient }) {
  const [start, setStart] = useState<StartState>({ state: 'loading' });
  const load = async (): Promise<void> => setStart(await begin(client));
  useEffect(() => void load(), []);
  useEffect(() => {
    if (start.state !== 'loading' || start.seconds === undefined) return;
    const timer = setTimeout(load, 1000 * start.seconds);
    return () => clearTimeout(timer);
  }, [start]);
  if (start.state === 'ready') {
    return (
      <Ready
        client={client}
        first={start.first}
        about={start.about}
        onToken={(refused) => setStart({ state: 'token', refused })}
      />
    );
  }
  return (
    <main class="alone">
      <h1 class="brand">Tower</h1>
      {start.state === 'loading' && (
        <p role="status">{start.reason === undefined ? 'Loading the model …' : prose(start.reason)}</p>
      )}
      {start.state === 'lost' && (
        <>
          <p role="alert">{start.reason}</p>
          <button type="button" class="main" onClick={load}>
            Try again
          </button>
        </>
      )}
      {start.state === 'token' && (
        <TokenForm
          refused={start.refused}
          onToken={(token) => {
            client.setToken(token);
            void load();
          }}
        />
      )}
    </main>
  );
}

/** Loads the description of the model and makes the first query: a user with a history, or no values at all. */
async function begin(client: PageClient): Promise<StartState> {
  const [about, users] = await Promise.all([
    client.get<AboutAnswer>('/v1/about'),
    client.get<UsersAnswer>('/v1/users?limit=20'),
  ]);
  if (about.kind === 'token') return { state: 'token', refused: about.given };
  if (about.kind === 'busy') return { state: 'loading', reason: about.reason, seconds: about.seconds };
  if (about.kind !== 'answer') return { state: 'lost', reason: 'reason' in about ? about.reason : '' };
  const firstForm = firstQuestion(about.value);
  const known = about.value.query.key !== undefined && users.kind === 'answer' ? users.value.users : [];
  const [most] = known.toSorted((a, b) => b.seen - a.seen);
  return { state: 'ready', about: about.value, first: { ...firstForm, user: most?.key ?? '' } };
}

interface ReadyProps {
  readonly client: PageClient;
  readonly about: AboutAnswer;
  readonly first: QueryForm;
  onToken(refused: boolean): void;
}

function Ready({ client, about: loaded, first, onToken }: ReadyProps) {
  const [about, setAbout] = useState(loaded);
  const [question, setQuestion] = useState(first);
  const [asking, setAsking] = useState<AskingState<PageAnswer>>({ waits: true });
  const asker = useRef<Asker | null>(null);
  asker.current ??= makeAsker<PageAnswer>(client, setAsking);
  const pageRequest = useMemo(() => requestOf(question, about), [question, about]);
  const delayTimer = useRef(0);
  useEffect(() => asker.current!.ask(pageRequest, delayTimer.current), [pageRequest]);
  useEffect(() => {
    if (asking.needsToken !== undefined) onToken(asking.needsToken);
  }, [asking.needsToken]);
  // Another version may have different features.
  const version = asking.answer?.value.version;
  useEffect(() => {
    if (version === undefined || version === about.version) return;
    void client.get<AboutAnswer>('/v1/about').then((reply) => {
      if (reply.kind === 'answer' && reply.value.version !== about.version) setAbout(reply.value);
    });
  }, [version]);

  const changeForm = (part: Partial<QueryForm>, delay = 0): void => {
    delayTimer.current = delay;
    // Any other change queries the user again, unless both kinds of answers share the setting.
    setQuestion((before) => ({ ...before, ...part }));
  };

  const { eventColumns } = about;
  const addEvent = async (item: Item): Promise<void> => {
    const columns = Object.fromEntries(eventColumns!.map((name) => [name, null]));
    const reply = await client.post('/v1/events', { user: question.user, item: item.key, columns });
    if (reply.kind === 'mistakes') setAsking((before) => ({ ...before, mistakes: reply.mistakes }));
    else if ('reason' in reply)
      setAsking((before) => ({ ...before, trouble: { reason: reply.reason, retries: false } }));
    else asker.current!.ask(pageRequest, 0);
  };

  return (
    <>
      <a class="skip" href="#answer">
        Skip to the answer
      </a>
      <header>
        <h1 class="brand">
          Tower <span class="soft">serves</span> {about.query.model}
        </h1>
        <p class="facts">
          <span>{countText(about.items, 'item')}</span>
          {about.users > 0 && <span>{countText(about.users, 'user')}</span>}
          <span title={about.version}>
            version <code>{shortVersion(about.version)}</code>
          </span>
          {about.state.map((sentence) => (
            <span key={sentence}>{sentence}</span>
          ))}
        </p>
      </header>
      <div class="columns">
        <QuestionForm {...{ client, about, question, change: changeForm }} mistakes={asking.mistakes ?? []} />
        <AnswerView
          {...{ about, question, asking, asked: pageRequest, change: changeForm }}
          hasToken={client.hasToken}
          addEvent={eventColumns && question.user !== '' ? addEvent : undefined}
        />
      </div>
    </>
  );
}

/** Prompts for the token of the server, which is kept only in memory and never in an address. */
interface TokenFormProps {
  readonly refused: boolean;
  onToken(token: string): void;
}

function TokenForm({ refused, onToken }: TokenFormProps) {
  const [token, setToken] = useState('');
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '') onToken(token.trim());
      }}
    >
      <label for="token">Token</label>
      <p class="soft" id="token-help">
        This server answers only with its bearer token. The page keeps the token until you close or reload it.
      </p>
      <div class="row">
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token}
          aria-describedby="token-help token-mistake"
          aria-invalid={refused}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <button type="submit" class="main">
          Open
        </button>
      </div>
      <p class="mistake" id="token-mistake" role="alert">
        {refused ? 'The server refuses this token.' : ''}
      </p>
    </form>
  );
}
