/** Small helpers of this folder's tests. */
import { makeSource, spanText } from '../../../src/base/text/source.ts';
import { type CheckOptions, type CheckResult, checkSource } from '../../../src/compiler/pipeline.ts';

export const checkText = (text: string, options: CheckOptions = {}): CheckResult =>
  checkSource(makeSource('model.tower', text), options);

/** `code: text at its place`, for each diagnostic. */
export const found = ({ diagnostics }: CheckResult): string[] =>
  diagnostics.map(({ code, at }) => (at ? `${code}: ${spanText(at)}` : code));

/** Reads from files that are held in memory. */
export const memory =
  (files: Readonly<Record<string, string>>): NonNullable<CheckOptions['load']> =>
  (path) => {
    const text = files[path.replaceAll('\\', '/')];
    return text === undefined ? undefined : makeSource(path, text);
  };

/** Two towers around one entry each, to be varied. */
export const model = ({
  before = '',
  user = 'user_id -> flatten -> mlp(8, 4)',
  item = 'movie_id -> flatten -> mlp(8, 4)',
  task = 'score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1)',
  after = '',
} = {}): string => `
model small
${before}
features { user_id: id(dim: 4), movie_id: id(dim: 4) }
tower user(user_id) keyed by user_id { channel main = ${user} }
tower item(movie_id) keyed by movie_id { channel main = ${item} }
task watch { ${task} }
${after}
`;

/** Two towers, of which the user's reads one more feature, `f`. */
export const modelWith = (feature: string): string => `
model small
features { user_id: id(dim: 4), ${feature}, movie_id: id(dim: 4) }
group person = user_id, f
tower user(person) keyed by user_id { channel main = person -> flatten -> mlp(8, 4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8, 4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`;
