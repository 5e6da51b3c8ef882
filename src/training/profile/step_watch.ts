/** The sampled steps of a profile: when each part of their work ran, and copies of what the engine was given. */
import { copies } from '../../engines/check.ts';
import type { Tensors } from '../../engines/engine.ts';
import type { FeedPart, FeedWatch } from '../feed/windows.ts';

/** `read`: the row numbers of the batch; `log`: losses and logs. */
export type StepPart = FeedPart | 'read' | 'engine' | 'exchange' | 'log' | 'other';

export interface TimedPart {
  readonly part: StepPart;
  readonly name: string;
  /** Milliseconds since the first sampled step began. */
  readonly start: number;
  readonly milliseconds: number;
}

export interface SampledStep {
  readonly step: number;
  readonly start: number;
  /** Without the copies that a profile makes. */
  readonly milliseconds: number;
  readonly parts: readonly TimedPart[];
}

/** Steps whose inputs are kept for a run op by op, and bytes of them all. */
const [maxInputs, maxBytes] = [5, 2 ** 29];

export class StepSamples {
  readonly steps: SampledStep[] = [];
  readonly inputs: Tensors[] = [];
  private bytes = 0;
  private origin: number | undefined;

  begin(step: number): StepWatch {
    this.origin ??= performance.now();
    return new StepWatch(step, this.origin, {
      keep: (inputs) => this.keep(inputs),
      end: (sampled) => this.steps.push(sampled),
    });
  }

  private keep(inputs: Tensors): void {
    const bytes = Object.values(inputs).reduce((sum, { data }) => sum + data.byteLength, 0);
    if (this.inputs.length === maxInputs || this.bytes + bytes > maxBytes) return;
    this.bytes += bytes;
    this.inputs.push(copies(inputs));
  }
}

export class StepWatch implements FeedWatch {
  private readonly begun = performance.now();
  private readonly parts: TimedPart[] = [];
  private copying = 0;

  constructor(
    private readonly step: number,
    private readonly origin: number,
    private readonly to: { keep(inputs: Tensors): void; end(sampled: SampledStep): void },
  ) {}

  done(part: StepPart, name: string, start: number, end = performance.now()): void {
    this.parts.push({ part, name, start: start - this.origin, milliseconds: end - start });
  }

  /** Copies the inputs of the engine, outside of the step's time. */
  keep(inputs: Tensors): void {
    const start = performance.now();
    this.to.keep(inputs);
    this.copying += performance.now() - start;
  }

  end(): void {
    const milliseconds = performance.now() - this.begun - this.copying;
    this.to.end({ step: this.step, start: this.begun - this.origin, milliseconds, parts: this.parts });
  }
}
