/** Round numbers that cover [low, high], four to seven of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number): number[] {
  if (!(high > low)) {
    const room = low === 0 ? 1 : Math.abs(low) / 2;
    return ticks(low - room, low + room);
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].findLast((factor) => factor * power <= rough) ?? 1);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
