/** The words of each declaration: what it declares, what its entries are, and which names it reads. */
import { weightedTasks } from '../../../compiler/library/declarations/objective.ts';
import { type EntryPlace, entryTables } from '../../../compiler/library/declarations/table.ts';
import { singleName } from '../../../compiler/model/calls.ts';
import type { Library } from '../../../compiler/model/library.ts';
import type { Resolution } from '../../../compiler/model/resolution.ts';
import { typedNames } from '../../../compiler/model/scope.ts';
import { findSlot } from '../../../compiler/model/settings/find_slot.ts';
import type { Slot } from '../../../compiler/model/settings/slot.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { symbolOf } from '../symbols.ts';
import { dataWords } from './data.ts';
import type { Found } from './found.ts';
import { searchWords } from './search.ts';
import { headWords, stepWords } from './tower.ts';
import { known, Values } from './values.ts';

export class Declarations {
  readonly #found: Found;
  readonly #library: Library;
  readonly #values: Values;

  readonly #slotOf: (path: readonly string[]) => Slot | undefined;

  constructor(found: Found, { library, files }: Pick<Resolution, 'library' | 'files'>) {
    this.#found = found;
    this.#library = library;
    this.#values = new Values(found, library);
    this.#slotOf = (parts) => findSlot({ files, library, report: () => {} }, { parts, at: files.main.span });
  }

  declaration(node: Ast.DeclarationNode): void {
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
        this.#values.block(node);
        return;
      case 'Tower':
        headWords(node, this.#values);
        for (const entry of node.entries) stepWords(node, entry, this.#values);
        return;
      case 'Task':
        this.#found.declare(symbolOf('task', node));
        for (const entry of node.entries) this.#entry('task', entry);
        return;
      case 'Objective':
        this.#values.tasks(node.value, library.weightings, weightedTasks);
        return;
      case 'Retrieve':
        this.#values.tasks(node.value, {});
        return;
      case 'Train':
        for (const entry of node.entries) this.#entry('train', entry);
        return;
      case 'Search':
        searchWords(node, this.#values, this.#slotOf);
        return;
      case 'Data':
        dataWords(node, this.#values);
        return;
    }
  }

  feature(entry: Ast.TypedEntryNode): void {
    for (const name of typedNames(entry)) this.#found.declare(symbolOf('feature', name));
    this.#values.kind('kind of feature', this.#library.features, entry.value);
  }

  label(entry: Ast.TypedEntryNode): void {
    for (const name of typedNames(entry)) this.#found.declare(symbolOf('label', name));
    const word = singleName(entry.value);
    if (word && (word.name === 'binary' || word.name === 'number'))
      this.#found.add(word.span, { is: 'label type', name: word.name });
  }

  #entry(place: EntryPlace, entry: Ast.EntryNode): void {
    const { name } = entry;
    const row = known(entryTables[place], name.name);
    if (!row) return;
    this.#found.add(name.span, { is: 'entry', of: place, name: name.name, row });
    this.#values.entry(name.name, row, entry);
  }
}
