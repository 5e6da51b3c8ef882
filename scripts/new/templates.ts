/** What `npm run new` writes: each file compiles as it is, and the tests name what is missing. */

/** `few-things` → `fewThings` */
export const camel = (name: string): string => name.replace(/[-_](\w)/g, (_, letter: string) => letter.toUpperCase());

const said = `  doc: 'TODO: what it computes, with the shapes that it takes and gives.',
  formula: ['TODO: the formula in plain text, a line for each step, with arguments by their names'],
  when: 'TODO: one sentence that helps a reader choose it.',
  paper: 'TODO: authors, "title", venue and year; or "no paper: " and the reason.',`;

export const blockFile = (name: string): string => `import { formulaBlock } from '../rows.ts';

export const ${name} = formulaBlock('${name}', {
${said.replace(/\n {2}formula: .*/, '')}
  example: '${name}',
});
`;

/** The text in Tower of a block that gives back what it gets. */
export const blockFormula = (name: string): string => `block ${name} of (x: vector[n]) {
  // TODO: the formula
  give x
}
`;

export const blockTest = (
  name: string,
): string => `/** \`${name}\` by itself. PyTorch's numbers are in \`test/fixtures/blocks/${name}.json\`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('${name} changes what it gets', () => {
  const { given, made } = exampleAtWork('${name}');
  expect(made).not.toEqual(given);
});
`;

export const blockFixture = (name: string, safe: string): string => `@block
def ${safe}():
    given = vector(5)
    # TODO: the paper's formula, with torch.nn or as plain loops.
    raise NotImplementedError("${name}")
    case(given, {}, {}, given.x)


`;

export const lossFile = (name: string): string => `import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { lossKind } from '../rows.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';

export const ${name} = lossKind({
${said}
  example: '${name}',
  label: 'binary',
  needsItemKey: false,
  parameters: {},
  lower({ builder, label, weight }, { query, item }) {
    invariant(label, '${name} is given its label');
    // TODO: the formula. It is the mean of the scores.
    return weightedMean(builder, rowScore(builder, query, item), weight);
  },
});
`;

export const lossTest = (
  name: string,
): string => `/** \`${name}\` by itself. PyTorch's numbers are in \`test/fixtures/losses/${name}.json\`. */
import { expect, test } from 'vitest';
import { lossOfExample } from './support.ts';

test('${name} is more than the mean of the scores', () => {
  const { loss, meanScore } = lossOfExample('${name}');
  expect(loss).not.toBeCloseTo(meanScore, 5);
});
`;

export const lossFixture = (name: string, safe: string): string => `@loss
def ${safe}():
    b = Batch()
    # TODO: the paper's formula, of b.own(), b.in_batch() or b.sampled().
    raise NotImplementedError("${name}")
    case(b, {}, b.mean(b.own()), label="binary")


`;

export const scoreFile = (name: string): string => `import { scoreKind } from '../rows.ts';
import { pairs } from './pairs.ts';

export const ${name} = scoreKind({
${said}
  example: '${name}(user, item)',
  parameters: {},
  // TODO: a vector for each side, whose inner product is the score. It is \`dot\`.
  lower: (context, channels) => pairs(context, channels, false),
});
`;

export const scoreTest = (name: string): string => `/** \`${name}\` by itself. */
import { expect, test } from 'vitest';
import { scoresOf } from './support.ts';

test('${name} is a score of its own', () => {
  expect(scoresOf('${name}')).not.toEqual(scoresOf('dot'));
});
`;

export const featureFile = (name: string): string => `import { integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

export const ${name} = featureKind({
${said}
  example: '${name}(dim: 4)',
  column: 'any',
  parameters: { dim: integer({ min: 1, doc: 'Width of the embedding.', default: 8 }) },
  // TODO: what it asks of the host. It is a \`category\`.
  use: ({ dim }) => ({ encoder: dictionary({ hash: undefined, minimumCount: undefined }), gives: 'code', dim }),
});
`;

export const featureTest = (name: string): string => `/** \`${name}\` by itself. */
import { expect, test } from 'vitest';
import { features } from '../../../../src/compiler/library/features/table.ts';
import { bindDefaults } from '../../../../src/compiler/model/arguments.ts';

const use = (kind: string) =>
  features[kind]!.use(bindDefaults(kind, features[kind]!, {}, undefined as never).arguments as never);

test('${name} asks for something of its own', () => {
  expect(use('${name}')).not.toEqual(use('category'));
});
`;

export const lintRow = (name: string): string => `
  '${name}': row<{ tower: string }>({
    severity: 'warning',
    message: ({ tower }) => \`TODO: what is wrong with \\\`\${tower}\\\`, and where\`,
    hint: () => 'TODO: what to do',
  }),
`;

export const errorPage = (name: string): string => `# ${name}

A warning: \`// tower-ignore ${name}: reason\` silences it on one line.

TODO: some simple sentences for a reader who meets this message for the first time.

## Wrong

\`\`\`tower wrong
${lintGolden(name)}\`\`\`

\`tower check\` prints:

\`\`\`text
TODO: \`UPDATE=1 npx vitest run test/compiler/explain\` writes it.
\`\`\`

## Right

\`\`\`tower
${lintGolden(name)}\`\`\`

[Specification, 1.2: Lexis](../spec.md#1-lexis).
`;

export const lintRule = (name: string): string => `import type { Rule } from '../resolution.ts';

/** TODO: why a model with this most likely is not what was meant. */
export const ${camel(name)}: Rule = ({ towers }, report) => {
  for (const { name, span } of towers) {
    // TODO: when it is wrong.
    const wrong: boolean = false;
    if (wrong) report('${name}', span, { tower: name });
  }
};
`;

export const lintGolden = (name: string): string => `model ${name.replaceAll('-', '_')}

features {
  user_id  : id(dim: 16)
  movie_id : id(dim: 16)
}

tower user(user_id) keyed by user_id {
  channel main = user_id -> mlp(32, 16)
}
tower item(movie_id) keyed by movie_id {
  channel main = movie_id -> mlp(32, 16)
}

task watch {
  score = cosine(user, item)
  loss  = softmax(in_batch, temperature: 0.05)
}
`;

export const commandFile = (name: string): string => `import type { Command } from 'commander';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

interface CommandOptions {
  readonly json?: boolean;
}

export function ${camel(name)}Command(command: Command): void {
  command
    .argument('<model>', 'a \`.tower\` file')
    .addOption(jsonOption())
    .action(async (path: string, { json }: CommandOptions) => {
      const answered = { model: path };
      if (json) return answerJson(answered);
      answer(\`TODO: \${answered.model}\`);
    });
  withExample(command, 'tower ${name} models/two_tower.tower');
}
`;

const keyOf = (name: string): string => (name.includes('-') ? `'${name}'` : name);

export const commandLoader = (name: string, file: string): string =>
  `  ${keyOf(name)}: async () => (await import('./${file}.ts')).${camel(name)}Command,\n`;

export const commandSummary = (name: string): string => `  ${keyOf(name)}: 'TODO: what it does, in one line',\n`;

export const commandTest = (name: string): string => `/** \`tower ${name}\` in this process. */
import { expect, test } from 'vitest';
import { inProcess } from '../in_process.ts';

test('${name} answers', async () => {
  const { written, thrown } = await inProcess('${name}', 'models/two_tower.tower');
  expect(thrown).toBeUndefined();
  expect(written).not.toContain('TODO');
});
`;

export const opRow = (name: string): string => `  ${name}: makeUnaryOp(
    'TODO: the formula in a few signs',
    floatDtypes,
    (x) => x,
    (_, g) => g,
  ),
`;

export const opValue = (name: string, method: string): string =>
  `  ['${name}', (b, x) => b.${method}(x!), [tensor([0, 1])], tensor([Number.NaN, Number.NaN])],\n`;

export const opGradient = (name: string, method: string): string =>
  `  ${name}: { inputs: [matrix], build: (b, x) => b.${method}(x!) },\n`;

export const formatRow = (name: string): string =>
  `  ${name}: { title: 'TODO', endings: ['${name}'], isPackable: false, types: 'file' },\n`;

export const formatLine = (name: string): string => `| \`.${name}\` | TODO: what it is, and who writes it |\n`;

export const formatFile = (
  name: string,
): string => `/** Reads TODO: the database does, and its rows are compared with the number that the file has. */
import { quotePath } from '../duckdb.ts';
import { columnsOfRelation, countOf, type FileReader, insert, selectFrom, settleRows } from './reader.ts';

// TODO: the SQL that reads a file. It reads CSV.
const relation = (path: string): string => \`read_csv([\${quotePath(path)}], hive_partitioning = false)\`;

export const ${name}: FileReader = {
  open: async (file, { database }) => ({
    columns: await columnsOfRelation(database, relation(file.path)),
    async load(input, at) {
      const rows = await insert(input, at, selectFrom(relation, input, file));
      // TODO: the number of rows that the file itself says, where it does.
      settleRows(file, rows, await countOf(input.database, relation(file.path)));
      return { rows, broken: [] };
    },
  }),
  relation,
};
`;

export const formatTest = (name: string): string => `/** Files of \`.${name}\`. */
import { expect, test } from 'vitest';
import { eventsIn, folderWithFile } from './support.ts';

test('.${name} has the rows of the same file in CSV', async () => {
  // TODO: a real small file. It is CSV.
  const write = (csv: string, to: string) => \`COPY (FROM read_csv('\${csv}')) TO '\${to}' (FORMAT csv)\`;
  const folder = await folderWithFile('events.${name}', write);
  expect(await eventsIn(folder, 'events.${name}')).toEqual(await eventsIn(folder, 'events.csv'));
});
`;
