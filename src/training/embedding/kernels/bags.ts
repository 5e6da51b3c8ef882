/** Concatenates the bags of rows: copies values[starts[i] … ends[i]) to `codes`. offsets[i] is the start of bag i; one more offset is the end of all. */
export function copyBags(values: usize, starts: usize, ends: usize, count: u32, codes: usize, offsets: usize): void {
  let byte: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(offsets + (i << 2), <u32>(byte >> 2));
    const end = values + (<usize>load<u32>(ends + (i << 2)) << 2);
    let from = values + (<usize>load<u32>(starts + (i << 2)) << 2);
    for (; from + 16 <= end; from += 16, byte += 16) v128.store(codes + byte, v128.load(from));
    for (; from < end; from += 4, byte += 4) store<u32>(codes + byte, load<u32>(from));
  }
  store<u32>(offsets + (count << 2), <u32>(byte >> 2));
}
