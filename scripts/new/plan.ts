/** What `npm run new -- KIND NAME` changes, as texts: nothing is written here. */
import { insertBefore, insertWord } from './insert.ts';
import * as write from './templates.ts';

export type Read = (path: string) => string | undefined;

export interface Plan {
  /** Path → its text. */
  readonly files: ReadonlyMap<string, string>;
  readonly next: readonly string[];
}

/** Why a name cannot be used; the words complete "`name` …". */
export class RefusedName extends Error {}

export const kinds = ['block', 'loss', 'score', 'feature', 'lint', 'command', 'op', 'format'] as const;
export type NewKind = (typeof kinds)[number];

export function planNew(kind: NewKind, name: string, read: Read): Plan {
  if (kind === 'command') return planCommand(name, read);
  if (kind === 'op') return planOp(name, read);
  if (kind === 'format') return planFormat(name, read);
  return kind === 'lint' ? planLint(name, read) : planRow(kind, name, read);
}

interface Row {
  readonly folder: string;
  readonly file: (name: string) => string;
  readonly test: (name: string) => string;
  /** The function of PyTorch's numbers; some kinds are checked by hand. */
  readonly fixture?: (name: string, safe: string) => string;
}

type RowKind = Exclude<NewKind, 'lint' | 'command' | 'op' | 'format'>;

const rows: Readonly<Record<RowKind, Row>> = {
  block: { folder: 'blocks', file: write.blockFile, test: write.blockTest, fixture: write.blockFixture },
  loss: { folder: 'losses', file: write.lossFile, test: write.lossTest, fixture: write.lossFixture },
  score: { folder: 'scores', file: write.scoreFile, test: write.scoreTest },
  feature: { folder: 'features', file: write.featureFile, test: write.featureTest },
};

function planRow(kind: RowKind, name: string, read: Read): Plan {
  const { folder, file, test, fixture } = rows[kind];
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
    throw new RefusedName('is no name: use lower-case letters, digits and single underscores');
  if (reserved.has(name)) throw new RefusedName('is a word of TypeScript or of the language: choose another');
  const path = `src/compiler/library/${folder}/${name}.ts`;
  const table = `src/compiler/library/${folder}/table.ts`;
  if (new RegExp(`^import \\{.*\\b${name}\\b.*\\} from`, 'm').test(read(table)!))
    throw new RefusedName(`is a ${kind} already: see ${table}`);
  if (read(path) !== undefined) throw new RefusedName(`has a file already: ${path}`);
  const script = `test/fixtures/${folder}.py`;
  const files = new Map([
    [path, file(name)],
    [table, insertWord(read(table)!, name, name, /^export const \w+: [^=]* = \{/m)],
    [`test/compiler/library/${folder}/${name}.test.ts`, test(name)],
  ]);
  if (kind === 'block') {
    const formulas = `src/compiler/library/${folder}/generated_formulas.ts`;
    const text = write.blockFormula(name);
    files.set(path.replace(/ts$/, 'tower'), text);
    files.set(formulas, insertBefore(read(formulas)!, '} as const;', `  ${name}: \`${text}\`,\n`));
  }
  if (fixture) {
    const text = read(script)!;
    const taken = new RegExp(`^\\s*(?:def ${name}\\b|class ${name}\\b|${name} =)|^from .* import .*\\b${name}\\b`, 'm');
    const safe = taken.test(text) || python.has(name) ? `${name}_` : name;
    files.set(script, insertBefore(text, 'if __name__ ==', fixture(name, safe)));
  }
  return {
    files,
    next: [
      kind === 'block'
        ? `Write the formula in ${path.replace(/ts$/, 'tower')}, the documentation and the parameters in ${path}, then run \`npm run generate\`.`
        : `Write \`${kind === 'feature' ? 'use' : 'lower'}\`, the documentation and the parameters in ${path}.`,
      ...(fixture
        ? [`Write the formula in ${script}, then run \`python3 ${script} ${name}\` (needs \`pip install torch\`).`]
        : [`Add values computed by hand to test/compiler/library/${folder}/${name}.test.ts.`]),
      'Run `npm run generate`: it writes the page of the reference.',
      `Run \`npx vitest run test/compiler/library test/editor/reference\`: it is green when nothing is missing.`,
    ],
  };
}

function planLint(name: string, read: Read): Plan {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new RefusedName('is no code: use lower-case letters, digits and single hyphens');
  const page = `docs/errors/${name}.md`;
  if (read(page) !== undefined) throw new RefusedName(`is a code already: see ${page}`);
  const file = name.replaceAll('-', '_');
  const path = `src/compiler/model/rules/${file}.ts`;
  if (read(path) !== undefined) throw new RefusedName(`has a file already: ${path}`);
  const table = 'src/compiler/model/rules/table.ts';
  const group = 'src/base/diagnostics/codes/lint_codes.ts';
  const golden = `test/compiler/model/mistakes/${name}.tower`;
  return {
    files: new Map([
      [group, insertBefore(read(group)!, '} as const;', write.lintRow(name))],
      [path, write.lintRule(name)],
      [table, insertWord(read(table)!, write.camel(name), file, /^export const rules: readonly Rule\[\] = \[/m)],
      [golden, write.lintGolden(name)],
      [page, write.errorPage(name)],
    ]),
    next: [
      `Write the message in ${group}, and the explanation and the examples in ${page}.`,
      `Write the rule in ${path}.`,
      `Put the mistake into ${golden}, run \`UPDATE=1 npx vitest run test/compiler/model/mistakes.test.ts\` and read the output.`,
      'Run `UPDATE=1 npx vitest run test/compiler/explain`, which writes what the page prints, and `npm run generate`, which writes the list of codes.',
      'Run `npx vitest run test/compiler/model test/compiler/explain`: it is green when nothing is missing.',
    ],
  };
}

function planCommand(name: string, read: Read): Plan {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new RefusedName('is no command: use lower-case letters, digits and single hyphens');
  const file = `${name.replaceAll('-', '_')}_command`;
  const path = `src/app/cli/commands/${file}.ts`;
  const table = 'src/app/cli/commands/table.ts';
  if (read(path) !== undefined) throw new RefusedName(`is a command already: see ${table}`);
  const test = `test/app/cli/commands/${file}.test.ts`;
  const summaries = 'src/app/cli/run.ts';
  return {
    files: new Map([
      [path, write.commandFile(name)],
      [table, insertBefore(read(table)!, '};', write.commandLoader(name, file))],
      [summaries, insertBefore(read(summaries)!, '} as const;', write.commandSummary(name))],
      [test, write.commandTest(name)],
    ]),
    next: [
      `Write what it does as a function of src/app/api, and call it from ${path}: the command reads options and prints.`,
      `Say in ${summaries} what it does, in one line, and move that line to its place in \`tower --help\`.`,
      'Run `npm run generate`: it writes the command into docs/llms.txt.',
      `Run \`npx vitest run ${test} test/docs/commands.test.ts test/app/cli/program.test.ts\`: it is green when nothing is missing.`,
    ],
  };
}

/** An op of one operand, element by element. Others need more: see CONTRIBUTING.md. */
function planOp(name: string, read: Read): Plan {
  if (!/^[A-Z][a-zA-Z0-9]*$/.test(name)) throw new RefusedName('is no op: write it as `Softplus`');
  const names = 'src/graph/graph.ts';
  if (new RegExp(`^  '${name}',`, 'm').test(read(names)!)) throw new RefusedName(`is an op already: see ${names}`);
  const rowsFile = 'src/graph/ops/unary.ts';
  const values = 'test/graph/ops/table.test.ts';
  const gradients = 'test/graph/cases.ts';
  const [beforeGroup, group] = read(names)!.split(/(?<=^export const unaryNames = \[\n)/m) as [string, string];
  const method = `${name[0]!.toLowerCase()}${name.slice(1)}`;
  return {
    files: new Map([
      [names, beforeGroup + insertBefore(group, '] as const;', `  '${name}',\n`)],
      [rowsFile, insertBefore(read(rowsFile)!, '  StopGradient: ', write.opRow(name))],
      [values, insertBefore(read(values)!, "  ['Softplus,", write.opValue(name, method))],
      [gradients, insertBefore(read(gradients)!, "  'Cast to its own dtype': ", write.opGradient(name, method))],
    ]),
    next: [
      `Write the documentation, the value and the gradient in ${rowsFile}.`,
      `Write a value in ${values}, and \`${name}\` in test/graph/tfjs.ts, where TensorFlow.js has it.`,
      'Run `npx tsc --noEmit` after `npm run build`: it names the table of each format in src/engines/formats that has no row yet.',
      'Run `npx vitest run test/graph test/engines/differential.slow.test.ts`: it is green when nothing is missing.',
    ],
  };
}

/** A format of files that the database reads by one relation. Others need more: see CONTRIBUTING.md. */
function planFormat(name: string, read: Read): Plan {
  if (!/^[a-z][a-z0-9]*$/.test(name) || reserved.has(name))
    throw new RefusedName('is no format: write the ending of its files as `orc`');
  const folder = 'src/data/files/formats';
  const table = `${folder}/table.ts`;
  if (new RegExp(`^  ${name}: |endings: .*'${name}'`, 'm').test(read(table)!))
    throw new RefusedName(`is an ending already: see ${table}`);
  const file = `${name}_format`;
  const path = `${folder}/${file}.ts`;
  if (read(path) !== undefined) throw new RefusedName(`has a file already: ${path}`);
  const readers = 'src/data/files/data_source.ts';
  const guide = 'docs/guide/data.md';
  const test = `test/data/files/formats/${file}.test.ts`;
  return {
    files: new Map([
      [path, write.formatFile(name)],
      [table, insertBefore(read(table)!, '} as const satisfies', write.formatRow(name))],
      [readers, insertWord(read(readers)!, name, `formats/${file}`, /^export const readers: [^=]* = \{/m)],
      [test, write.formatTest(name)],
      [guide, read(guide)!.replace(/(\n\| ending \| format \|\n(?:\|.*\n)*)/, (rows) => rows + write.formatLine(name))],
    ]),
    next: [
      `Write the SQL that reads it in ${path}, and the title and \`magic\` of its row in ${table}: \`tower init\` knows it by these bytes.`,
      `Put a real small file into ${test}: bytes of another program, or SQL of DuckDB that writes one.`,
      `Write its line in ${guide}, and its name into the help of \`init\` in src/app/cli/commands/init_command.ts.`,
      'Run `npx vitest run test/data/files/formats test/data/files/find_files.slow.test.ts`: it is green when nothing is missing.',
    ],
  };
}

/** Names that `export const` cannot have, and words that the grammar keeps for itself. */
const reserved = new Set(
  [
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false',
    'finally for function if implements import in instanceof interface let new null package private protected public return',
    'static super switch this throw true try typeof undefined var void while with yield',
    'block by channel columns data features group keyed labels model objective retrieve shared task tower train use',
  ].flatMap((line) => line.split(' ')),
);

/** Names that a function of Python should not take. */
const python = new Set(
  'abs all and any as assert async await def del dict elif except filter float from global hash id input int is iter lambda len list map max min next nonlocal not or pass pow print raise range round set slice sorted str sum tuple type vars zip'.split(
    ' ',
  ),
);
