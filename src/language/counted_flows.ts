/**
 * What the flows of a tower add to its graph, kept from one check to the next for an editor: a flow that is the same, and gets the same
 * values, has the nodes that it had. Two flows may share nodes, which count to the first, as in a graph of the tower by itself.
 */
import { type Builder, builderOn, type Ref } from '../graph/builder.ts';
import { type Cost, costOf, prefixesOf } from '../graph/count.ts';
import { printType } from '../graph/dims.ts';
import type { TensorType } from '../graph/graph.ts';
import { GraphWriter } from '../graph/writer.ts';
import { isSame } from '../kept/kept.ts';
import type { Value } from '../library/contract.ts';
import type { LoweredFeatures } from '../lower/features.ts';
import { GraphInputs } from '../lower/inputs.ts';
import { lowerTower, makeTowerContext } from '../lower/tower.ts';
import type { Flow, Tower } from '../model/model.ts';

/** Costs by label and by each prefix of one. */
export type Parts = ReadonlyMap<string, Cost>;

type Adding = { -readonly [K in keyof Cost]: Cost[K] };

export interface CountedTower {
  readonly total: Cost;
  readonly parts: Parts;
  /** Where something could not be lowered. */
  readonly diagnostics: ReturnType<typeof makeTowerContext>['diagnostics'];
}

/** Nodes of a flow, each with the label that it has or would have there. */
interface Asked {
  readonly ids: number[];
  readonly labels: string[];
}

interface Lowered extends Asked {
  readonly around: readonly unknown[];
  readonly value: Value;
  /** Those that no flow before it has, and what they come to. */
  own: readonly number[];
  parts: Parts | undefined;
}

/** Notes each node that is asked for, also where it is there already. */
class NotingWriter extends GraphWriter {
  asked: Asked | undefined;

  override add(...given: Parameters<GraphWriter['add']>): Ref {
    return this.#note(super.add(...given));
  }

  // Leaves of one name may have had another type in a text before.
  override input(name: string, type: TensorType): Ref {
    return this.#note(super.input(`${name} ${printType(type)}`, type));
  }

  override parameter(name: string, type: TensorType, ...rest: [never, boolean]): Ref {
    return this.#note(super.parameter(`${name} ${printType(type)}`, type, ...rest));
  }

  override constant(values: readonly number[], type: TensorType): Ref {
    return this.#note(super.constant(values, type));
  }

  #note(ref: Ref): Ref {
    this.asked?.ids.push(ref.id);
    this.asked?.labels.push(this.label);
    return ref;
  }
}

const nothing: Cost = { parameters: 0, flops: 0, bytes: 0 };

/** The label of all nodes together: no node has it. */
const whole = '';

/** A graph that holds more than so many times what its tower asks for is made anew, as most of it is of texts before. */
const mostUnused = 2;

/** Of one tower of one file. */
class KnownTower {
  readonly #writer: NotingWriter;
  readonly #builder: Builder;
  readonly #flows = new WeakMap<Flow, Lowered>();
  readonly #costs: Cost[] = [];

  constructor(name: string) {
    this.#writer = new NotingWriter(name);
    this.#builder = builderOn(this.#writer);
  }

  count(tower: Tower, features: LoweredFeatures): CountedTower & { readonly asked: number; readonly held: number } {
    const flows: (Lowered | Asked)[] = [];
    const context = {
      ...makeTowerContext(new GraphInputs(this.#builder), features, false),
      recall: (flow: Flow, around: readonly unknown[] | undefined, lower: () => Value | undefined) => {
        const known = around && this.#flows.get(flow);
        if (known && isSame(known.around, around)) {
          flows.push(known);
          return known.value;
        }
        const before = context.diagnostics.length;
        const asked: Asked = { ids: [], labels: [] };
        this.#writer.asked = asked;
        const value = lower();
        this.#writer.asked = undefined;
        const isPlain = value !== undefined && context.diagnostics.length === before;
        if (!around || !isPlain) flows.push(asked);
        else {
          const lowered: Lowered = { ...asked, around, value, own: [], parts: undefined };
          this.#flows.set(flow, lowered);
          flows.push(lowered);
        }
        return value;
      },
    };
    lowerTower(context, tower, { kind: 'events' });
    const held = this.#writer.nodes.length;
    const { parts, asked } = this.#partsOf(flows);
    return { total: parts.get(whole) ?? nothing, parts, diagnostics: context.diagnostics, asked, held };
  }

  #partsOf(flows: readonly (Lowered | Asked)[]): { readonly parts: Parts; readonly asked: number } {
    const seen = new Uint8Array(this.#writer.nodes.length);
    const parts = new Map<string, Adding>();
    let asked = 0;
    for (const flow of flows) {
      const own: number[] = [];
      for (let at = 0; at < flow.ids.length; at++) {
        const id = flow.ids[at]!;
        if (seen[id]) continue;
        seen[id] = 1;
        own.push(at);
      }
      asked += own.length;
      for (const [label, cost] of this.#partsOfFlow(flow, own)) add(parts, label, cost);
    }
    return { parts, asked };
  }

  /** @param own indexes of the nodes that count to the flow */
  #partsOfFlow(flow: Lowered | Asked, own: readonly number[]): Parts {
    const known = 'own' in flow ? flow : undefined;
    if (known?.parts && isSame(own, known.own)) return known.parts;
    const parts = new Map<string, Adding>();
    for (const at of own) {
      const cost = this.#costOf(flow.ids[at]!);
      for (const label of [whole, ...prefixesOf(flow.labels[at]!)]) add(parts, label, cost);
    }
    if (known) {
      known.own = own;
      known.parts = parts;
    }
    return parts;
  }

  #costOf(id: number): Cost {
    return (this.#costs[id] ??= costOf(this.#writer, this.#writer.nodes[id]!, { batch: 1 }));
  }
}

function add(all: Map<string, Adding>, label: string, { parameters, flops, bytes }: Cost): void {
  const known = all.get(label);
  if (!known) {
    all.set(label, { parameters, flops, bytes });
    return;
  }
  known.parameters += parameters;
  known.flops += flops;
  known.bytes += bytes;
}

/** Of one file, whose text changes again and again. */
export class CountedFlows {
  readonly #towers = new Map<string, KnownTower>();

  /** What a tower comes to by itself: of one row. */
  count(tower: Tower, features: LoweredFeatures): CountedTower {
    const known = this.#towers.get(tower.name) ?? new KnownTower(tower.name);
    this.#towers.set(tower.name, known);
    const counted = known.count(tower, features);
    if (counted.held > mostUnused * counted.asked + 1000) this.#towers.delete(tower.name);
    return counted;
  }

  /** Forgets towers of other names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#towers.keys()) if (!names.has(name)) this.#towers.delete(name);
  }
}
