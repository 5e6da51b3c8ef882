/** Recommendations of a route handler: the export of a model is read from the disk, and a cookie holds what the visitor chose, so that no server keeps it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, type Opened, open } from '@tower-lang/runtime';

const fromDisk = async (url: string): Promise<Response> =>
  new Response(new Uint8Array(await readFile(join(process.cwd(), 'public', new URL(url).pathname))));

/** It is opened for the first request: `next build` loads this module, too. */
let model: Promise<Opened> | undefined;

function openModel(): Promise<Opened> {
  model ??= open('file:///model', { fetch: fromDisk });
  // The next request tries again.
  model.catch(() => {
    model = undefined;
  });
  return model;
}

const cookie = 'chosen';
const mostItems = 50;
/** A cookie holds 4,096 bytes. */
const mostBytes = 3_800;

function chosenBy(request: Request): readonly string[] {
  const [, text = '[]'] = new RegExp(`(?:^|; )${cookie}=([^;]*)`).exec(request.headers.get('cookie') ?? '') ?? [];
  try {
    const items: unknown = JSON.parse(decodeURIComponent(text));
    return Array.isArray(items) && items.every((item) => typeof item === 'string') ? items : [];
  } catch {
    return [];
  }
}

function cookieOf(items: readonly string[]): string {
  const value = encodeURIComponent(JSON.stringify(items));
  if (value.length > mostBytes) return cookieOf(items.slice(1));
  return `${cookie}=${value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax`;
}

async function answer(request: Request, chosen: readonly string[]): Promise<Response> {
  const opened = await openModel();
  const { searchParams } = new URL(request.url);
  const filter = searchParams.get('filter');
  try {
    const user = opened.with(chosen.map((item) => ({ item })));
    return Response.json(await user.recommend({ k: Number(searchParams.get('k') ?? 10), ...(filter && { filter }) }));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return Response.json({ diagnostics: error.diagnostics }, { status: 400 });
  }
}

export const GET = (request: Request): Promise<Response> => answer(request, chosenBy(request));

/** Takes `{"item": "318"}`, and answers with what comes next. A body without an item forgets all. */
export async function POST(request: Request): Promise<Response> {
  const { item } = await request.json().catch(() => ({}));
  const chosen = typeof item === 'string' ? [...chosenBy(request), item].slice(-mostItems) : [];
  const response = await answer(request, chosen);
  response.headers.set('set-cookie', cookieOf(chosen));
  return response;
}
