import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { UsersAnswer } from '../server/schemas.ts';
import { AnswerView } from './answer_view.tsx';
import { prose } from './chips.tsx';
import { type Asker, type AskingState, makeAsker, makePageClient, type PageClient } from './client.ts';
import { countText, shortVersion } from './figure.ts';
import { type AboutAnswer, firstQuestion, type PageAnswer, type QueryForm, requestOf } from './question.ts';
import { QuestionForm } from './question_form.tsx';

render(<App client={makePageClient()} />, document.getElementById('page')!);

type StartState =
  /** The server starts, or has much to do: with its words, and seconds to wait. */
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
      <h1>Tower</h1>
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

/** What the model is, and its first question: a user with a history, or no values at all. */
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
  // Another version answers: it may take other features.
  const version = asking.answer?.value.version;
  useEffect(() => {
    if (version === undefined || version === about.version) return;
    void client.get<AboutAnswer>('/v1/about').then((reply) => {
      if (reply.kind === 'answer' && reply.value.version !== about.version) setAbout(reply.value);
    });
  }, [version]);

  const changeForm = (part: Partial<QueryForm>, delay = 0): void => {
    delayTimer.current = delay;
    // What changes besides an item asks for the user again, except for what an answer of both kinds has.
    setQuestion((before) => ({ ...before, ...part }));
  };

  return (
    <>
      <a class="skip" href="#answer">
        Skip to the answer
      </a>
      <header>
        <h1>
          Tower <span class="soft">serves</span> {about.query.model}
        </h1>
        <p class="facts">
          <span>{countText(about.items, 'item')}</span>
          {about.users > 0 && <span>{countText(about.users, 'user')}</span>}
          <span title={about.version}>
            version <code>{shortVersion(about.version)}</code>
          </span>
        </p>
      </header>
      <div class="columns">
        <QuestionForm {...{ client, about, question, change: changeForm }} mistakes={asking.mistakes ?? []} />
        <AnswerView
          {...{ about, question, asking, asked: pageRequest, change: changeForm }}
          hasToken={client.hasToken}
        />
      </div>
    </>
  );
}

/** Asks for the token of the server. It stays in memory: nothing stores it, and no address has it. */
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
