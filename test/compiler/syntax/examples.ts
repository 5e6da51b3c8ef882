/** The systems that the language was made for, as people write them. */

export const youtube = `\
/// After Yi et al., "Sampling-bias-corrected neural modeling" (RecSys 2019).
model youtube

features {
  user_id   : id(hash: 200_000, dim: 32)
  seed      : like(video_id)                  // the video being watched: same table
  history   : list(video_id, max: 50, pool: mean)
  country   : category(dim: 8)

  video_id  : id(hash: 1_000_000, dim: 64)
  channel   : id(hash: 100_000, dim: 32)
  topics    : list(category(dim: 16), max: 10)
  age_days  : number(log, buckets: 32, dim: 8)
}

labels { watch_seconds: number }

group watching = seed, history, user_id, country
group video    = video_id, channel, topics, age_days

tower user(watching) keyed by user_id { channel main = watching -> flatten -> mlp(512, 256, 128) -> normalize }
tower item(video)    keyed by video_id { channel main = video   -> flatten -> mlp(512, 256, 128) -> normalize }

task watch {
  score  = dot(user, item)
  loss   = softmax(in_batch, temperature: 0.05, correction: streaming)   // log-q from the streaming estimator
  weight = watch_seconds                                                 // the reward r_i
}
`;

export const dssm = `\
/// Deep Structured Semantic Model (Huang et al., CIKM 2013).
model dssm

features {
  query    : text(trigrams, hash: 30_000, dim: 128)
  title    : text(trigrams, hash: 30_000, dim: 128)
  doc_id   : id(dim: 0)                       // a key only: no embedding
}

tower query(query)         { channel main = query -> mlp(300, 128, activation: tanh) }
tower document(title) keyed by doc_id { channel main = title -> mlp(300, 128, activation: tanh) }

task relevance {
  score = cosine(query, document)
  loss  = softmax(negatives: sampled(4), scale: 10)
}
`;

export const twoTower = `\
model two_tower

features {
  user_id  : id(dim: 32)                      // vocabulary learned from the data, one row for the unseen
  gender   : category("F", "M", dim: 4)
  age      : number(boundaries: [18, 25, 35, 45, 50, 56], dim: 8)
  history  : list(movie_id, max: 50, pool: mean)    // its elements use movie_id's own table

  movie_id : id(dim: 32)
  genres   : list(category(dim: 16), max: 6)
  year     : number(standardize, dim: 8)
}

group profile = user_id, gender, age, history
group movie   = movie_id, genres, year

tower user(profile) keyed by user_id {
  channel main = profile -> flatten -> mlp(128, 64)
}
tower item(movie) keyed by movie_id {
  channel main = movie -> flatten -> mlp(128, 64)
}

task watch {
  score = cosine(user, item)
  loss  = softmax(in_batch, temperature: 0.05, correction: frequency)
}

train {
  batch = 1024, epochs = 10
  dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05)
  stop  = recall(50, patience: 2)
}
`;

export const channels = `\
block deep  = flatten -> mlp(256, 128) -> dense(64)
block cross = flatten -> cross(layers: 3) -> dense(64)

tower user(profile) keyed by user_id {
  weighted = profile -> senet(reduction: 2)
  channel deep  = weighted -> deep
  channel cross = weighted -> cross
  channel fm    = weighted -> fm -> dense(64)
  channel cin   = weighted -> cin(16, 16) -> dense(64)
}

task click {
  score = cosine(user, item)                  // one cosine per channel, summed
  loss  = bce
  label = clicked
}
`;

export const objectives = `\
labels { clicked: binary, liked: binary, shared: binary, watch_seconds: number }

tower user(profile) keyed by user_id {
  shared = profile -> senet -> flatten -> dense(256, relu)
  channel click = shared -> mlp(128, 64)
  channel like  = shared -> mlp(128, 64)
}

task click { score = cosine(user.click, item.click) / 0.1, label = clicked, loss = bce }
task like  { score = cosine(user.like,  item.like)  / 0.1, label = liked,   loss = bce, weight = watch_seconds }

objective = uncertainty(click, like, share)
retrieve  = 0.6 * click + 0.3 * like + 0.1 * share
`;

export const movielens = `\
/// MovieLens: every rating is a view.
data movielens {
  events = "ratings.csv"                            // one row per event: CSV, gz, Parquet, JSON lines, globs
  items  = "movies.csv" by movie_id                 // joined by key
  // users = "users.csv" by user_id

  columns {                                         // only where a name differs or is computed
    user_id  = "userId"
    movie_id = "movieId"
    genres   = "string_split(genres, '|')"
    liked    = "rating >= 4"
  }
  where   = "rating >= 1"
  time    = "timestamp"
  history = past(movie_id, 50)                      // this user's earlier events
  split   = by_time(validation: 10%, test: 10%)
}
`;

export const sharing = `\
use "features/movielens.tower"
let width = 64
block text        = mlp(300, 128, activation: tanh)   // each use has weights of its own
shared block body = mlp(300, 128, activation: tanh)   // every use has the same weights
`;
