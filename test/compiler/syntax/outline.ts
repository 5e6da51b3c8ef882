import type {
  BlockParameterNode,
  DeclarationNode,
  ExpressionNode,
  FileNode,
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
      return `Block${node.shared ? ' (shared)' : ''}${name}${parameters(node.parameters)} = ${expression(node.flow)}`;
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

type Entries = Extract<DeclarationNode, { entries: unknown }>['entries'];

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
    case 'Entry':
      return `${node.name.name} = ${expression(node.value)}${node.by ? ` by ${node.by.name}` : ''}`;
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
  }
}

function parameters(all: readonly BlockParameterNode[]): string {
  const texts = all.map(({ name, default: value }) => (value ? `${name.name} = ${expression(value)}` : name.name));
  return texts.length === 0 ? '' : `(${texts.join(', ')})`;
}
