// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/** Whole declarations to begin with. `$1`, `${2:name}` are the places to fill in, `$0` the last. */
export interface Snippet {
  readonly prefix: string;
  readonly doc: string;
  readonly body: readonly string[];
}

export const snippets: readonly Snippet[] = [
  { prefix: 'use', doc: 'Features, groups and blocks of another file.', body: ['use "${1:features.tower}"'] },
  { prefix: 'let', doc: 'A constant, usable wherever a number is.', body: ['let ${1:width} = ${2:64}'] },
  { prefix: 'model', doc: 'The name of the model.', body: ['model ${1:name}'] },
  {
    prefix: 'features',
    doc: 'What is read: a column and how its values become numbers.',
    body: ['features {', '  ${1:user_id} : ${2:id(dim: 32)}', '}'],
  },
  {
    prefix: 'labels',
    doc: 'What is learnt: clicks, ratings, seconds.',
    body: ['labels { ${1:clicked}: ${2|binary,number|} }'],
  },
  { prefix: 'group', doc: 'A name for several features.', body: ['group ${1:profile} = ${2:user_id}'] },
  {
    prefix: 'block',
    doc: 'Steps with a name; each use has weights of its own.',
    body: ['block ${1:deep} = ${2:flatten -> mlp(128, 64)}'],
  },
  {
    prefix: 'shared block',
    doc: 'Steps with a name; every use has the same weights.',
    body: ['shared block ${1:body} = ${2:mlp(128, 64)}'],
  },
  {
    prefix: 'tower',
    doc: 'One side: what it reads, its key, its channels.',
    body: [
      'tower ${1:user}(${2:profile}) keyed by ${3:user_id} {',
      '  channel ${4:main} = $2 -> flatten -> ${5:mlp(128, 64)}',
      '}',
    ],
  },
  {
    prefix: 'task',
    doc: 'What is learnt: a score of the two towers, and a loss.',
    body: [
      'task ${1:watch} {',
      '  score = ${2:cosine}(${3:user}, ${4:item})',
      '  loss  = ${5:softmax(in_batch, temperature: 0.05)}',
      '}',
    ],
  },
  {
    prefix: 'objective',
    doc: "What training minimises: a weighted sum of the tasks' losses.",
    body: ['objective = ${1:click}'],
  },
  { prefix: 'retrieve', doc: 'What a query ranks by: a weighted sum of scores.', body: ['retrieve = ${1:click}'] },
  {
    prefix: 'train',
    doc: 'How it is trained.',
    body: [
      'train {',
      '  batch = ${1:1024}, epochs = ${2:10}',
      '  dense = ${3:adam(rate: 1e-3)}, embeddings = ${4:adagrad(rate: 0.05)}',
      '  stop  = ${5:recall(50, patience: 2)}',
      '}',
    ],
  },
  {
    prefix: 'data',
    doc: 'Where rows come from.',
    body: [
      'data ${1:name} {',
      '  events = "${2:events.csv}"',
      '  time   = "${3:timestamp}"',
      '  split  = ${4:by_time(validation: 10%, test: 10%)}',
      '}',
    ],
  },
];

/** The file of snippets of an editor that has no language server yet: of declarations, at any place. */
export function snippetsFile(): string {
  const entries = snippets.map(({ prefix, doc, body }) => [prefix, { prefix, description: doc, body }]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
