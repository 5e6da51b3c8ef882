/** The words of each declaration: what it declares, what its entries are, and which names it reads. */
import type { Table } from '../../model/arguments.ts';
import { singleName } from '../../model/calls.ts';
import { taskEntries } from '../../model/entry_names.ts';
import type { Library } from '../../model/library.ts';
import { weightedTasks } from '../../model/resolve/objective.ts';
import { stopParameters, trainEntries } from '../../model/resolve/train.ts';
import type * as Ast from '../../syntax/ast.ts';
import { symbolOf } from '../symbols.ts';
import { dataWords } from './data.ts';
import type { Found } from './found.ts';
import { towerWords } from './tower.ts';
import { known, stepsOf, Values } from './values.ts';

export class Declarations {
  readonly #found: Found;
  readonly #library: Library;
  readonly #values: Values;

  constructor(found: Found, library: Library) {
    this.#found = found;
    this.#library = library;
    this.#values = new Values(found, library);
  }

  declaration(node: Ast.Declaration): void {
    const library = this.#library;
    switch (node.kind) {
      case 'Use':
        return;
      case 'ModelName':
        this.#found.declare(symbolOf('model', node));
        return;
      case 'Let':
        this.#found.declare(symbolOf('constant', node));
        this.#values.numbers(node.value);
        return;
      case 'Features':
        for (const entry of node.entries) this.feature(entry);
        return;
      case 'Labels':
        for (const entry of node.entries) this.label(entry);
        return;
      case 'Group':
        this.#found.declare(symbolOf('group', node));
        for (const member of node.members) this.#found.name(member, 'feature', 'group', 'label');
        return;
      case 'Block':
        this.#found.declare(symbolOf('block', node));
        this.#values.steps(stepsOf(node.flow), node.name.name);
        return;
      case 'Tower':
        towerWords(node, this.#values);
        return;
      case 'Task':
        this.#task(node);
        return;
      case 'Objective':
        this.#sum(node.value, library.weightings);
        return;
      case 'Retrieve':
        this.#sum(node.value, {});
        return;
      case 'Train':
        this.#train(node);
        return;
      case 'Data':
        dataWords(node, this.#values);
        return;
    }
  }

  feature(entry: Ast.TypedEntry): void {
    this.#found.declare(symbolOf('feature', entry));
    this.#values.kind('kind of feature', this.#library.features, entry.value);
  }

  label(entry: Ast.TypedEntry): void {
    this.#found.declare(symbolOf('label', entry));
    const word = singleName(entry.value);
    if (word?.name === 'binary' || word?.name === 'number') this.#found.add(word.span, { is: 'sort', name: word.name });
  }

  #task(node: Ast.Task): void {
    this.#found.declare(symbolOf('task', node));
    for (const { name, value } of node.entries) {
      const doc = known(taskEntries, name.name);
      if (doc !== undefined) this.#found.add(name.span, { is: 'entry', of: 'task', name: name.name, doc });
      if (name.name === 'score') this.#score(value);
      if (name.name === 'loss') this.#values.kind('loss', this.#library.losses, value);
      const word = singleName(value);
      if (word && (name.name === 'label' || name.name === 'only')) this.#found.name(word, 'label', 'feature');
      if (word && name.name === 'weight') this.#found.name(word, 'feature', 'label');
    }
  }

  #score(value: Ast.Expression): void {
    const { scores } = this.#library;
    if (value.kind === 'Binary') {
      this.#score(value.left);
      this.#score(value.right);
    } else if (value.kind === 'Unary') this.#score(value.operand);
    else if (value.kind === 'Call' && Object.hasOwn(scores, value.callee.name)) {
      const places = value.arguments.filter(({ name }) => name === undefined).slice(0, 2);
      for (const { value: side } of places) this.#side(side);
      const others = value.arguments.filter((argument) => !places.includes(argument));
      this.#values.kind('score', scores, { ...value, arguments: others });
    } else this.#values.numbers(value);
  }

  #side(value: Ast.Expression): void {
    if (value.kind !== 'Name') return;
    const [tower, channel] = value.parts;
    if (!tower) return;
    this.#found.name(tower, 'tower');
    const step = channel && this.#found.symbols.step(tower.name, channel.name);
    if (step) this.#found.read(channel.span, step);
  }

  #sum(value: Ast.Expression, weightings: Table): void {
    const word = singleName(value)?.name;
    const bare = word !== undefined && !this.#found.symbols.find(word, 'task') && Object.hasOwn(weightings, word);
    if (value.kind === 'Call' || bare) this.#values.kind('weighting', weightings, value, weightedTasks);
    else if (value.kind === 'Binary') {
      this.#sum(value.left, {});
      this.#sum(value.right, {});
    } else if (value.kind === 'Unary') this.#sum(value.operand, {});
    else {
      const name = singleName(value);
      if (name) this.#found.name(name, 'task', 'constant');
    }
  }

  #train(node: Ast.Train): void {
    const library = this.#library;
    const parameters = trainEntries(library);
    for (const { name, value } of node.entries) {
      const parameter = known(parameters, name.name);
      if (!parameter) continue;
      this.#found.add(name.span, { is: 'entry', of: 'train', name: name.name, doc: parameter.doc });
      if (name.name === 'stop') this.#values.kind('metric', library.metrics, value, stopParameters);
      else if (name.name === 'dense' || name.name === 'embeddings')
        this.#values.kind('optimizer', library.optimizers, value);
      else this.#values.value(name.name, parameter, value);
    }
  }
}
