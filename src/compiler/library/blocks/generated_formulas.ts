/** The `.tower` files of blocks and losses, which `npm run generate` writes here. */
export const formulas = {
  attention: `block attention(units = 32) of (x: elements[t, d]) {
  weights query[u: units -> k: 1], weights[d -> u], bias[u] = 0
  a = softmax over t (tanh(x @ weights + bias) @ query)
  give a @ x as vector[k, d]
}

// With a second value, which makes the query
block attention(units = 32) of (x: elements[t, d], e: vector[n]) {
  weights query[n -> u: units], weights[d -> u], bias[u] = 0
  q = e @ query
  a = softmax over t (tanh(x @ weights + bias) @ q)
  give a @ x
}
`,
  ball: `block ball of (x: vector[n]) {
  give x * rsqrt(max(sum over n (square(x)), 1))
}
`,
  cross: `block cross(layers = 2) of (first: vector[n]) {
  repeat layers {
    weights weights[n -> k: 1], bias[n] = 0
    x[n] = first then sum over k (first * (x @ weights)) + bias + x
  }
  give x
}
`,
  cross_v2: `block cross_v2(layers = 2, rank) of (first: vector[n]) {
  repeat layers {
    weights reduce[n -> r: rank], expand[r -> n], bias[n] = 0
    x[n] = first then first * (x @ reduce @ expand + bias) + x
  }
  give x
}

// Without a rank
block cross_v2(layers = 2) of (first: vector[n]) {
  repeat layers {
    weights weights[n -> n], bias[n] = 0
    x[n] = first then first * (x @ weights + bias) + x
  }
  give x
}
`,
  fm: `block fm of (x: fields[f, d]) {
  give (square(sum over f (x)) - sum over f (square(x))) * 0.5
}
`,
  gate: `block gate of (x: vector[n]) {
  weights weights[n -> n], bias[n] = 0
  give sigmoid(x @ weights + bias) * x
}
`,
  layer_norm: `block layer_norm(epsilon = 0.00001) of (x: vector[n]) {
  weights gain[n] = 1, offset[n] = 0
  centred = x - mean over n (x)
  variance = mean over n (square(centred))
  give centred * rsqrt(variance + epsilon) * gain + offset
}
`,
  mix: `block mix of (x: fields[f, d]) {
  weights shares[f] = 0
  give sum over f (x * softmax over f (shares))
}
`,
  multi_interest: `block multi_interest(interests = 4, units) of (x: sequence[t, d]) {
  weights hidden[d -> u: units], queries[u -> k: interests]
  a = softmax over t (tanh(x @ hidden) @ queries)
  give a @ x as interests[k, d]
}
`,
  normalize: `block normalize of (x: vector[n]) {
  give normalize over n (x)
}
`,
  senet: `block senet(reduction = 3) of (x: fields[f, any d]) {
  weights reduce[f -> h: max(1, floor(f / reduction))], expand[h -> f]
  squeezed = mean over d (x)
  shown excitation = sigmoid(relu(squeezed @ reduce) @ expand)
  give x * excitation
}
`,
  swiglu: `block swiglu(units) of (x: vector[n]) {
  weights weights_gate[n -> u: units], weights_up[n -> u], weights_down[u -> n]
  give (silu(x @ weights_gate) * (x @ weights_up)) @ weights_down
}

// Without a width of the hidden layer
block swiglu of (x: vector[n]) {
  weights weights_gate[n -> u: ceil(8 * n / 3)], weights_up[n -> u], weights_down[u -> n]
  give (silu(x @ weights_gate) * (x @ weights_up)) @ weights_down
}
`,
  bpr: `loss bpr(scale, margin = 0) of (s: negatives[i, j]) {
  give mean over j (softplus((s - own(s) + margin) * scale))
}

// Without a scale
loss bpr(margin = 0) of (s: negatives[i, j]) {
  give mean over j (softplus(s - own(s) + margin))
}
`,
  focal: `loss focal(gamma = 2, alpha, scale = 1) of (s: scores[i], y: labels[i]) {
  wrong = s * scale * (1 - y * 2)
  give (y * (2 * alpha - 1) + (1 - alpha)) * (exp(softplus(-wrong) * -gamma) * softplus(wrong))
}

// Without alpha
loss focal(gamma = 2, scale = 1) of (s: scores[i], y: labels[i]) {
  wrong = s * scale * (1 - y * 2)
  give exp(softplus(-wrong) * -gamma) * softplus(wrong)
}
`,
  hinge: `loss hinge(margin = 0.2) of (s: negatives[i, j]) {
  give mean over j (relu(s - own(s) + margin))
}

// With over: hardest
loss hinge(margin = 0.2) of (s: negatives[i, j]) {
  give max over j (relu(s - own(s) + margin))
}
`,
  huber: `loss huber(delta = 1) of (s: scores[i], y: labels[i]) {
  error = abs(s - y)
  near = min(error, delta)
  give near * (error - near * 0.5)
}
`,
} as const;
