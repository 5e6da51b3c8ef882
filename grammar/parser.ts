/**
 * The grammar of the language, one rule for each production; it knows nothing of meaning. Kinds (`mlp`, `softmax`) are names.
 * The comment above a rule is its production: `tower.ebnf` is written from the rules, and a test compares the two.
 */
import { type CstNode, CstParser, type IParserConfig, type IToken, type ParserMethod } from 'chevrotain';
import { LazyLookahead } from './lookahead.ts';
import * as t from './tokens.ts';

type Rule = ParserMethod<[], CstNode>;

interface Settings extends Pick<IParserConfig, 'errorMessageProvider' | 'recoveryEnabled' | 'skipValidations'> {
  /** Whether a comma in an entry parts values of its list, by the two tokens after the comma. Absent: it ends the entry. */
  readonly listGoesOn?: (entry: string, next: IToken, after: IToken) => boolean;
}

export class TowerParser extends CstParser {
  readonly #listGoesOn: Settings['listGoesOn'];

  constructor({ listGoesOn, ...config }: Settings = {}) {
    super([...t.tokens], {
      recoveryEnabled: true,
      ...config,
      nodeLocationTracking: 'onlyOffset',
      maxLookahead: 3,
      lookaheadStrategy: new LazyLookahead({ maxLookahead: 3 }),
    });
    this.#listGoesOn = listGoesOn;
    this.performSelfAnalysis();
  }

  /** file = { declaration } */
  readonly file: Rule = this.RULE('file', () => {
    this.MANY(() => this.SUBRULE(this.declaration));
  });

  /** declaration = use | let | model | features | labels | group | block | tower | task | objective | retrieve | train | search | data */
  readonly declaration: Rule = this.RULE('declaration', () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.use) },
      { ALT: () => this.SUBRULE(this.let) },
      { ALT: () => this.SUBRULE(this.model) },
      { ALT: () => this.SUBRULE(this.features) },
      { ALT: () => this.SUBRULE(this.labels) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.block) },
      { ALT: () => this.SUBRULE(this.tower) },
      { ALT: () => this.SUBRULE(this.task) },
      { ALT: () => this.SUBRULE(this.objective) },
      { ALT: () => this.SUBRULE(this.retrieve) },
      { ALT: () => this.SUBRULE(this.train) },
      { ALT: () => this.SUBRULE(this.search) },
      { ALT: () => this.SUBRULE(this.data) },
    ]);
  });

  /** use = "use" Text */
  readonly use: Rule = this.RULE('use', () => {
    this.CONSUME(t.Use);
    this.CONSUME(t.Text);
  });

  /** let = "let" Name "=" expression */
  readonly let: Rule = this.RULE('let', () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** model = "model" Name */
  readonly model: Rule = this.RULE('model', () => {
    this.CONSUME(t.Model);
    this.CONSUME(t.Name);
  });

  /** features = "features" "{" { typedEntry [ "," ] } "}" */
  readonly features: Rule = this.RULE('features', () => {
    this.CONSUME(t.Features);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.typedEntry);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** labels = "labels" "{" { typedEntry [ "," ] } "}" */
  readonly labels: Rule = this.RULE('labels', () => {
    this.CONSUME(t.Labels);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.typedEntry);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** typedEntry = Name { "," Name } ":" expression */
  readonly typedEntry: Rule = this.RULE('typedEntry', () => {
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Name);
    });
    this.CONSUME(t.Colon);
    this.SUBRULE(this.expression);
  });

  /** group = "group" Name "=" Name { "," Name } */
  readonly group: Rule = this.RULE('group', () => {
    this.CONSUME(t.Group);
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.CONSUME2(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME3(t.Name);
    });
  });

  /** block = [ "shared" ] "block" Name [ "(" parameter { "," parameter } ")" ] "=" expression */
  readonly block: Rule = this.RULE('block', () => {
    this.OPTION(() => this.CONSUME(t.Shared));
    this.CONSUME(t.Block);
    this.CONSUME(t.Name);
    this.OPTION2(() => {
      this.CONSUME(t.LeftParenthesis);
      this.SUBRULE(this.parameter);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.parameter);
      });
      this.CONSUME(t.RightParenthesis);
    });
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** parameter = Name [ "=" expression ] */
  readonly parameter: Rule = this.RULE('parameter', () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    });
  });

  /** tower = "tower" Name "(" Name { "," Name } ")" [ "keyed" "by" Name ] "{" { towerEntry [ "," ] } "}" */
  readonly tower: Rule = this.RULE('tower', () => {
    this.CONSUME(t.Tower);
    this.CONSUME(t.Name);
    this.CONSUME(t.LeftParenthesis);
    this.CONSUME2(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME3(t.Name);
    });
    this.CONSUME(t.RightParenthesis);
    this.OPTION(() => {
      this.CONSUME(t.Keyed);
      this.CONSUME(t.By);
      this.CONSUME4(t.Name);
    });
    this.CONSUME(t.LeftBrace);
    this.MANY2(() => {
      this.SUBRULE(this.towerEntry);
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** towerEntry = [ "channel" ] Name "=" expression */
  readonly towerEntry: Rule = this.RULE('towerEntry', () => {
    this.OPTION({
      // `channel = …` is a step that is called `channel`.
      GATE: () => this.LA(2).tokenType !== t.Equals,
      DEF: () => this.CONSUME(t.Channel),
    });
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** task = "task" Name "{" { entry [ "," ] } "}" */
  readonly task: Rule = this.RULE('task', () => {
    this.CONSUME(t.Task);
    this.CONSUME(t.Name);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.entry);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** objective = "objective" "=" expression */
  readonly objective: Rule = this.RULE('objective', () => {
    this.CONSUME(t.Objective);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** retrieve = "retrieve" "=" expression */
  readonly retrieve: Rule = this.RULE('retrieve', () => {
    this.CONSUME(t.Retrieve);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  /** train = "train" "{" { entry [ "," ] } "}" */
  readonly train: Rule = this.RULE('train', () => {
    this.CONSUME(t.Train);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.entry);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** search = "search" "{" { searchEntry [ "," ] } "}" */
  readonly search: Rule = this.RULE('search', () => {
    this.CONSUME(t.Search);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.searchEntry);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** searchEntry = path ":" ( choices | range ) */
  readonly searchEntry: Rule = this.RULE('searchEntry', () => {
    this.SUBRULE(this.path);
    this.CONSUME(t.Colon);
    this.OR([{ ALT: () => this.SUBRULE(this.choices) }, { ALT: () => this.SUBRULE(this.range) }]);
  });

  /** choices = "one" "of" expression { "," expression } */
  readonly choices: Rule = this.RULE('choices', () => {
    this.CONSUME(t.One);
    this.CONSUME(t.Of);
    this.SUBRULE(this.expression);
    this.MANY({
      GATE: () => !this.#isSearchEntry(2),
      DEF: () => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      },
    });
  });

  /** range = [ "log" ] sum ".." sum */
  readonly range: Rule = this.RULE('range', () => {
    this.OPTION(() => this.CONSUME(t.Log));
    this.SUBRULE(this.sum);
    this.CONSUME(t.To);
    this.SUBRULE2(this.sum);
  });

  /** Whether `dim :` or `dense.rate :` is ahead. */
  #isSearchEntry(at: number): boolean {
    let next = at;
    while (t.isOf(this.LA(next), t.Name) && t.isOf(this.LA(next + 1), t.Dot)) next += 2;
    return t.isOf(this.LA(next), t.Name) && t.isOf(this.LA(next + 1), t.Colon);
  }

  /** data = "data" Name "{" { ( columns | dataEntry ) [ "," ] } "}" */
  readonly data: Rule = this.RULE('data', () => {
    this.CONSUME(t.Data);
    this.CONSUME(t.Name);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.OR([{ ALT: () => this.SUBRULE(this.columns) }, { ALT: () => this.SUBRULE(this.dataEntry) }]);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** columns = "columns" "{" { entry [ "," ] } "}" */
  readonly columns: Rule = this.RULE('columns', () => {
    this.CONSUME(t.Columns);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => {
      this.SUBRULE(this.entry);
      this.OPTION(() => this.CONSUME(t.Comma));
    });
    this.CONSUME(t.RightBrace);
  });

  /** dataEntry = Name "=" expression [ "by" Name ] */
  readonly dataEntry: Rule = this.RULE('dataEntry', () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
    this.OPTION({
      // `by = …` is the next entry, one that is called `by`.
      GATE: () => this.LA(2).tokenType !== t.Equals,
      DEF: () => {
        this.CONSUME(t.By);
        this.CONSUME2(t.Name);
      },
    });
  });

  /** entry = Name "=" expression { "," expression } */
  readonly entry: Rule = this.RULE('entry', () => {
    const { image } = this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
    this.MANY({
      GATE: () => this.#listGoesOn?.(image, this.LA(2), this.LA(3)) ?? false,
      DEF: () => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      },
    });
  });

  /** expression = sum { "->" sum } */
  readonly expression: Rule = this.RULE('expression', () => {
    this.SUBRULE(this.sum);
    this.MANY(() => {
      this.CONSUME(t.Arrow);
      this.SUBRULE2(this.sum);
    });
  });

  /** sum = product { ( "+" | "-" ) product } */
  readonly sum: Rule = this.RULE('sum', () => {
    this.SUBRULE(this.product);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      this.SUBRULE2(this.product);
    });
  });

  /** product = factor { ( "*" | "/" ) factor } */
  readonly product: Rule = this.RULE('product', () => {
    this.SUBRULE(this.factor);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Times) }, { ALT: () => this.CONSUME(t.Over) }]);
      this.SUBRULE2(this.factor);
    });
  });

  /** factor = { "-" } ( Number | Text | list | call | path | "(" expression ")" ) */
  readonly factor: Rule = this.RULE('factor', () => {
    this.MANY(() => this.CONSUME(t.Minus));
    this.OR([
      { ALT: () => this.CONSUME(t.NumberToken) },
      { ALT: () => this.CONSUME(t.Text) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.call) },
      { ALT: () => this.SUBRULE(this.path) },
      {
        ALT: () => {
          this.CONSUME(t.LeftParenthesis);
          this.SUBRULE(this.expression);
          this.CONSUME(t.RightParenthesis);
        },
      },
    ]);
  });

  /** list = "[" [ expression { "," expression } [ "," ] ] "]" */
  readonly list: Rule = this.RULE('list', () => {
    this.CONSUME(t.LeftBracket);
    this.OPTION(() => {
      this.SUBRULE(this.expression);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightBracket);
  });

  /** call = Name "(" [ argument { "," argument } [ "," ] ] ")" */
  readonly call: Rule = this.RULE('call', () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.LeftParenthesis);
    this.OPTION(() => {
      this.SUBRULE(this.argument);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.argument);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightParenthesis);
  });

  /** argument = [ Name ":" ] expression */
  readonly argument: Rule = this.RULE('argument', () => {
    this.OPTION(() => {
      this.CONSUME(t.Name);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.expression);
  });

  /** path = Name { "." Name } */
  readonly path: Rule = this.RULE('path', () => {
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.CONSUME2(t.Name);
    });
  });
}
