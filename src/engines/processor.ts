/** Instructions of the processor, as far as its system says them. */
import { readFileSync } from 'node:fs';

/** Instructions that multiply matrices of bfloat16, as Linux names them. Those of Arm are not measured. */
const instructions = ['amx_bf16', 'avx512_bf16'];

/** The best of them that this processor has; nothing where it has none, or where the system does not say. */
export function bfloat16Instructions(flags = processorFlags()): string | undefined {
  return instructions.find((name) => flags.has(name));
}

function processorFlags(): ReadonlySet<string> {
  try {
    // All cores have the flags of the first.
    const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(line?.[1]?.trim().split(/\s+/));
  } catch {
    // There is no such file on other systems, and a container may hide it.
    return new Set();
  }
}
