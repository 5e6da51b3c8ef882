/**
 * Parses the language, with one rule for each production, which returns the syntax tree. The grammar knows no meanings: kinds (`mlp`, `softmax`) are names. The
 * comment above a rule is its production: `tower.ebnf` is written from the rules, and a test compares the two. A name that recovery made up is not part of any
 * node, and a node that lacks a required part is undefined.
 */
import {
  EmbeddedActionsParser,
  type ILookaheadStrategy,
  type IParserConfig,
  type IToken,
  LLkLookaheadStrategy,
  type TokenType,
} from 'chevrotain';
import type { Source, Span } from '../src/base/text/source.ts';
import type * as ast from '../src/compiler/syntax/ast.ts';
import { readNumber, readText } from './literals.ts';
import * as t from './tokens.ts';

// Lookahead is computed when a rule is first used: Chevrotain itself would compute it for all rules at each start.

type Lookahead = (this: unknown, ...args: unknown[]) => unknown;

/** Returns a function that `make` builds at its first call. */
function onFirstCall(make: () => unknown): never {
  let made: Lookahead | undefined;
  const lookahead: Lookahead = function (...args) {
    made ??= make() as Lookahead;
    return made.apply(this, args);
  };
  return lookahead as never;
}

class LazyLookahead extends LLkLookaheadStrategy {
  override buildLookaheadForAlternation(options: Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0]) {
    return onFirstCall(() => super.buildLookaheadForAlternation(options));
  }

  override buildLookaheadForOptional(options: Parameters<ILookaheadStrategy['buildLookaheadForOptional']>[0]) {
    return onFirstCall(() => super.buildLookaheadForOptional(options));
  }
}

interface GrammarSettings extends Pick<IParserConfig, 'errorMessageProvider' | 'skipValidations'> {
  /** True if a comma in an entry separates values of a list, judged by the two tokens after the comma. Absent: it ends the entry. */
  readonly listGoesOn?: (entry: string, next: IToken, after: IToken) => boolean;
}

export class TowerParser extends EmbeddedActionsParser {
  readonly #listGoesOn: GrammarSettings['listGoesOn'];
  #source!: Source;
  #docs: ReadonlyMap<number, string> = new Map();

  constructor({ listGoesOn, ...config }: GrammarSettings = {}) {
    super([...t.tokens], { ...config, maxLookahead: 3, lookaheadStrategy: new LazyLookahead({ maxLookahead: 3 }) });
    this.#listGoesOn = listGoesOn;
    this.performSelfAnalysis();
  }

  /**
   * Sets the input of the next rule.
   * @param docs the `///` lines above a token, by its offset
   */
  load(source: Source, tokens: readonly IToken[], docs: ReadonlyMap<number, string>): void {
    this.input = [...tokens];
    this.#source = source;
    this.#docs = docs;
  }

  /** file = { declaration } */
  readonly file = this.RULE('file', (): ast.DeclarationNode[] => {
    const declarations: ast.DeclarationNode[] = [];
    this.MANY(() => add(declarations, this.SUBRULE(this.declaration)));
    return declarations;
  });

  /** declaration = use | let | model | features | labels | group | block | loss | tower | task | objective | retrieve | train | search | data */
  readonly declaration = this.RULE('declaration', (): ast.DeclarationNode | undefined =>
    this.OR<ast.DeclarationNode | undefined>([
      { ALT: () => this.SUBRULE(this.use) },
      { ALT: () => this.SUBRULE(this.let) },
      { ALT: () => this.SUBRULE(this.model) },
      { ALT: () => this.SUBRULE(this.features) },
      { ALT: () => this.SUBRULE(this.labels) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.block) },
      { ALT: () => this.SUBRULE(this.loss) },
      { ALT: () => this.SUBRULE(this.tower) },
      { ALT: () => this.SUBRULE(this.task) },
      { ALT: () => this.SUBRULE(this.objective) },
      { ALT: () => this.SUBRULE(this.retrieve) },
      { ALT: () => this.SUBRULE(this.train) },
      { ALT: () => this.SUBRULE(this.search) },
      { ALT: () => this.SUBRULE(this.data) },
    ]),
  );

  /** use = "use" Text */
  readonly use = this.RULE('use', (): ast.UseNode => {
    const first = this.CONSUME(t.Use);
    const path = this.#text(this.CONSUME(t.Text));
    return { kind: 'Use', ...this.#place(first), path };
  });

  /** let = "let" Name "=" expression */
  readonly let = this.RULE('let', (): ast.LetNode | undefined => {
    const first = this.CONSUME(t.Let);
    const name = this.#identifier(this.CONSUME(t.Name));
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    return name && value && { kind: 'Let', ...this.#place(first), name, value };
  });

  /** model = "model" Name */
  readonly model = this.RULE('model', (): ast.ModelNameNode | undefined => {
    const first = this.CONSUME(t.Model);
    const name = this.#identifier(this.CONSUME(t.Name));
    return name && { kind: 'ModelName', ...this.#place(first), name };
  });

  /** features = "features" "{" { typedEntry [ "," ] } "}" */
  readonly features = this.RULE(
    'features',
    (): ast.FeaturesNode => this.#body('Features', t.Features, () => this.SUBRULE(this.typedEntry)),
  );

  /** labels = "labels" "{" { typedEntry [ "," ] } "}" */
  readonly labels = this.RULE(
    'labels',
    (): ast.LabelsNode => this.#body('Labels', t.Labels, () => this.SUBRULE(this.typedEntry)),
  );

  /** typedEntry = Name { "," Name } ":" expression */
  readonly typedEntry = this.RULE('typedEntry', (): ast.TypedEntryNode | undefined => {
    const first = this.LA(1);
    const names = this.#names();
    this.CONSUME(t.Colon);
    const value = this.SUBRULE(this.expression);
    return value && names.length > 0 ? { kind: 'TypedEntry', ...this.#place(first), names, value } : undefined;
  });

  /** group = "group" Name "=" Name { "," Name } */
  readonly group = this.RULE('group', (): ast.GroupNode | undefined => {
    const first = this.CONSUME(t.Group);
    const name = this.#identifier(this.CONSUME(t.Name));
    this.CONSUME(t.Equals);
    const members = this.#names();
    return name && members.length > 0 ? { kind: 'Group', ...this.#place(first), name, members } : undefined;
  });

  /** block = [ "shared" ] "block" Name [ parameters ] ( "=" expression | formula ) */
  readonly block = this.RULE('block', (): ast.BlockNode | undefined => {
    const first = this.LA(1);
    const shared = isWritten(this.OPTION(() => this.CONSUME(t.Shared)));
    this.CONSUME(t.Block);
    const name = this.#identifier(this.CONSUME(t.Name));
    const parameters = this.OPTION2(() => this.SUBRULE(this.parameters)) ?? [];
    const body = this.OR<Pick<ast.BlockNode, 'flow' | 'formula'>>([
      {
        ALT: () => {
          this.CONSUME(t.Equals);
          return { flow: this.SUBRULE(this.expression) };
        },
      },
      { ALT: () => ({ formula: this.SUBRULE(this.formula) }) },
    ]);
    if (!name || !(body?.flow ?? body?.formula)) return undefined;
    return { kind: 'Block', ...this.#place(first), name, parameters, shared, ...body };
  });

  /** loss = "loss" Name [ parameters ] formula */
  readonly loss = this.RULE('loss', (): ast.LossNode | undefined => {
    const first = this.CONSUME(t.Loss);
    const name = this.#identifier(this.CONSUME(t.Name));
    const parameters = this.OPTION(() => this.SUBRULE(this.parameters)) ?? [];
    const formula = this.SUBRULE(this.formula);
    return name && formula && { kind: 'Loss', ...this.#place(first), name, parameters, formula };
  });

  /** parameters = "(" parameter { "," parameter } ")" */
  readonly parameters = this.RULE('parameters', (): ast.BlockParameterNode[] => {
    const parameters: ast.BlockParameterNode[] = [];
    this.CONSUME(t.LeftParenthesis);
    add(parameters, this.SUBRULE(this.parameter));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      add(parameters, this.SUBRULE2(this.parameter));
    });
    this.CONSUME(t.RightParenthesis);
    return parameters;
  });

  /** parameter = Name [ ":" "flow" ] [ "=" expression ] */
  readonly parameter = this.RULE('parameter', (): ast.BlockParameterNode | undefined => {
    const first = this.CONSUME(t.Name);
    const name = this.#identifier(first);
    const flow = this.OPTION(() => {
      this.CONSUME(t.Colon);
      return this.CONSUME(t.Flow);
    });
    const value = this.OPTION2(() => {
      this.CONSUME(t.Equals);
      return this.SUBRULE(this.expression);
    });
    const isFlow = isWritten(flow);
    return name && { kind: 'BlockParameter', span: this.#span(first), name, isFlow, ...(value && { default: value }) };
  });

  /** formula = "of" "(" formulaInput { "," formulaInput } ")" "{" { weights | scan | repeat | definition } give "}" */
  readonly formula = this.RULE('formula', (): ast.FormulaNode => {
    const first = this.CONSUME(t.Of);
    const inputs: ast.FormulaInputNode[] = [];
    this.CONSUME(t.LeftParenthesis);
    add(inputs, this.SUBRULE(this.formulaInput));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      add(inputs, this.SUBRULE2(this.formulaInput));
    });
    this.CONSUME(t.RightParenthesis);
    this.CONSUME(t.LeftBrace);
    const entries: ast.FormulaLineNode[] = [];
    this.MANY2({
      GATE: () => this.LA(1).tokenType !== t.Give,
      DEF: () =>
        add(
          entries,
          this.OR<ast.FormulaLineNode | undefined>([
            { ALT: () => this.SUBRULE(this.weights) },
            { ALT: () => this.SUBRULE(this.scan) },
            { ALT: () => this.SUBRULE(this.repeat) },
            { ALT: () => this.SUBRULE(this.definition) },
          ]),
        ),
    });
    add(entries, this.SUBRULE(this.give));
    this.CONSUME(t.RightBrace);
    return { kind: 'Formula', span: this.#span(first), inputs, entries };
  });

  /** formulaInput = Name ":" Name "[" inputAxis { "," inputAxis } "]" */
  readonly formulaInput = this.RULE('formulaInput', (): ast.FormulaInputNode | undefined => {
    const first = this.CONSUME(t.Name);
    const name = this.#identifier(first);
    this.CONSUME(t.Colon);
    const shape = this.#identifier(this.CONSUME2(t.Name));
    this.CONSUME(t.LeftBracket);
    const axes: ast.InputAxisNode[] = [];
    add(axes, this.SUBRULE(this.inputAxis));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      add(axes, this.SUBRULE2(this.inputAxis));
    });
    this.CONSUME(t.RightBracket);
    return name && shape && { kind: 'FormulaInput', span: this.#span(first), name, shape, axes };
  });

  /** inputAxis = [ "any" ] Name */
  readonly inputAxis = this.RULE('inputAxis', (): ast.InputAxisNode | undefined => {
    const any = isWritten(this.OPTION({ GATE: () => t.isOf(this.LA(2), t.Name), DEF: () => this.CONSUME(t.Any) }));
    const letter = this.#identifier(this.CONSUME(t.Name));
    return letter && { any, letter };
  });

  /** weights = "weights" weight { "," weight } */
  readonly weights = this.RULE('weights', (): ast.WeightsNode => {
    const first = this.CONSUME(t.Weights);
    const weights: ast.WeightNode[] = [];
    add(weights, this.SUBRULE(this.weight));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      add(weights, this.SUBRULE2(this.weight));
    });
    return { kind: 'Weights', ...this.#place(first), weights };
  });

  /** weight = Name "[" [ weightAxes [ "->" weightAxes ] ] "]" [ "=" sum ] */
  readonly weight = this.RULE('weight', (): ast.WeightNode | undefined => {
    const first = this.CONSUME(t.Name);
    const name = this.#identifier(first);
    let from: ast.WeightAxisNode[] = [];
    let to: ast.WeightAxisNode[] | undefined;
    this.CONSUME(t.LeftBracket);
    this.OPTION(() => {
      from = this.SUBRULE(this.weightAxes);
      to = this.OPTION2(() => {
        this.CONSUME(t.Arrow);
        return this.SUBRULE2(this.weightAxes);
      });
    });
    this.CONSUME(t.RightBracket);
    const initial = this.OPTION3(() => {
      this.CONSUME(t.Equals);
      return this.SUBRULE(this.sum);
    });
    const span = this.#span(first);
    return name && { kind: 'Weight', span, name, from, ...(to && { to }), ...(initial && { initial }) };
  });

  /** weightAxes = weightAxis { "," weightAxis } */
  readonly weightAxes = this.RULE('weightAxes', (): ast.WeightAxisNode[] => {
    const axes: ast.WeightAxisNode[] = [];
    add(axes, this.SUBRULE(this.weightAxis));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      add(axes, this.SUBRULE2(this.weightAxis));
    });
    return axes;
  });

  /** weightAxis = [ "each" ] Name [ ":" sum ] */
  readonly weightAxis = this.RULE('weightAxis', (): ast.WeightAxisNode | undefined => {
    const each = isWritten(this.OPTION({ GATE: () => t.isOf(this.LA(2), t.Name), DEF: () => this.CONSUME(t.Each) }));
    const letter = this.#identifier(this.CONSUME(t.Name));
    const size = this.OPTION2(() => {
      this.CONSUME(t.Colon);
      return this.SUBRULE(this.sum);
    });
    return letter && { each, letter, ...(size && { size }) };
  });

  /** scan = "scan" "over" Name "{" { carry | definition } "}" */
  readonly scan = this.RULE('scan', (): ast.ScanNode | undefined => {
    const first = this.CONSUME(t.Scan);
    this.CONSUME(t.Over);
    const letter = this.#identifier(this.CONSUME(t.Name));
    const entries: ast.ScanNode['entries'][number][] = [];
    this.CONSUME(t.LeftBrace);
    this.MANY(() =>
      add(
        entries,
        this.OR<ast.ScanNode['entries'][number] | undefined>([
          { GATE: () => this.LA(2).tokenType === t.LeftBracket, ALT: () => this.SUBRULE(this.carry) },
          { ALT: () => this.SUBRULE(this.definition) },
        ]),
      ),
    );
    this.CONSUME(t.RightBrace);
    return letter && { kind: 'Scan', ...this.#place(first), letter, entries };
  });

  /** repeat = "repeat" sum "{" { weights | carry | definition } "}" */
  readonly repeat = this.RULE('repeat', (): ast.RepeatNode | undefined => {
    const first = this.CONSUME(t.Repeat);
    const times = this.SUBRULE(this.sum);
    const entries: ast.RepeatNode['entries'][number][] = [];
    this.CONSUME(t.LeftBrace);
    this.MANY(() =>
      add(
        entries,
        this.OR<ast.RepeatNode['entries'][number] | undefined>([
          { ALT: () => this.SUBRULE(this.weights) },
          { GATE: () => this.LA(2).tokenType === t.LeftBracket, ALT: () => this.SUBRULE(this.carry) },
          { ALT: () => this.SUBRULE(this.definition) },
        ]),
      ),
    );
    this.CONSUME(t.RightBrace);
    return times && { kind: 'Repeat', ...this.#place(first), times, entries };
  });

  /** carry = Name "[" [ Name { "," Name } ] "]" "=" expression "then" expression */
  readonly carry = this.RULE('carry', (): ast.CarryNode | undefined => {
    const start = this.CONSUME(t.Name);
    const name = this.#identifier(start);
    this.CONSUME(t.LeftBracket);
    const axes = this.OPTION(() => this.#names()) ?? [];
    this.CONSUME(t.RightBracket);
    this.CONSUME(t.Equals);
    const first = this.SUBRULE(this.expression);
    this.CONSUME(t.Then);
    const next = this.SUBRULE2(this.expression);
    return name && first && next && { kind: 'Carry', span: this.#span(start), name, axes, first, next };
  });

  /** definition = [ "shown" ] Name "=" expression */
  readonly definition = this.RULE('definition', (): ast.DefinitionNode | undefined => {
    const first = this.LA(1);
    const word = this.OPTION({
      // `shown = …` is a line named `shown`.
      GATE: () => this.LA(2).tokenType !== t.Equals,
      DEF: () => this.CONSUME(t.Shown),
    });
    const name = this.#identifier(this.CONSUME(t.Name));
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    return name && value && { kind: 'Definition', ...this.#place(first), shown: isWritten(word), name, value };
  });

  /** give = "give" expression [ "as" Name "[" Name { "," Name } "]" ] */
  readonly give = this.RULE('give', (): ast.GiveNode | undefined => {
    const first = this.CONSUME(t.Give);
    const value = this.SUBRULE(this.expression);
    let shape: ast.IdentifierNode | undefined;
    let axes: ast.IdentifierNode[] = [];
    this.OPTION(() => {
      this.CONSUME(t.As);
      shape = this.#identifier(this.CONSUME(t.Name));
      this.CONSUME(t.LeftBracket);
      axes = this.#names();
      this.CONSUME(t.RightBracket);
    });
    return value && { kind: 'Give', ...this.#place(first), value, ...(shape && { shape }), axes };
  });

  /** tower = "tower" Name "(" Name { "," Name } ")" [ "keyed" "by" Name ] "{" { towerEntry [ "," ] } "}" */
  readonly tower = this.RULE('tower', (): ast.TowerNode | undefined => {
    const first = this.CONSUME(t.Tower);
    const name = this.#identifier(this.CONSUME(t.Name));
    this.CONSUME(t.LeftParenthesis);
    const inputs = this.#names();
    this.CONSUME(t.RightParenthesis);
    const key = this.OPTION(() => {
      this.CONSUME(t.Keyed);
      this.CONSUME(t.By);
      return this.#identifier(this.CONSUME2(t.Name));
    });
    const entries = this.#entries(() => this.SUBRULE(this.towerEntry));
    return name && { kind: 'Tower', ...this.#place(first), name, inputs, ...(key && { key }), entries };
  });

  /** towerEntry = [ "channel" ] Name "=" expression */
  readonly towerEntry = this.RULE('towerEntry', (): ast.TowerEntryNode | undefined => {
    const first = this.LA(1);
    const word = this.OPTION({
      // `channel = …` is a step named `channel`.
      GATE: () => this.LA(2).tokenType !== t.Equals,
      DEF: () => this.CONSUME(t.Channel),
    });
    const name = this.#identifier(this.CONSUME(t.Name));
    this.CONSUME(t.Equals);
    const flow = this.SUBRULE(this.expression);
    return name && flow && { kind: 'TowerEntry', ...this.#place(first), channel: isWritten(word), name, flow };
  });

  /** task = "task" Name "{" { entry [ "," ] } "}" */
  readonly task = this.RULE('task', (): ast.TaskNode | undefined => {
    const first = this.CONSUME(t.Task);
    const name = this.#identifier(this.CONSUME(t.Name));
    const entries = this.#entries(() => this.SUBRULE(this.entry));
    return name && { kind: 'Task', ...this.#place(first), name, entries };
  });

  /** objective = "objective" "=" expression */
  readonly objective = this.RULE('objective', (): ast.ObjectiveNode | undefined => {
    const first = this.CONSUME(t.Objective);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    return value && { kind: 'Objective', ...this.#place(first), value };
  });

  /** retrieve = "retrieve" "=" expression */
  readonly retrieve = this.RULE('retrieve', (): ast.RetrieveNode | undefined => {
    const first = this.CONSUME(t.Retrieve);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    return value && { kind: 'Retrieve', ...this.#place(first), value };
  });

  /** train = "train" "{" { entry [ "," ] } "}" */
  readonly train = this.RULE(
    'train',
    (): ast.TrainNode => this.#body('Train', t.Train, () => this.SUBRULE(this.entry)),
  );

  /** search = "search" "{" { searchEntry [ "," ] } "}" */
  readonly search = this.RULE(
    'search',
    (): ast.SearchNode => this.#body('Search', t.Search, () => this.SUBRULE(this.searchEntry)),
  );

  /** searchEntry = path ":" ( choices | range ) */
  readonly searchEntry = this.RULE('searchEntry', (): ast.SearchEntryNode | undefined => {
    const first = this.LA(1);
    const path = this.SUBRULE(this.path);
    this.CONSUME(t.Colon);
    const domain = this.OR<ast.SearchEntryNode['domain'] | undefined>([
      { ALT: () => this.SUBRULE(this.choices) },
      { ALT: () => this.SUBRULE(this.range) },
    ]);
    return domain && path.length > 0 ? { kind: 'SearchEntry', ...this.#place(first), path, domain } : undefined;
  });

  /** choices = "one" "of" expression { "," expression } */
  readonly choices = this.RULE('choices', (): ast.ChoicesNode | undefined => {
    const items: ast.ExpressionNode[] = [];
    const first = this.CONSUME(t.One);
    this.CONSUME(t.Of);
    add(items, this.SUBRULE(this.expression));
    this.MANY({
      GATE: () => !this.#isSearchEntry(2),
      DEF: () => {
        this.CONSUME(t.Comma);
        add(items, this.SUBRULE2(this.expression));
      },
    });
    return items.length > 0 ? { kind: 'Choices', span: this.#span(first), items } : undefined;
  });

  /** range = [ "log" ] sum ".." sum */
  readonly range = this.RULE('range', (): ast.RangeNode | undefined => {
    const first = this.LA(1);
    const log = isWritten(this.OPTION(() => this.CONSUME(t.Log)));
    const from = this.SUBRULE(this.sum);
    this.CONSUME(t.To);
    const to = this.SUBRULE2(this.sum);
    return from && to && { kind: 'Range', span: this.#span(first), log, from, to };
  });

  /** True if `dim :` or `dense.rate :` follows. */
  #isSearchEntry(at: number): boolean {
    let next = at;
    while (t.isOf(this.LA(next), t.Name) && t.isOf(this.LA(next + 1), t.Dot)) next += 2;
    return t.isOf(this.LA(next), t.Name) && t.isOf(this.LA(next + 1), t.Colon);
  }

  /** data = "data" Name "{" { ( columns | dataEntry ) [ "," ] } "}" */
  readonly data = this.RULE('data', (): ast.DataNode | undefined => {
    const first = this.CONSUME(t.Data);
    const name = this.#identifier(this.CONSUME(t.Name));
    const entries = this.#entries(() =>
      this.OR<ast.EntryNode | ast.ColumnsNode | undefined>([
        { ALT: () => this.SUBRULE(this.columns) },
        { ALT: () => this.SUBRULE(this.dataEntry) },
      ]),
    );
    return name && { kind: 'Data', ...this.#place(first), name, entries };
  });

  /** columns = "columns" "{" { entry [ "," ] } "}" */
  readonly columns = this.RULE(
    'columns',
    (): ast.ColumnsNode => this.#body('Columns', t.Columns, () => this.SUBRULE(this.entry)),
  );

  /** dataEntry = Name "=" expression [ "by" Name ] */
  readonly dataEntry = this.RULE('dataEntry', (): ast.EntryNode | undefined => {
    const first = this.CONSUME(t.Name);
    const name = this.#identifier(first);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    const by = this.OPTION({
      // `by = …` is the next entry, named `by`.
      GATE: () => this.LA(2).tokenType !== t.Equals,
      DEF: () => {
        this.CONSUME(t.By);
        return this.#identifier(this.CONSUME2(t.Name));
      },
    });
    return name && value && { kind: 'Entry', ...this.#place(first), name, value, ...(by && { by }) };
  });

  /** entry = Name "=" expression { "," expression } */
  readonly entry = this.RULE('entry', (): ast.EntryNode | undefined => {
    const first = this.CONSUME(t.Name);
    const name = this.#identifier(first);
    const values: ast.ExpressionNode[] = [];
    this.CONSUME(t.Equals);
    add(values, this.SUBRULE(this.expression));
    this.MANY({
      GATE: () => this.#listGoesOn?.(first.image, this.LA(2), this.LA(3)) ?? false,
      DEF: () => {
        this.CONSUME(t.Comma);
        add(values, this.SUBRULE2(this.expression));
      },
    });
    const [value, ...more] = values;
    return name && value && { kind: 'Entry', ...this.#place(first), name, value, ...(more.length > 0 && { more }) };
  });

  /** expression = sum { "->" sum } */
  readonly expression = this.RULE('expression', (): ast.ExpressionNode | undefined => {
    const first = this.LA(1);
    const step = this.SUBRULE(this.sum);
    let steps: ast.ExpressionNode[] | undefined;
    this.MANY(() => {
      this.CONSUME(t.Arrow);
      steps ??= step ? [step] : [];
      add(steps, this.SUBRULE2(this.sum));
    });
    if (steps === undefined) return step;
    return steps.length > 1 ? { kind: 'Flow', span: this.#span(first), steps } : steps[0];
  });

  /** sum = product { ( "+" | "-" ) product } */
  readonly sum = this.RULE('sum', (): ast.ExpressionNode | undefined => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.product);
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      left = this.#binary(first, operator, left, this.SUBRULE2(this.product));
    });
    return left;
  });

  /** product = inner { ( "*" | "/" ) inner } */
  readonly product = this.RULE('product', (): ast.ExpressionNode | undefined => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.inner);
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(t.Times) }, { ALT: () => this.CONSUME(t.Divide) }]);
      left = this.#binary(first, operator, left, this.SUBRULE2(this.inner));
    });
    return left;
  });

  /** inner = factor { "@" factor } */
  readonly inner = this.RULE('inner', (): ast.ExpressionNode | undefined => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.factor);
    this.MANY(() => {
      const operator = this.CONSUME(t.Inner);
      left = this.#binary(first, operator, left, this.SUBRULE2(this.factor));
    });
    return left;
  });

  // All calls share the array: alternatives made anew for each operand were a tenth of the garbage that checking a file leaves.
  readonly #operands: { GATE?: () => boolean; ALT: () => ast.ExpressionNode | undefined }[] = [
    {
      ALT: () => {
        const number = this.CONSUME(t.NumberToken);
        return { kind: 'Number', span: this.#span(number), ...readNumber(number.image) };
      },
    },
    { ALT: () => this.#text(this.CONSUME(t.Text)) },
    { ALT: () => this.SUBRULE(this.list) },
    { GATE: () => this.#isReduction(), ALT: () => this.SUBRULE(this.over) },
    { ALT: () => this.SUBRULE(this.call) },
    { ALT: () => this.SUBRULE(this.name) },
    {
      ALT: () => {
        this.CONSUME(t.LeftParenthesis);
        const inner = this.SUBRULE(this.expression);
        this.CONSUME(t.RightParenthesis);
        return inner;
      },
    },
  ];

  /** factor = { "-" } ( Number | Text | list | over | call | name | "(" expression ")" ) */
  readonly factor = this.RULE('factor', (): ast.ExpressionNode | undefined => {
    let signs: IToken[] | undefined;
    this.MANY(() => {
      const sign = this.CONSUME(t.Minus);
      signs = [sign, ...(signs ?? [])];
    });
    let operand = this.OR(this.#operands);
    for (const sign of signs ?? []) operand &&= { kind: 'Unary', span: this.#span(sign), operator: '-', operand };
    return operand;
  });

  /** over = Name "over" Name { "," Name } [ "where" test { "and" test } ] "(" expression ")" */
  readonly over = this.RULE('over', (): ast.ExpressionNode | undefined => {
    const first = this.CONSUME(t.Name);
    const reduction = this.#identifier(first);
    this.CONSUME(t.Over);
    const letters = this.#names();
    const tests: ast.TestNode[] = [];
    this.OPTION(() => {
      this.CONSUME(t.Where);
      add(tests, this.SUBRULE(this.test));
      this.MANY(() => {
        this.CONSUME(t.And);
        add(tests, this.SUBRULE2(this.test));
      });
    });
    this.CONSUME(t.LeftParenthesis);
    const operand = this.SUBRULE(this.expression);
    this.CONSUME(t.RightParenthesis);
    if (!reduction || !operand) return operand;
    return { kind: 'Over', span: this.#span(first), function: reduction, letters, tests, operand };
  });

  /** True if `sum over t (` follows, and not the end of an entry before one that is named `over`. */
  #isReduction(): boolean {
    const [word, letter, after] = [this.LA(2), this.LA(3), this.LA(4)];
    return (
      word.tokenType === t.Over &&
      t.isOf(letter, t.Name) &&
      [t.LeftParenthesis, t.Comma, t.Where].includes(after.tokenType)
    );
  }

  /** test = index ( "<" | "<=" | "=" ) index */
  readonly test = this.RULE('test', (): ast.TestNode | undefined => {
    const first = this.LA(1);
    const left = this.SUBRULE(this.index);
    const operator = this.OR([
      { ALT: () => this.CONSUME(t.Less) },
      { ALT: () => this.CONSUME(t.LessOrEqual) },
      { ALT: () => this.CONSUME(t.Equals) },
    ]);
    const right = this.SUBRULE2(this.index);
    const image = operator.image as ast.TestNode['operator'];
    return left && right && { span: this.#span(first), left, operator: image, right };
  });

  /** index = place { ( "+" | "-" ) place } */
  readonly index = this.RULE('index', (): ast.ExpressionNode | undefined => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.place);
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      left = this.#binary(first, operator, left, this.SUBRULE2(this.place));
    });
    return left;
  });

  /** place = Name | Number */
  readonly place = this.RULE('place', (): ast.ExpressionNode | undefined =>
    this.OR<ast.ExpressionNode | undefined>([
      {
        ALT: () => {
          const part = this.#identifier(this.CONSUME(t.Name));
          return part && { kind: 'Name', span: part.span, parts: [part] };
        },
      },
      {
        ALT: () => {
          const number = this.CONSUME(t.NumberToken);
          return { kind: 'Number', span: this.#span(number), ...readNumber(number.image) };
        },
      },
    ]),
  );

  /** name = path [ "[" renaming { "," renaming } "]" ] */
  readonly name = this.RULE('name', (): ast.ExpressionNode | undefined => {
    const first = this.LA(1);
    const parts = this.SUBRULE(this.path);
    const value: ast.NameNode = { kind: 'Name', span: this.#span(first), parts };
    const letters: ast.RenamedNode['letters'][number][] = [];
    this.OPTION({
      GATE: () => t.isOf(this.LA(2), t.Name) && this.LA(3).tokenType === t.Colon,
      DEF: () => {
        this.CONSUME(t.LeftBracket);
        add(letters, this.SUBRULE(this.renaming));
        this.MANY(() => {
          this.CONSUME(t.Comma);
          add(letters, this.SUBRULE2(this.renaming));
        });
        this.CONSUME(t.RightBracket);
      },
    });
    if (first.isInsertedInRecovery) return undefined;
    return letters.length === 0 ? value : { kind: 'Renamed', span: this.#span(first), value, letters };
  });

  /** renaming = Name ":" Name */
  readonly renaming = this.RULE('renaming', (): ast.RenamedNode['letters'][number] | undefined => {
    const from = this.#identifier(this.CONSUME(t.Name));
    this.CONSUME(t.Colon);
    const to = this.#identifier(this.CONSUME2(t.Name));
    return from && to && { from, to };
  });

  /** list = "[" [ expression { "," expression } [ "," ] ] "]" */
  readonly list = this.RULE('list', (): ast.ListNode => {
    const first = this.CONSUME(t.LeftBracket);
    const items = this.#items(
      () => this.SUBRULE(this.expression),
      () => this.SUBRULE2(this.expression),
    );
    this.CONSUME(t.RightBracket);
    return { kind: 'List', span: this.#span(first), items };
  });

  /** call = Name "(" [ argument { "," argument } [ "," ] ] ")" */
  readonly call = this.RULE('call', (): ast.CallNode | undefined => {
    const first = this.CONSUME(t.Name);
    const callee = this.#identifier(first);
    this.CONSUME(t.LeftParenthesis);
    const parts = this.#items(
      () => this.SUBRULE(this.argument),
      () => this.SUBRULE2(this.argument),
    );
    this.CONSUME(t.RightParenthesis);
    return callee && { kind: 'Call', span: this.#span(first), callee, arguments: parts };
  });

  /** argument = [ Name ":" ] expression */
  readonly argument = this.RULE('argument', (): ast.ArgumentNode | undefined => {
    const first = this.LA(1);
    const name = this.OPTION(() => {
      const word = this.CONSUME(t.Name);
      this.CONSUME(t.Colon);
      return this.#identifier(word);
    });
    const value = this.SUBRULE(this.expression);
    return value && { kind: 'Argument', span: this.#span(first), ...(name && { name }), value };
  });

  /** path = Name { "." Name } */
  readonly path = this.RULE('path', (): ast.IdentifierNode[] => {
    const parts: ast.IdentifierNode[] = [];
    add(parts, this.#identifier(this.CONSUME(t.Name)));
    this.MANY(() => {
      this.CONSUME(t.Dot);
      add(parts, this.#identifier(this.CONSUME2(t.Name)));
    });
    return parts;
  });

  // Parts of several rules. Chevrotain needs another number (`CONSUME8`) for each use in one rule, so these parts have numbers that no rule uses itself.

  /** Reads `"{" { entry [ "," ] } "}"`. */
  #entries<T>(entry: () => T | undefined): T[] {
    const entries: T[] = [];
    this.CONSUME(t.LeftBrace);
    this.MANY9(() => {
      add(entries, entry());
      this.OPTION9(() => this.CONSUME9(t.Comma));
    });
    this.CONSUME(t.RightBrace);
    return entries;
  }

  /** Reads a word and a body: `train { … }`. */
  #body<K extends string, T>(kind: K, word: TokenType, entry: () => T | undefined) {
    const first = this.CONSUME(word);
    const entries = this.#entries(entry);
    return { kind, ...this.#place(first), entries };
  }

  /** Reads `[ item { "," item } [ "," ] ]`: `first` reads the first item, and `next` each other. */
  #items<T>(first: () => T | undefined, next: () => T | undefined): T[] {
    const items: T[] = [];
    this.OPTION7(() => {
      add(items, first());
      this.MANY7(() => {
        this.CONSUME7(t.Comma);
        add(items, next());
      });
      this.OPTION8(() => this.CONSUME8(t.Comma));
    });
    return items;
  }

  /** Reads `Name { "," Name }`. */
  #names(): ast.IdentifierNode[] {
    const names: ast.IdentifierNode[] = [];
    add(names, this.#identifier(this.CONSUME8(t.Name)));
    this.MANY8(() => {
      this.CONSUME8(t.Comma);
      add(names, this.#identifier(this.CONSUME9(t.Name)));
    });
    return names;
  }

  #identifier(name: IToken): ast.IdentifierNode | undefined {
    return name.isInsertedInRecovery
      ? undefined
      : { kind: 'Identifier', span: this.#spanOf(name, name), name: name.image };
  }

  #text(text: IToken): ast.TextNode {
    return { kind: 'Text', span: this.#spanOf(text, text), value: readText(text.image).value };
  }

  /** Returns the operation up to the last token; if one side could not be parsed, the other side. */
  #binary(
    first: IToken,
    operator: IToken,
    left: ast.ExpressionNode | undefined,
    right: ast.ExpressionNode | undefined,
  ): ast.ExpressionNode | undefined {
    if (!left || !right) return left ?? right;
    return {
      kind: 'Binary',
      span: this.#span(first),
      operator: operator.image as ast.BinaryNode['operator'],
      left,
      right,
    };
  }

  /** Returns the span of a declaration or entry up to the last token, and its description. */
  #place(first: IToken): { span: Span; doc?: string } {
    const doc = this.#docs.get(first.startOffset);
    return doc === undefined ? { span: this.#span(first) } : { span: this.#span(first), doc };
  }

  /** Returns the span from a token to the last one read. */
  #span(first: IToken): Span {
    return this.#spanOf(first, this.LA(0));
  }

  #spanOf({ startOffset: start }: IToken, { startOffset, endOffset = startOffset }: IToken): Span {
    return { source: this.#source, start, end: endOffset + 1 };
  }
}

function add<T>(parts: T[], part: T | undefined): void {
  if (part !== undefined) parts.push(part);
}

/** False for a keyword that is absent or that recovery made up. */
const isWritten = (word: IToken | undefined): boolean => word !== undefined && !word.isInsertedInRecovery;
