/** The checksum of a file. Apart from what reads files: the public types of the package name it. */
export interface Checksum {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}
