/** The model that examples vary: two towers of one feature each. */
export interface Variation {
  /** Between the model's name and its features. */
  readonly before?: string;
  /** Further features, before the two keys. */
  readonly features?: string;
  readonly labels?: string;
  readonly groups?: string;
  readonly userInputs?: string;
  readonly user?: string;
  readonly itemInputs?: string;
  readonly itemKey?: string;
  readonly item?: string;
  readonly tasks?: string;
  readonly after?: string;
}

export function smallModel(variation: Variation = {}): string {
  const {
    before,
    features = '',
    labels,
    groups,
    userInputs = 'user_id',
    user = 'channel main = user_id -> mlp(32, 16)',
    itemInputs = 'movie_id',
    itemKey = ' keyed by movie_id',
    item = 'channel main = movie_id -> mlp(32, 16)',
    tasks = 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }',
    after,
  } = variation;
  const sections = [
    'model small',
    before,
    `features {\n${features}\nuser_id: id(dim: 16)\nmovie_id: id(dim: 16)\n}`,
    labels && `labels { ${labels} }`,
    groups,
    `tower user(${userInputs}) keyed by user_id {\n${user}\n}\ntower item(${itemInputs})${itemKey} {\n${item}\n}`,
    tasks,
    after,
  ];
  return `${sections.filter((part) => part !== undefined).join('\n\n')}\n`;
}
