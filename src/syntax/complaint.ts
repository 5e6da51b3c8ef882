/** What the parser complains of, as facts. Its own messages are never shown. */
import type { IParserErrorMessageProvider, IRecognitionException, IToken, TokenType } from 'chevrotain';
import { tokens } from '../../grammar/tokens.ts';
import { defined } from '../defined.ts';

/** Where reading stopped, and why. */
export interface Complaint {
  /** The rule that could not go on. */
  readonly rule: string;
  /** The one token that was wanted; absent where several could be, or where nothing more was wanted. */
  readonly expected?: TokenType;
  readonly because: 'mismatch' | 'no-alternative' | 'left-over';
  /** Index of the token that does not fit; as many as there are tokens when they ended too early. */
  readonly index: number;
}

/** Facts travel through the parser's messages. */
export const facts: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, ruleName }) => `mismatch ${ruleName} ${expected.name}`,
  buildNotAllInputParsedMessage: ({ ruleName }) => `left-over ${ruleName}`,
  buildNoViableAltMessage: ({ ruleName }) => `no-alternative ${ruleName}`,
  buildEarlyExitMessage: ({ ruleName }) => `no-alternative ${ruleName}`,
};

const types: ReadonlyMap<string, TokenType> = new Map(tokens.map((type) => [type.name, type]));

export function complaintOf(error: IRecognitionException, input: readonly IToken[]): Complaint {
  const [because, rule, name] = error.message.split(' ') as [Complaint['because'], string, string | undefined];
  const at = input.indexOf(error.token);
  const type = name === undefined ? undefined : types.get(name);
  return { because, rule, ...defined({ expected: type }), index: at === -1 ? input.length : at };
}
