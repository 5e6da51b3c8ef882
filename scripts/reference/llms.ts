/** `docs/llms.txt`: the whole language on one page, for programs that write models (llmstxt.org). */
import { firstSentence } from '../../src/compiler/explain/error_page.ts';
import { activations } from '../../src/compiler/library/activations.ts';
import type { KindRow } from '../../src/compiler/library/contract.ts';
import type { DeclarationRow, EntryType, WordRow } from '../../src/compiler/library/declarations/entry.ts';
import { declarations } from '../../src/compiler/library/declarations/table.ts';
import { accuracyMetrics } from '../../src/compiler/library/metrics/table.ts';
import { describeType } from '../../src/compiler/model/describe.ts';
import { library } from '../../src/compiler/model/library.ts';
import { signatureOf } from '../../src/editor/language/markdown.ts';
import { innerKinds, kindsOf, type LibraryKind, type Section, sections } from '../../src/editor/reference/examples.ts';

/** What the page has besides the tables of the library. */
export interface LlmsParts {
  /** Files that check as they are: a whole model, its data block, and a model that reads sequences. */
  readonly examples: readonly { readonly path: string; readonly text: string }[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
}

export function llmsPage({ examples, commands }: LlmsParts): string {
  return `${[
    head,
    '## Files to begin with',
    ...examples.map(({ path, text }) => `\`${path}\`:\n\n\`\`\`tower\n${text}\`\`\``),
    rules,
    '## Declarations',
    ...Object.entries(declarations).flatMap(([word, row]) => declarationPart(word, row)),
    ...sections.flatMap(kindsPart),
    '## Commands',
    commands.map(({ name, description }) => `- \`tower ${name}\`: ${description}`).join('\n'),
    loop,
    links,
  ].join('\n\n')}\n`;
}

function declarationPart(word: string, row: DeclarationRow): string[] {
  const entries = Object.entries(row.entries ?? {});
  return [
    `\`${word}\`: ${row.doc}`,
    ...listed([
      ...entries.flatMap(([name, { type, ...entry }]) => [
        entryLine(name, { type, ...entry }),
        ...callLines(type).map((line) => `  ${line}`),
      ]),
      ...(row.value ? callLines(row.value) : []),
      ...Object.entries<WordRow>(row.words ?? {})
        .filter(([name]) => !Object.hasOwn(callsOf(row.value), name))
        .map(([name, { doc }]) => `- \`${name}\`: ${doc}`),
    ]),
  ];
}

const listed = (lines: readonly string[]): string[] => (lines.length === 0 ? [] : [lines.join('\n')]);

const callLines = (type: EntryType): string[] =>
  Object.entries(callsOf(type)).map(
    ([name, row]) => `- \`${signature(name, row.parameters)}\`: ${firstSentence(row.doc)}`,
  );

/** Calls that only this type takes: those of the library have a section of their own. */
function callsOf(type: EntryType | undefined): Readonly<Record<string, KindRow>> {
  if (type === undefined || !('of' in type) || !isCalls(type.of)) return {};
  return Object.values<object>({ ...library, accuracyMetrics }).includes(type.of) ? {} : type.of;
}

const isCalls = (of: unknown): of is Readonly<Record<string, KindRow>> =>
  typeof of === 'object' && of !== null && Object.values(of).every((row) => 'parameters' in Object(row));

function entryLine(name: string, entry: NonNullable<DeclarationRow['entries']>[string]): string {
  const needed = entry.required ? ', required' : '';
  return `- \`${name} = ${entry.example}\` (${describeType(entry.type)}${needed}): ${firstSentence(entry.doc)}`;
}

const kindsPart = (section: Section): string[] => [
  `## ${section.title}`,
  section.doc,
  kindsOf(section).flatMap(kindLines).join('\n'),
];

function kindLines(kind: LibraryKind): string[] {
  const inner = innerKinds(kind).map(
    ({ name, row, parameter }) => `  - for \`${parameter}\`: \`${signature(name, row.parameters)}\``,
  );
  return [`- \`${signature(kind.name, kind.row.parameters)}\`: ${firstSentence(kind.row.doc)}`, ...inner];
}

/** The list of activations is long, and many blocks have it. */
const signature = (...of: Parameters<typeof signatureOf>): string =>
  signatureOf(...of).replaceAll(activations.join(' | '), 'activation');

const head = `# Tower

> Tower is a small declarative language for retrieval models: two towers over features, with losses, training, evaluation, export and serving. A model is
> a \`.tower\` file. A second file with a \`data\` block says where the rows are. This page has the whole language. Everything on it was generated from the
> code of one version.`;

const rules = `## Rules

- A feature is \`name : kind(arguments)\`. Its name is the name of its column, unless \`columns\` of the data block says otherwise.
- A flow reads in the order of the data: \`profile -> flatten -> mlp(128, 64)\`. It begins with a group, a feature, a step above it, or a call of several values.
- Types are inferred: \`fields[F × D]\`, \`sequence[L × D]\`, \`vector[N]\`, \`interests[K × D]\`, \`outputs[task: N]\`. A list with \`pool: none\` is a sequence; other features are fields.
- A data block gives columns: those of the header of \`events\`, and of \`items\` and \`users\` where their key joins. A feature or label reads the column
  of its name; \`columns { item_id = "item" }\` gives a column another name, or computes one by SQL.
- \`events = lines("train.txt")\` reads lines \`user item item …\`: each item is an event with the columns \`user\`, \`item\` and \`position\` (from 1), and
  no others. \`user\` is a word of SQL: write \`columns { user_id = "\\"user\\"", item_id = "item" }\`. More columns come from \`users = "…" by user_id\` and
  \`items = "…" by item_id\`, whose files then have the columns \`user\` and \`item\` too.
- A score compares vectors: end each channel in a vector, with \`flatten\`, a pooling block or \`last\`. The two channels of one name need one width.
- A tower lists its inputs in parentheses. No feature is in both towers, and no label is among the features.
- \`cosine\` with \`softmax\` needs a temperature, such as 0.05. \`dot\` needs none.
- With \`targets = positions\` use drawn negatives or \`all\`, and blocks that do not look ahead.
- Arguments without a name come first. Numbers may be \`30_000\`, \`1e-3\` or \`10%\`. Texts are in double quotes. \`//\` begins a comment, \`///\` a description.
- In signatures, \`…\` is any number of values, \`?\` is optional, \`= v\` is the default, \`[word]\` is a bare word that may be there. \`activation\` is one of ${activations.join(', ')}.
- What nothing reads is a warning, and the model trains as if it were not there.`;

const loop = `## How to work

1. Write the model and the data block. Check both: \`npx tower check MODEL.tower --data DATA.tower --json\`. It reads headers and no rows, and takes less than a second.
2. Each item of the answer has \`code\`, \`message\`, \`hint\`, \`file\`, \`line\`, \`column\` and \`fixes\`. An empty list is a valid program. \`npx tower explain CODE\` has a wrong and a right example. \`--fix\` applies safe fixes.
3. Train: \`npx tower train MODEL.tower --data DATA.tower --out runs/first\`. Try fewer epochs with \`--set epochs=1\`.
4. Judge: \`npx tower evaluate runs/first --json\` ranks all items, and measures baselines next to the model. Choose by the validation part; read the test part once.
5. Serve: \`npx tower serve runs/first\`.`;

const links = `## More

- [Retrieval from zero](tutorial/README.md): eight short pages for those who never built retrieval, with files that train in seconds
- [The language](guide/language.md): a tour with an example for each idea
- [Data](guide/data.md): all entries of a data block, formats, histories, splits
- [Specification](spec.md): what each declaration means, down to the arithmetic
- [Reference](reference/README.md): each kind with its formula, arguments, types and paper
- [Errors](errors/README.md): each code with a wrong and a right example
- [Models](models/README.md): models of the field as files
- [In CI, and from programs](guide/ci.md): JSON, its schema, exit codes, GitHub`;
