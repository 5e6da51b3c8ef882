/** What the server, `/openapi.json` and messages know of a route. */
import type { SchemaName } from './schemas.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters as OpenAPI writes them: `{model}`. */
  readonly path: string;
  readonly summary: string;
  /** It takes one body of this schema, or an array of them, and answers in the same form. */
  readonly body?: 'Recommend' | 'Similar';
  /** The schema of its body, in a protocol of others. Its errors are in the form of that protocol. */
  readonly takes?: 'Predict' | 'Infer';
  /** It writes items: what its body is, or nothing. */
  readonly writes?: 'Item' | 'Write' | 'nothing';
  /** The schema of its parameters. */
  readonly query?: 'Users' | 'Search';
  /** It changes the versions, by one body of this schema: with the token, or from this machine. */
  readonly change?: 'Change' | 'Share';
  /** Absent: another document. */
  readonly answer?: SchemaName;
  /** The media type of the answer, where it is not JSON. */
  readonly media?: string;
  /** Its bodies pass the gate: one that arrives when the gate is full is refused before it is read. */
  readonly gated?: true;
  /** It answers without a token: a load balancer has none, and the page asks for it. */
  readonly open?: true;
}
