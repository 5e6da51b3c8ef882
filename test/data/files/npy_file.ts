/** Files of NumPy's format, made by hand. */

interface Written {
  readonly descr?: string;
  readonly order?: string;
  readonly shape?: string;
  readonly version?: number;
  readonly header?: string;
  readonly data?: Buffer;
}

/** A file as NumPy writes it, or nearly. */
export function npy({
  descr = "'<f4'",
  order = 'False',
  shape = '(2, 2)',
  version = 1,
  ...rest
}: Written = {}): Buffer {
  const text = rest.header ?? `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const size = version === 1 ? 10 : 12;
  const padded = `${text.padEnd(Math.ceil((text.length + size + 1) / 64) * 64 - size - 1)}\n`;
  const start = Buffer.alloc(size);
  start.write('\x93NUMPY', 'latin1');
  start[6] = version;
  if (version === 1) start.writeUInt16LE(padded.length, 8);
  else start.writeUInt32LE(padded.length, 8);
  const data = rest.data ?? Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), data]);
}
