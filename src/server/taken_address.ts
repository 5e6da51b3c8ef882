/** An address that a program has taken, without the types of Node.js: the types of the package must do without them. */
export interface TakenAddress {
  /** Takes the address, unless it has one. Gives the URL. @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  /** Takes no new connections. Resolves when all that there are have ended. */
  close(): Promise<void>;
}
