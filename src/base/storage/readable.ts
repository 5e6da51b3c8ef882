/** What reading asks of an open file: part of Node's FileHandle, so that the package's types need no types of Node. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
}
