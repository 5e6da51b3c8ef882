import type {
  BlockParameterNode,
  BodyEntryNode,
  CarryNode,
  DeclarationNode,
  ExpressionNode,
  FileNode,
  FormulaLineNode,
  FormulaNode,
  WeightAxisNode,
} from '../../../src/compiler/syntax/ast.ts';

/** What a tree holds, a line for each declaration and entry: for goldens to compare. */
export function outline(file: FileNode): string {
  const lost =
    file.lost === undefined
      ? ''
      : `\nlost: ${file.lost.map(({ name, within }) => name ?? `something of ${within ?? 'a declaration'}`).join(', ')}`;
  return file.declarations.map(declaration).join('\n') + lost;
}

function declaration(node: DeclarationNode): string {
  const name = 'name' in node ? ` ${node.name.name}` : '';
  switch (node.kind) {
    case 'Use':
      return `Use ${expression(node.path)}`;
    case 'Let':
      return `Let${name} = ${expression(node.value)}`;
    case 'Objective':
    case 'Retrieve':
      return `${node.kind} = ${expression(node.value)}`;
    case 'Block':
      return `Block${node.shared ? ' (shared)' : ''}${name}${parameters(node.parameters)} ${node.flow ? `= ${expression(node.flow)}` : formula(node.formula!)}`;
    case 'Loss':
      return `Loss${name}${parameters(node.parameters)} ${formula(node.formula)}`;
    case 'Group':
      return `Group${name} = ${node.members.map((member) => member.name).join(', ')}`;
    case 'ModelName':
      return `Model${name}`;
    case 'Tower': {
      const inputs = node.inputs.map((input) => input.name).join(', ');
      return `Tower${name}(${inputs})${node.key ? ` keyed by ${node.key.name}` : ''}${body(node.entries)}`;
    }
    default:
      return `${node.kind}${name}${body(node.entries)}`;
  }
}

type Entries = readonly BodyEntryNode[];

function body(entries: Entries, indent = '  '): string {
  return entries.map((node) => `\n${indent}${entry(node, indent)}`).join('');
}

function entry(node: Entries[number], indent: string): string {
  switch (node.kind) {
    case 'Columns':
      return `columns${body(node.entries, `${indent}  `)}`;
    case 'TypedEntry':
      return `${node.names.map(({ name }) => name).join(', ')} : ${expression(node.value)}`;
    case 'TowerEntry':
      return `${node.channel ? 'channel ' : ''}${node.name.name} = ${expression(node.flow)}`;
    case 'SearchEntry': {
      const { path, domain } = node;
      const name = path.map((part) => part.name).join('.');
      if (domain.kind === 'Choices') return `${name} : one of ${domain.items.map(expression).join(', ')}`;
      return `${name} : ${domain.log ? 'log ' : ''}${expression(domain.from)} .. ${expression(domain.to)}`;
    }
    case 'Weights':
    case 'Scan':
    case 'Repeat':
    case 'Definition':
    case 'Give':
    case 'LostLine':
    case 'Carry':
      return line(node);
    case 'Entry':
      return `${node.name.name} = ${expression(node.value)}${node.by ? ` by ${node.by.name}` : ''}`;
  }
}

const letters = (axes: readonly { readonly name: string }[]): string => axes.map(({ name }) => name).join(', ');

function formula({ inputs, entries }: FormulaNode): string {
  const all = inputs.map(({ name, shape, axes }) => {
    const names = axes.map(({ any, letter }) => `${any ? 'any ' : ''}${letter.name}`);
    return `${name.name}: ${shape.name}[${names.join(', ')}]`;
  });
  return `of (${all.join(', ')})${entries.map((node) => `\n  ${line(node)}`).join('')}`;
}

function line(node: FormulaLineNode | CarryNode): string {
  switch (node.kind) {
    case 'LostLine':
      return `lost ${node.names.join(', ')}`;
    case 'Definition':
      return `${node.shown ? 'shown ' : ''}${node.name.name} = ${expression(node.value)}`;
    case 'Give':
      return `give ${expression(node.value)}${node.shape ? ` as ${node.shape.name}[${letters(node.axes)}]` : ''}`;
    case 'Scan':
      return `scan over ${node.letter.name}${node.entries.map((part) => `\n    ${line(part)}`).join('')}`;
    case 'Repeat':
      return `repeat ${expression(node.times)}${node.entries.map((part) => `\n    ${line(part)}`).join('')}`;
    case 'Carry':
      return `${node.name.name}[${letters(node.axes)}] = ${expression(node.first)} then ${expression(node.next)}`;
    case 'Weights': {
      const axes = (all: readonly WeightAxisNode[]): string =>
        all
          .map(({ each, letter, size }) => `${each ? 'each ' : ''}${letter.name}${size ? `: ${expression(size)}` : ''}`)
          .join(', ');
      return `weights ${node.weights
        .map(({ name, from, to, initial }) => {
          const arrow = to ? ` -> ${axes(to)}` : '';
          return `${name.name}[${axes(from)}${arrow}]${initial ? ` = ${expression(initial)}` : ''}`;
        })
        .join(', ')}`;
    }
  }
}

/** An expression with every grouping shown. */
function expression(node: ExpressionNode): string {
  switch (node.kind) {
    case 'Name':
      return node.parts.map((part) => part.name).join('.');
    case 'Number':
      return node.percent ? `${node.value * 100}%` : String(node.value);
    case 'Text':
      return JSON.stringify(node.value);
    case 'List':
      return `[${node.items.map(expression).join(', ')}]`;
    case 'Call': {
      const parts = node.arguments.map(({ name, value }) => (name ? `${name.name}: ` : '') + expression(value));
      return `${node.callee.name}(${parts.join(', ')})`;
    }
    case 'Unary':
      return `(-${expression(node.operand)})`;
    case 'Binary':
      return `(${expression(node.left)} ${node.operator} ${expression(node.right)})`;
    case 'Flow':
      return node.steps.map(expression).join(' -> ');
    case 'Over': {
      const tests = node.tests.map(
        ({ left, operator, right }) => `${expression(left)} ${operator} ${expression(right)}`,
      );
      const where = tests.length === 0 ? '' : ` where ${tests.join(' and ')}`;
      return `(${node.function.name} over ${letters(node.letters)}${where} (${expression(node.operand)}))`;
    }
    case 'Renamed':
      return `${expression(node.value)}[${node.letters.map(({ from, to }) => `${from.name}: ${to.name}`).join(', ')}]`;
  }
}

function parameters(all: readonly BlockParameterNode[]): string {
  const texts = all.map(({ name, default: value }) => (value ? `${name.name} = ${expression(value)}` : name.name));
  return texts.length === 0 ? '' : `(${texts.join(', ')})`;
}
