"""
Embedding tables that the process of torch_runner.py holds next to the weights of a program. The tables of a group have one width and one
optimizer, and their rows lie one after the other. So a step has one look-up for a group, one sum of gradients, and one update.
"""
import math

import torch

dtypes = {'float32': torch.float32, 'int32': torch.int32}


class Reads:
    """The lists of a step, as `GroupReads` of table_group.ts describes them."""

    def __init__(self, about, numbers):
        codes, places, distinct, trained = about['codes'], about['places'], about['distinct'], about['trained']
        lengths = [codes, places + 1, distinct, trained, distinct + 1, codes, trained]
        self.codes, self.starts, self.distinct, self.gradients, self.begins, weights, shares = numbers.split(lengths)
        self.weights, self.shares = weights.view(torch.float32), shares.view(torch.float32)


def sums_of(rows, codes, starts, weights):
    """Returns the sum of the rows between two starts, each times its weight; zeros if there are none."""
    if codes.numel() == 0:
        return rows.new_zeros((starts.numel() - 1, rows.shape[1]))
    return torch.embedding_bag(rows, codes, starts, False, 0, False, weights, True)[0]


def finite(number):
    """JSON has no other numbers."""
    return number if math.isfinite(number) else None


class TableGroup:
    def __init__(self, about, device):
        self.dim = about['dim']
        self.inputs = about['inputs']
        self.tables = about['tables']
        self.optimizer = about['optimizer']
        rows = sum(count for _, count in self.tables)
        self.values = torch.zeros((rows, self.dim), device=device)
        self.slots = {
            name: torch.zeros((rows, self.dim) if per == 'element' else (rows, 1), dtype=dtypes[dtype], device=device)
            for name, per, dtype in about['slots']
        }
        self.update = updates[self.optimizer['kind']]
        if self.optimizer['kind'] in ('adam', 'lamb'):
            self.corrections = corrections(self.optimizer['beta1'], self.optimizer['beta2']).to(device)

    def numbers(self, slot):
        return (self.values if slot is None else self.slots[slot]).view(-1)

    def look_up(self, reads, inputs, shapes):
        """Sets the inputs of the graph that this group has."""
        rows = sums_of(self.values, reads.codes, reads.starts, reads.weights)
        counts = [math.prod(shapes[at]) // self.dim for at, _ in self.inputs]
        for (at, _), piece in zip(self.inputs, rows.split(counts)):
            inputs[at] = piece.view(shapes[at])

    def train(self, reads, results, rate, is_watched):
        """Adds up the gradients of each distinct row, and takes one step on it. @returns the norms of these sums by table, if the step is watched"""
        if reads.distinct.numel() == 0:
            return {}
        gradients = torch.cat([results[output].reshape(-1, self.dim) for _, output in self.inputs if output is not None])
        sums = sums_of(gradients, reads.gradients, reads.begins, reads.shares)
        rows = reads.distinct.long()
        norms = self.norms_of(rows, sums) if is_watched else {}
        l2, decay = self.optimizer['l2'], self.optimizer['weightDecay']
        values = self.values.index_select(0, rows)
        state = {name: slot.index_select(0, rows) for name, slot in self.slots.items()}
        if l2 > 0:
            sums.add_(values, alpha=l2)
        self.update(self, values, sums, state, rate, 1 - rate * decay)
        self.values.index_copy_(0, rows, values)
        for name, slot in self.slots.items():
            slot.index_copy_(0, rows, state[name])
        return norms

    def norms_of(self, rows, sums):
        squares = sums.double().square().sum(1)
        norms = {}
        first = 0
        for name, count in self.tables:
            norms[name] = finite(squares[(rows >= first) & (rows < first + count)].sum().sqrt().item())
            first += count
        return norms

    def table_norms(self, most):
        norms = {}
        first = 0
        for name, count in self.tables:
            read = min(count, max(1, most // self.dim))
            rows = first + torch.arange(read, device=self.values.device) * count // read
            squares = self.values.index_select(0, rows).double().square().sum().item()
            norms[name] = finite(math.sqrt(squares * count / read))
            first += count
        return norms


# One step on the rows seen, in place: `values`, and the state by name; `sums` may be overwritten. `keep` is 1 − rate × weight decay. The arithmetic
# is that of kernels/update.ts.


def sgd(group, values, sums, state, rate, keep):
    decayed(values, keep).sub_(sums, alpha=rate)


def momentum(group, values, sums, state, rate, keep):
    state['momentum'].mul_(group.optimizer['beta1']).add_(sums)
    decayed(values, keep).sub_(state['momentum'], alpha=rate)


def adagrad(group, values, sums, state, rate, keep):
    state['sum'].addcmul_(sums, sums)
    decayed(values, keep).addcdiv_(sums, state['sum'].sqrt().add_(group.optimizer['epsilon']), value=-rate)


def row_adagrad(group, values, sums, state, rate, keep):
    state['sum'].add_(sums.square().mean(1, keepdim=True))
    decayed(values, keep).sub_(sums.mul_(rate / state['sum'].sqrt().add_(group.optimizer['epsilon'])))


def adam(group, values, sums, state, rate, keep):
    decayed(values, keep).sub_(direction(group, sums, state), alpha=rate)


def lamb(group, values, sums, state, rate, keep):
    change = direction(group, sums, state).add_(values, alpha=group.optimizer['weightDecay'])
    length, size = values.norm(dim=1, keepdim=True), change.norm(dim=1, keepdim=True)
    rates = torch.where((length > 0) & (size > 0), rate * length / size, rate)
    values.sub_(change.mul_(rates))


def direction(group, sums, state):
    """Updates the moments. Returns what Adam subtracts, times the rate. Each row counts its own steps."""
    beta1, beta2 = group.optimizer['beta1'], group.optimizer['beta2']
    state['steps'].add_(1)
    state['mean'].mul_(beta1).add_(sums, alpha=1 - beta1)
    state['square'].mul_(beta2).addcmul_(sums, sums, value=1 - beta2)
    both = group.corrections.index_select(0, (state['steps'].view(-1) - 1).clamp(max=len(group.corrections) - 1))
    divisor = state['square'].sqrt().add_(both[:, 1:] * group.optimizer['epsilon'])
    return (state['mean'] * both[:, :1]).div_(divisor)


updates = {each.__name__: each for each in (sgd, momentum, adagrad, row_adagrad, adam, lamb)}


def decayed(values, keep):
    return values if keep == 1 else values.mul_(keep)


# The corrections of a row with more steps are 1, which is exact in float32 for β₂ up to 0.9999.
most_corrections = 200_000


def corrections(beta1, beta2):
    """Returns [√(1 − β₂ᵗ) ÷ (1 − β₁ᵗ), √(1 − β₂ᵗ)] for t = 1, 2, … until both are 1 in float32, which the last row is."""
    count = max(1 if beta <= 0 else math.ceil(math.log(2**-25) / math.log(beta)) for beta in (beta1, beta2))
    steps = torch.arange(1, min(most_corrections, count) + 1, dtype=torch.float64)
    root = (1 - beta2**steps).sqrt()
    return torch.cat([torch.stack([root / (1 - beta1**steps), root], 1), torch.ones(1, 2, dtype=torch.float64)]).float()

