/** A small model with its data, for trainings whose rows are in shards, in memory, or at several workers. */

/** @param events the file of the events, as `eventsText` has them */
export const smallData = (events = 'events.csv'): string => `data small {
  events = "${events}"
  time = "time"
  history = past(item, 5)
  split = by_time(validation: 0.1, test: 0.1)
}
`;

export interface SmallModel {
  readonly dim?: number;
  /** Of the id of the item, such as `, drop: 0.1`. */
  readonly more?: string;
  readonly train?: string;
}

export const smallModel = ({ dim = 4, more = '', train = 'epochs = 3' }: SmallModel = {}): string => `model small
features {
  user : id(dim: ${dim})
  history : list(item, max: 5, pool: mean)
  item : id(dim: ${dim}${more})
}
group person = user, history
group thing = item
tower person(person) keyed by user { channel main = person -> flatten -> dense(${dim}) }
tower thing(thing) keyed by item { channel main = thing -> flatten -> dense(${dim}) }
task watch {
  score = cosine(person, thing)
  loss  = softmax(in_batch, temperature: 0.1, correction: streaming)
}
train { batch = 64, ${train} }
`;
