/** The models of bench/cold_items.ts. */
import type { ColdSet } from './sets.ts';

/** By name, the text of each model. @param width of the vectors */
export function coldModels(set: ColdSet, width: number): Readonly<Record<string, string>> {
  const { others, otherNames } = set;
  const hasOthers = otherNames !== '';
  const train = 'train { batch = 1024, epochs = 4, seed = 1';
  return {
    // The history learns; the items keep their vectors, so that cold ones stay comparable with those of training.
    text: `model text
features {
  user_id   : id(dim: 0)
  history   : list(item_id, max: 50)
  item_id   : id(dim: ${width}, init: "vectors.npy", keys: "vectors.keys.txt")
  embedding : vector(${width})
  ${hasOthers ? `looks : list(item_id, max: 50, through: item.look, unseen: keep)\n${others}` : ''}
}
group past = history${hasOthers ? ', looks' : ''}
group offered = embedding${hasOthers ? `, ${otherNames}\ngroup described = ${otherNames}` : ''}
tower user(past) keyed by user_id {
  channel text = history -> flatten
  ${hasOthers ? 'channel look = looks -> flatten' : ''}
}
tower item(embedding${hasOthers ? ', described' : ''}) keyed by item_id {
  channel text = embedding -> flatten
  ${hasOthers ? 'channel look = described -> flatten' : ''}
}
task choose { score = cosine(user, item)  loss = softmax(in_batch, temperature: 0.2, correction: ${set.correction}) }
${train}, embeddings = adagrad(rate: 0.05), overrides = table(item_id, rate: 0.01) }`,
    ids: `model ids
features {
  user_id : id(dim: 0)
  history : list(item_id, max: 50, through: item, unseen: keep)
  item_id : id(dim: 32, drop: 10%)
}
tower user(history) keyed by user_id { channel main = history -> mean }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> dense(128) }
task choose { score = cosine(user, item)  loss = softmax(in_batch, temperature: 0.1, correction: frequency) }
${train}, dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05) }`,
  };
}
