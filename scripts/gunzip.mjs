/** Unpacks gzip where the host has no DecompressionStream, as Vercel's edge sandbox. `build-runtime.mjs` puts it into the entry for that host. */
import { Gunzip } from 'fflate';

export function gunzip() {
  const unpacked = new Gunzip();
  return new TransformStream({
    start(controller) {
      unpacked.ondata = (piece) => controller.enqueue(piece);
    },
    transform(piece) {
      unpacked.push(piece);
    },
    flush() {
      unpacked.push(new Uint8Array(0), true);
    },
  });
}
