/** Instructions of the processor, as far as the operating system reports them. */
import { readFileSync } from 'node:fs';

/** Instructions that multiply bfloat16 matrices, by their names in Linux. Those of Arm are not measured. */
const instructions = ['amx_bf16', 'avx512_bf16'];

/** Returns the best of them that this processor has; undefined if it has none, or if the system does not report them. */
export function bfloat16Instructions(flags = processorFlags()): string | undefined {
  return instructions.find((name) => flags.has(name));
}

/** Returns the instructions that this processor has, by their names in Linux; none if the system does not report them. */
export function processorFlags(): ReadonlySet<string> {
  try {
    // All cores have the flags of the first.
    const flagsLine = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(flagsLine?.[1]?.trim().split(/\s+/));
  } catch {
    // There is no such file on other systems, and a container may hide it.
    return new Set();
  }
}
