/**
 * How many bodies an overloaded server takes: as many as leave it the time to refuse the others. A refusal costs a third of an answer, so at twice its load a
 * server that answers all it can is never done with its sockets, and every request waits there where no queue shows it. What shows it is the length of a turn of
 * the event loop: what a turn reads may have waited as long as the turn before took. While turns are short the pace rises, and after a long one it falls by a
 * factor, as TCP does for its window (Chiu and Jain, Analysis of the Increase and Decrease Algorithms, 1989).
 *
 * Times are milliseconds of one clock.
 */
export interface Pace {
  /** An overload begins, in which `capacity` bodies a millisecond were answered until now. */
  begin(capacity: number, time: number): void;
  /** Whether the pace lets one more body begin. */
  allows(time: number): boolean;
  took(): void;
  /** A turn of the event loop ended at `time`, `milliseconds` long. Returns whether that is long. */
  turned(milliseconds: number, time: number): boolean;
}

export function makePace(): Pace {
  /** Bodies a millisecond. */
  let rate = 1;
  let least = 0;
  /** Bodies that may begin now. */
  let room = 1;
  let filled = 0;
  let lowered = 0;
  let last = 0;
  /** Whether it held somebody back in this turn: a pace that nobody meets must not rise. */
  let isMet = false;
  return {
    begin(capacity, time) {
      rate = capacity;
      least = leastShare * capacity;
      room = 1;
      filled = time;
      lowered = time;
      last = time;
    },
    allows(time) {
      room = Math.min(room + rate * (time - filled), Math.max(1, rate * longTurn));
      filled = time;
      isMet ||= room < 1;
      return room >= 1;
    },
    took() {
      room--;
    },
    turned(milliseconds, time) {
      if (milliseconds <= longTurn) {
        if (isMet) rate *= Math.exp(Math.min(time - last, between) / rise);
      } else if (time - lowered > between) {
        rate = Math.max(least, fall * rate);
        lowered = time;
      }
      last = time;
      isMet = false;
      return milliseconds > longTurn;
    },
  };
}

/** Of what the server answered before: a load of refusals alone may not keep it from answering. */
const leastShare = 0.3;
/** Milliseconds. */
const longTurn = 5;
/** Milliseconds in which the pace rises e times. */
const rise = 1000;
const fall = 0.85;
/** Milliseconds from one fall to the next: turns that follow show what it did. Also the most that one rise counts. */
const between = 50;
