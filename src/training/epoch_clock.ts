/** At most so many milliseconds pass before signals are heard and the bar is drawn. */
const yieldEvery = 50;

/** Where an epoch's time goes. */
export class EpochClock {
  private readonly start = performance.now();
  private lastYield = this.start;
  private feed = 0;
  private engine = 0;
  private scatter = 0;

  /** @param rowsBefore rows that were done before this process took the epoch up */
  constructor(private readonly rowsBefore: number) {}

  add(start: number, fed: number, ran: number, applied: number): void {
    this.feed += fed - start;
    this.engine += ran - fed;
    this.scatter += applied - ran;
  }

  shouldYield(): boolean {
    const now = performance.now();
    if (now - this.lastYield < yieldEvery) return false;
    this.lastYield = now;
    return true;
  }

  /** Examples a second. */
  rate(rows: number): number {
    return (1000 * (rows - this.rowsBefore)) / Math.max(1e-3, performance.now() - this.start);
  }

  milliseconds(end: number): { total: number; feed: number; engine: number; scatter: number } {
    return { total: end - this.start, feed: this.feed, engine: this.engine, scatter: this.scatter };
  }
}
