"""SASRec (Kang and McAuley, ICDM 2018) in its usual PyTorch form: two layers over 50 positions, one drawn negative for each position, BCE.

As in the public program: norm of the query before attention, a net of two convolutions of one position, Adam with betas (0.9, 0.98). Faster than it in two
places: rows are drawn by NumPy at once, not by a process for each batch, and `scaled_dot_product_attention` makes no matrix of weights unless it must.
`compile` compiles the step, `bf16` casts to bfloat16 where autocast does; the time of its first epoch is left out, as that of every program.
"""
import json, os, resource, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

FILE, EPOCHS = os.environ["SEQUENCES"], int(os.environ.get("EPOCHS", 4))
B, LENGTH, DIM, LAYERS, HEADS, DROP = 256, 50, 64, 2, 1, 0.2
torch.manual_seed(1)
rng = np.random.default_rng(1)

lines = [[int(x) for x in line.split()[1:]] for line in open(FILE)]
items = max(map(max, lines))
trained = [line[:-2] for line in lines]  # the last two of a user are for validation and test
inputs, targets = np.zeros((2, len(lines), LENGTH), np.int64)
for row, line in enumerate(trained):
    cut = line[-LENGTH - 1:]
    inputs[row, LENGTH - len(cut) + 1:] = cut[:-1]
    targets[row, LENGTH - len(cut) + 1:] = cut[1:]
count = int((targets > 0).sum())
own = np.unique(np.concatenate([row * (items + 1) + np.array(line) for row, line in enumerate(trained)]))


def negatives(rows):
    """An item that is none of the user's, for each position."""
    drawn = rng.integers(1, items + 1, (len(rows), LENGTH))
    while True:
        code = rows[:, None] * (items + 1) + drawn
        hit = own[np.minimum(np.searchsorted(own, code), len(own) - 1)] == code
        if not hit.any():
            return drawn
        drawn[hit] = rng.integers(1, items + 1, int(hit.sum()))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.between = nn.LayerNorm(DIM, eps=1e-8), nn.LayerNorm(DIM, eps=1e-8)
        self.query, self.key, self.value, self.out = (nn.Linear(DIM, DIM) for _ in range(4))
        self.inner, self.outer = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)  # convolutions over one position

    def forward(self, x, seen):
        parts = lambda y: y.view(*y.shape[:2], HEADS, -1).transpose(1, 2)
        query = self.before(x)
        a = F.scaled_dot_product_attention(parts(self.query(query)), parts(self.key(x)), parts(self.value(x)),
                                           is_causal=True, dropout_p=DROP if self.training else 0.0)
        x = self.between(query + self.out(a.transpose(1, 2).flatten(2)))
        hidden = F.dropout(self.inner(x), DROP, self.training).relu()
        return (x + F.dropout(self.outer(hidden), DROP, self.training)) * seen


class SASRec(nn.Module):
    def __init__(self):
        super().__init__()
        self.items, self.places = nn.Embedding(items + 1, DIM, padding_idx=0), nn.Embedding(LENGTH, DIM)
        self.layers, self.norm = nn.ModuleList(Layer() for _ in range(LAYERS)), nn.LayerNorm(DIM, eps=1e-8)
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.xavier_normal_(weight)

    def forward(self, x):
        seen = (x > 0).unsqueeze(-1)
        y = F.dropout((self.items(x) * DIM**0.5 + self.places.weight) * seen, DROP, self.training)
        for layer in self.layers:
            y = layer(y, seen)
        return self.norm(y)


def loss_of(model, x, right, wrong):
    y, kept = model(x), right > 0
    score = lambda of: (y * model.items(of)).sum(-1)
    both = F.softplus(-score(right)) + F.softplus(score(wrong))
    return (both * kept).sum() / kept.sum() / 2


BF16 = "bf16" in sys.argv
model = SASRec()
optimizer = torch.optim.Adam(model.parameters(), 1e-3, betas=(0.9, 0.98), fused=True)
step_loss = torch.compile(loss_of) if "compile" in sys.argv else loss_of
times, steps = [], -(-len(lines) // B)
for _ in range(EPOCHS):
    began, total, order = time.perf_counter(), 0.0, rng.permutation(len(lines))
    for rows in np.array_split(order, steps):
        batch = [torch.from_numpy(a) for a in (inputs[rows], targets[rows], negatives(rows))]
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            loss = step_loss(model, *batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    times.append(time.perf_counter() - began)

# Validation: the event before the last, among all items the user has not had.
model.eval()
hits = 0.0
with torch.no_grad():
    for rows in np.array_split(np.arange(len(lines)), steps):
        x = np.zeros((len(rows), LENGTH), np.int64)
        for at, row in enumerate(rows):
            cut = trained[row][-LENGTH:]
            x[at, LENGTH - len(cut):] = cut
        scores = model(torch.from_numpy(x))[:, -1] @ model.items.weight.T
        scores[:, 0] = -torch.inf
        wanted = scores[np.arange(len(rows)), [lines[row][-2] for row in rows]].clone()
        for at, row in enumerate(rows):
            scores[at, trained[row]] = -torch.inf
        hits += ((scores > wanted[:, None]).sum(1) < 10).sum().item()
steady = sum(times[1:]) / (EPOCHS - 1)
print(json.dumps(dict(name="sasrec-torch" + "-compiled" * ("compile" in sys.argv) + "-bf16" * BF16, examples_s=round(count / steady),
                      step_ms=round(steady / steps * 1e3, 2), recall10=round(hits / len(lines), 4), loss=round(total / steps, 4),
                      rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)))
