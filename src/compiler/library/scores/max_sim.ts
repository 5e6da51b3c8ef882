import type { Builder, Ref } from '../../../graph/builder.ts';
import { type ChannelPair, ShapeError } from '../contract.ts';
import { scoreKind } from '../rows.ts';

export const maxSim = scoreKind({
  doc: "The sum over the vectors of the query of the best inner product with a vector of the item. A channel may then be a sequence, such as the words of a text, or interests; its elements are the vectors, and a row has as many as its list. An item without any scores 0, and a query's missing ones add nothing.",
  formula: ['Σ_t max over s of q_t · v_s'],
  when: 'Where one vector says too little of a text: each word of a query finds its best word. Costs the vectors of all items in memory and a product of each pair; `normalize` at the end of both channels makes each a cosine.',
  paper:
    'Khattab & Zaharia, "ColBERT: efficient and effective passage search via contextualized late interaction over BERT", SIGIR 2020 (section 3.3)',
  also: ['maxsim', 'colbert', 'late_interaction', 'sum_max'],
  example: 'max_sim(user, item)',
  ofSets: true,
  lower({ builder }, channels) {
    const [{ query, item }, ...others] = channels as readonly [ChannelPair, ...ChannelPair[]];
    if (others.length > 0)
      throw new ShapeError('compares one channel of each tower: name them, as in `max_sim(user.tokens, item.tokens)`');
    if (query.kind === 'vector' && item.kind === 'vector')
      throw new ShapeError('needs several vectors of a row, such as a sequence: take `dot` for one');
    const flags = builder.constant([...new Array<number>(query.width).fill(0), 1]);
    const [ofQuery, ofItem] = [opened(builder, query), opened(builder, item)];
    return {
      query: ofQuery.mask ? builder.mul(ofQuery.vectors, ofQuery.mask) : ofQuery.vectors,
      item: builder.add(ofItem.vectors, ofItem.mask ? builder.mul(ofItem.mask, flags) : flags),
      width: query.width + 1,
      interests: ofQuery.vectors.type.shape[1] as number,
      bound: Number.POSITIVE_INFINITY,
      hasExtraColumns: true,
    };
  },
});

/** Returns the vectors of each row with a column of zeros, float32 [rows, vectors, width + 1], and 1 for those that it has: float32 [rows, vectors, 1]. */
function opened(builder: Builder, value: ChannelPair['query']): { readonly vectors: Ref; readonly mask?: Ref } {
  const { kind, tensor } = value;
  const [rows, width] = tensor.type.shape;
  const vectors = kind === 'vector' ? builder.reshape(tensor, [rows!, 1, width!]) : tensor;
  const padded = builder.pad(vectors, [0, 0, 0], [0, 0, 1]);
  if (kind !== 'sequence') return { vectors: padded };
  return { vectors: padded, mask: builder.reshape(value.mask, [...value.mask.type.shape, 1]) };
}
