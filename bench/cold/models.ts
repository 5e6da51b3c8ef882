/** The models of bench/cold_items.ts. */
import type { ColdSet, Described } from './sets.ts';

/** By name, the text of each model. @param width of the vectors */
export function coldModels({ described, correction }: ColdSet, width: number): Readonly<Record<string, string>> {
  const lines = (of: (each: Described) => string): string => described.map(of).join('\n');
  const names = (of: (each: Described) => string): string => described.map((each) => `, ${of(each)}`).join('');
  const kept = described.filter(({ isKept }) => isKept).map(({ name }) => `, table(${name}, rate: 1e-5)`);
  const train = 'train { batch = 1024, epochs = 4, seed = 1';
  return {
    // The history learns; the items keep their vectors, so that cold ones stay comparable with those of training.
    text: `model text
features {
  user_id   : id(dim: 0)
  history   : list(item_id, max: 50)
  item_id   : id(dim: ${width}, init: "vectors.npy", keys: "vectors.keys.txt")
  embedding : vector(${width})
  ${lines(({ name }) => `${name}_before : list(item_id, max: 50, through: item.by_${name}, unseen: keep)`)}
  ${lines(({ name, kind }) => `${name} : ${kind}`)}
}
tower user(history${names(({ name }) => `${name}_before`)}) keyed by user_id {
  channel text = history -> flatten
  ${lines(({ name }) => `channel by_${name} = ${name}_before -> flatten`)}
}
tower item(embedding${names(({ name }) => name)}) keyed by item_id {
  channel text = embedding -> flatten
  ${lines(({ name }) => `channel by_${name} = ${name} -> flatten`)}
}
task choose {
  score = cosine(user.text, item.text) ${lines(({ name, weight }) => `+ ${weight} * cosine(user.by_${name}, item.by_${name})`)}
  loss  = softmax(in_batch, temperature: 0.2, correction: ${correction})
}
${train}, embeddings = adagrad(rate: 0.05), overrides = table(item_id, rate: 0.01)${kept.join('')} }`,
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
