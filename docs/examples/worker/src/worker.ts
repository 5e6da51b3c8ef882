/** Recommendations in a Cloudflare Worker: the export of a model lies in the static assets, and the events of each user lie in KV. */
import { Failure, type Opened, open, type PageEvent } from '@tower-lang/runtime';

interface Env {
  readonly ASSETS: { fetch(url: string, options?: RequestInit): Promise<Response> };
  readonly HISTORIES: {
    get(user: string, type: 'json'): Promise<readonly PageEvent[] | null>;
    put(user: string, events: string): Promise<void>;
  };
}

/** Older events say little about what comes next, and every answer reads all of them. */
const mostEvents = 200;

/**
 * The isolate keeps the model that is open, and never a promise of it: a promise belongs to the request that made it, and is not settled for others when that
 * request is gone. Requests that come while the first one opens the model open it too.
 */
let opened: Opened | undefined;

async function openModel({ ASSETS }: Env): Promise<Opened> {
  if (opened) return opened;
  const model = await open('https://assets.local/model', { fetch: (url, options) => ASSETS.fetch(url, options) });
  opened = model;
  return model;
}

const eventsOf = async ({ HISTORIES }: Env, user: string) => (await HISTORIES.get(user, 'json')) ?? [];

/** GET /recommend?user=ann&k=5 */
async function recommend({ searchParams }: URL, env: Env): Promise<Response> {
  const user = searchParams.get('user');
  if (!user) return Response.json({ error: 'give a user: /recommend?user=ann' }, { status: 400 });
  const [model, events] = await Promise.all([openModel(env), eventsOf(env, user)]);
  const filter = searchParams.get('filter');
  return Response.json(
    await model.with(events).recommend({ k: Number(searchParams.get('k') ?? 10), ...(filter && { filter }) }),
  );
}

/** POST /events with {"user": "ann", "item": "318"} */
async function addEvent(request: Request, env: Env): Promise<Response> {
  const { user, item, columns } = await request.json().catch(() => ({}));
  if (typeof user !== 'string' || !user) return Response.json({ error: 'give a user and an item' }, { status: 400 });
  const [model, earlier] = await Promise.all([openModel(env), eventsOf(env, user)]);
  const events = [...earlier, { item, time: Date.now(), columns }].slice(-mostEvents);
  // Nothing is kept that the model refuses.
  model.with(events);
  await env.HISTORIES.put(user, JSON.stringify(events));
  return Response.json({ events: events.length });
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    try {
      if (url.pathname === '/recommend' && request.method === 'GET') return await recommend(url, env);
      if (url.pathname === '/events' && request.method === 'POST') return await addEvent(request, env);
      return Response.json({ error: 'ask GET /recommend?user=ann or POST /events' }, { status: 404 });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // The files of the model are missing or damaged, or the request is wrong.
      const status = error.diagnostics.some(({ code }) => /^(export|kernels)-/.test(code)) ? 503 : 400;
      return Response.json({ diagnostics: error.diagnostics }, { status });
    }
  },
};
